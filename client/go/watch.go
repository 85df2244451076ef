package enosflow

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// Watch is the state of a run at first, then whenever it has changed, until the run has ended:
//
//	watch := client.Watch(ctx, run)
//	defer watch.Close()
//	for watch.Next() {
//		fmt.Println(watch.Instance().State)
//	}
//	err := watch.Err()
//
// A lost connection, a gateway that shuts down and everything else that is UNAVAILABLE do not end it: the run is watched
// again, through any gateway at the address. It is an error only if this client never had a connection. Use it from one
// goroutine at a time, except for Close.
type Watch struct {
	client   *Client
	run      Run
	settings callSettings
	ctx      context.Context
	cancel   context.CancelFunc

	stream   pb.FlowService_WatchFlowInstanceClient
	hadState bool // on the present stream
	failures int  // streams in a row that brought nothing new
	last     *Instance
	failure  *Error
}

// Watch watches a run. Cancel the context, or call Close, to stop; that does not end the run.
func (c *Client) Watch(ctx context.Context, run Run, options ...CallOption) *Watch {
	settings := settingsOf(options)
	ctx, cancel := settings.limit(ctx, 0)
	return &Watch{client: c, run: run, settings: settings, ctx: ctx, cancel: cancel}
}

// Instance is the newest state; nil before the first call of Next.
func (w *Watch) Instance() *Instance { return w.last }

// Err says why Next returned false; nil: the run has ended, and Instance says how.
func (w *Watch) Err() error {
	if w.failure == nil {
		return nil
	}
	return w.failure
}

// Close stops watching. May be called from any goroutine, and more than once.
func (w *Watch) Close() { w.cancel() }

// Next waits for the next state. False: the run has ended, or Err says why it is watched no longer.
func (w *Watch) Next() bool {
	for w.failure == nil && !w.last.GetEnded() {
		err := w.open()
		if err == nil {
			var response *pb.WatchFlowInstanceResponse
			response, err = w.stream.Recv()
			if err == nil {
				if w.isNew(response.GetFlowInstance()) {
					return true
				}
				continue
			}
		}
		w.stream = nil
		w.afterEnd(err)
	}
	w.cancel()
	return false
}

func (w *Watch) open() error {
	if w.stream != nil {
		return nil
	}
	w.hadState = false
	if !w.client.wasConnected() {
		if failure := w.client.connect(w.ctx); failure != nil {
			return failure
		}
	}
	ctx, failure := w.client.outgoing(w.ctx, w.settings)
	if failure != nil {
		return failure
	}
	stream, err := w.client.stub.WatchFlowInstance(ctx, &pb.WatchFlowInstanceRequest{
		UserId: w.run.UserID, OrgId: w.run.OrgID, FlowInstanceId: w.run.FlowInstanceID})
	w.stream = stream
	return err
}

// isNew: a stream begins with a state that the one before it may have told.
func (w *Watch) isNew(instance *Instance) bool {
	w.hadState = true
	if w.last != nil && proto.Equal(w.last, instance) {
		return false
	}
	w.last, w.failures = instance, 0
	return true
}

// afterEnd decides whether the run is watched again, and waits until then.
func (w *Watch) afterEnd(err error) {
	if w.ctx.Err() != nil {
		w.failure = w.whyStopped()
		return
	}
	failure, again := w.fate(err)
	if failure.RequestID == "" {
		failure.RequestID = w.settings.requestID
	}
	if !again {
		w.failure = failure
		return
	}
	w.failures++
	wait := w.settings.repeat.backoff(w.failures, w.client.hooks.random())
	if failure.RetryAfter != nil {
		wait = *failure.RetryAfter
	}
	if deadline, has := w.ctx.Deadline(); has && wait >= time.Until(deadline) {
		w.failure = failure
		return
	}
	w.client.hooks.sleep(w.ctx, wait)
	if w.ctx.Err() != nil {
		w.failure = w.whyStopped()
	}
}

// fate is what the end of a stream means, and whether another one follows.
func (w *Watch) fate(err error) (*Error, bool) {
	if errors.Is(err, io.EOF) {
		return &Error{Code: codes.Internal, Message: "the gateway ended the watch before the run had ended"}, false
	}
	var own *Error // nothing was sent: no connection, or no usable token
	if errors.As(err, &own) {
		return own.startsNothing(), false
	}
	failure := fromStatus(err).startsNothing()
	if failure.Code == codes.DeadlineExceeded && failure.ReasonName == "" {
		return w.timeIsUp(), false // gRPC gave up before the gateway's answer came
	}
	return failure, meansWatchAgain(failure, w.hadState, w.client.tokenFile != "")
}

func (w *Watch) whyStopped() *Error {
	if errors.Is(w.ctx.Err(), context.DeadlineExceeded) {
		return w.timeIsUp()
	}
	return &Error{
		Code: codes.Canceled, Message: "the watch was cancelled; the run goes on", RequestID: w.settings.requestID,
	}
}

func (w *Watch) timeIsUp() *Error {
	return &Error{
		Code:    codes.DeadlineExceeded,
		Message: "the run had not ended when the time to watch it was over; it goes on",
		Reason:  pb.ErrorReason_WATCH_TIMEOUT, ReasonName: pb.ErrorReason_WATCH_TIMEOUT.String(),
		RequestID: w.settings.requestID,
	}
}

// meansWatchAgain: the gateway said UNAVAILABLE, or something on the way cut a stream that had worked, or its token has run
// out since.
func meansWatchAgain(failure *Error, hadState, hasToken bool) bool {
	switch {
	case failure.Code == codes.Unavailable:
		return true
	case !hadState:
		return false
	case failure.ReasonName == "":
		return true
	}
	return hasToken && failure.ReasonName == pb.ErrorReason_CALLER_UNAUTHENTICATED.String()
}
