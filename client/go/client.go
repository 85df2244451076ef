package enosflow

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// Client calls one gateway. It is the connection: make one and keep it. Safe for use by several goroutines.
type Client struct {
	connection *grpc.ClientConn
	stub       pb.FlowServiceClient
	tokenFile  string
	keys       keptKeys
	hooks      hooks
	connected  int32 // 1: there has been a connection
}

// New makes a client; it does not connect yet. The error names the option that is wrong.
func New(options Options) (*Client, error) {
	if options.Address == "" {
		options.Address = "127.0.0.1:50051"
	}
	err := options.check()
	if err == nil && options.TokenFile != "" {
		_, err = readToken(options.TokenFile)
	}
	var connection *grpc.ClientConn
	if err == nil {
		connection, err = dial(options)
	}
	if err != nil {
		return nil, fmt.Errorf("enosflow: %w", err)
	}
	return &Client{
		connection: connection, stub: pb.NewFlowServiceClient(connection), tokenFile: options.TokenFile, hooks: realHooks,
	}, nil
}

// Close closes the connection and ends all calls in progress.
func (c *Client) Close() error { return c.connection.Close() }

// Conn is for calls of other services of the gateway, such as grpc.health.v1.
func (c *Client) Conn() *grpc.ClientConn { return c.connection }

// Connect waits until there is a connection; every call does so by itself. It returns at the first attempt that fails.
func (c *Client) Connect(ctx context.Context) error {
	if failure := c.connect(ctx); failure != nil {
		return failure
	}
	return nil
}

func (c *Client) connect(ctx context.Context) *Error {
	failure := connect(ctx, c.connection)
	if failure == nil {
		atomic.StoreInt32(&c.connected, 1)
	}
	return failure
}

func (c *Client) wasConnected() bool { return atomic.LoadInt32(&c.connected) != 0 }

// KeepsKeys reports whether the gateway said that it keeps idempotency keys, when it was last called with one.
func (c *Client) KeepsKeys() bool { return c.keys.kept() }

// Parameter is one global parameter of a flow, for one run.
type Parameter struct{ Key, Value string }

// Request says which flow to start, for whom, when and with what parameters.
type Request struct {
	UserID, OrgID string
	FlowID        int32
	// TriggerTime is the planned time of the run; EnOS takes milliseconds. A time in the past starts the flow at once.
	TriggerTime time.Time
	Parameters  []Parameter // order and duplicates are kept
	// IdempotencyKey makes the call safe to repeat: see NewIdempotencyKey. Empty: Trigger generates one, if the gateway stores keys.
	IdempotencyKey string
}

func (r Request) message(key string) *pb.UpdateAndTriggerFlowRequest {
	message := &pb.UpdateAndTriggerFlowRequest{UserId: r.UserID, OrgId: r.OrgID, FlowId: r.FlowID, IdempotencyKey: key}
	if !r.TriggerTime.IsZero() {
		message.TriggerTime = timestamppb.New(r.TriggerTime)
	}
	for _, parameter := range r.Parameters {
		message.Parameters = append(message.Parameters, &pb.FlowParameter{Key: parameter.Key, Value: parameter.Value})
	}
	return message
}

// Triggered is a run that was started.
type Triggered struct {
	FlowInstanceID string // never empty, for example "3377-20261122225300"
	// Replayed: the answer of an earlier call with the same key; nothing was started now.
	Replayed      bool
	RequestID     string // by which the gateway's log knows the call
	EnosRequestID string // empty: EnOS gave none
	// IdempotencyKey is the key that the gateway keeps for this start, given or made. Empty: none.
	IdempotencyKey string
}

// Run names a run, and who asks about it. All three are required.
type Run struct{ UserID, OrgID, FlowInstanceID string }

// Instance is one run of a flow as EnOS tells it; State and Ended are what most callers want.
type Instance = pb.FlowInstance

type callSettings struct {
	timeout        *time.Duration // nil: not set
	attemptTimeout *time.Duration // nil: not set
	requestID      string
	withoutKey     bool
	repeat         RepeatOptions
}

// CallOption changes how one call is made.
type CallOption func(*callSettings)

// WithTimeout limits the whole call, connecting and repeats included. Otherwise the context's deadline does; without that,
// 30 s, and nothing for Watch and Wait.
func WithTimeout(timeout time.Duration) CallOption {
	return func(s *callSettings) { s.timeout = &timeout }
}

// WithAttemptTimeout limits each attempt of Trigger.
func WithAttemptTimeout(timeout time.Duration) CallOption {
	return func(s *callSettings) { s.attemptTimeout = &timeout }
}

// WithRequestID makes the gateway's log know the call by this id: 1 to 128 printable ASCII characters. Not a key: repeating
// a call with the same id starts the flow again.
func WithRequestID(id string) CallOption { return func(s *callSettings) { s.requestID = id } }

// WithRepeat replaces DefaultRepeat; RepeatOptions{} never repeats.
func WithRepeat(repeat RepeatOptions) CallOption { return func(s *callSettings) { s.repeat = repeat } }

// WithoutKey keeps Trigger from making an idempotency key.
func WithoutKey() CallOption { return func(s *callSettings) { s.withoutKey = true } }

const defaultTimeout = 30 * time.Second

func settingsOf(options []CallOption) callSettings {
	settings := callSettings{repeat: DefaultRepeat}
	for _, option := range options {
		option(&settings)
	}
	return settings
}

// limit is the context of a call.
func (s callSettings) limit(ctx context.Context, otherwise time.Duration) (context.Context, context.CancelFunc) {
	if s.timeout != nil {
		return context.WithTimeout(ctx, *s.timeout)
	}
	if _, has := ctx.Deadline(); has || otherwise == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, otherwise)
}

// outgoing adds what every call sends: who calls, and the request id.
func (c *Client) outgoing(ctx context.Context, settings callSettings) (context.Context, *Error) {
	if settings.requestID != "" {
		if !isRequestID(settings.requestID) { // gRPC's own complaint would look like one of a call that was made
			return ctx, notSent(codes.InvalidArgument, 0,
				"request id: expected 1 to 128 printable ASCII characters, without spaces at the ends")
		}
		ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", settings.requestID)
	}
	if c.tokenFile == "" {
		return ctx, nil
	}
	token, err := readToken(c.tokenFile)
	if err != nil {
		failure := notSent(codes.Unauthenticated, 0, err.Error())
		failure.ReasonName = TokenFileUnusable
		return ctx, failure
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
}

func isRequestID(id string) bool {
	return len(id) <= 128 && strings.Trim(id, " ") == id &&
		strings.IndexFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// Trigger starts one run of a flow, and repeats the call if that cannot start the flow twice and may help: after an error
// that says NotExecuted, after its RetryAfter or else a random, growing delay; with an idempotency key that the gateway
// stores, also if the flow may have been started. The error is an *Error and covers all attempts.
//
// If Request has no key, one is generated for all attempts of this call. A gateway without a store refuses the first key;
// from then on the client sends none.
func (c *Client) Trigger(ctx context.Context, request Request, options ...CallOption) (*Triggered, error) {
	settings := settingsOf(options)
	ctx, cancel := settings.limit(ctx, defaultTimeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	timeLeft := func() time.Duration { return deadline.Sub(c.hooks.now()) }

	key, made := request.IdempotencyKey, false
	if key == "" && !settings.withoutKey && !c.keys.refused() {
		key, made = NewIdempotencyKey(), true
	}
	triggered, failure := repeat(ctx, timeLeft, settings.repeat, c.hooks, func(mayHaveStarted bool) (*Triggered, *Error) {
		if mayHaveStarted && !c.keys.kept() { // another gateway's word in the meantime
			return nil, notSent(codes.FailedPrecondition, 0,
				"the gateway no longer says that it keeps idempotency keys; not called again.")
		}
		triggered, failure := c.triggerOnce(ctx, request.message(key), settings)
		if failure != nil && failure.Reason == pb.ErrorReason_IDEMPOTENCY_NOT_OFFERED && made && !mayHaveStarted {
			c.keys.noteNotOffered()
			key, made = "", false
			triggered, failure = c.triggerOnce(ctx, request.message(key), settings)
		}
		return triggered, failure
	})
	if failure != nil {
		failure.IdempotencyKey = key
		return nil, failure
	}
	return triggered, nil
}

func (c *Client) triggerOnce(ctx context.Context, message *pb.UpdateAndTriggerFlowRequest, settings callSettings) (*Triggered, *Error) {
	if settings.attemptTimeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *settings.attemptTimeout)
		defer cancel()
	}
	key := keyOfCall{client: c, key: message.IdempotencyKey}
	var response *pb.UpdateAndTriggerFlowResponse
	trailer, failure := c.unary(ctx, settings, func(ctx context.Context, callOptions ...grpc.CallOption) (err error) {
		var header metadata.MD
		response, err = c.stub.UpdateAndTriggerFlow(ctx, message, append(callOptions, grpc.Header(&header))...)
		key.note(header)
		return err
	})
	if failure == nil && response.GetFlowInstanceId() == "" {
		failure = incomplete("the gateway answered OK without a flow instance id", trailer, settings)
	}
	if failure != nil {
		failure.keyKept = key.kept()
		return nil, failure
	}
	triggered := &Triggered{
		FlowInstanceID: response.GetFlowInstanceId(),
		Replayed:       response.GetReplayed(),
		RequestID:      first(trailer, "x-request-id", settings.requestID),
		EnosRequestID:  first(trailer, "enos-request-id", ""),
	}
	if key.kept() {
		triggered.IdempotencyKey = key.key
	}
	return triggered, nil
}

// keyOfCall is what one call learns of its key.
type keyOfCall struct {
	client *Client
	key    string
	denied bool // this very call was told that it is not kept
}

// note takes initial metadata of the gateway itself: an error that a proxy or a library made up comes without any.
func (k *keyOfCall) note(header metadata.MD) {
	if k.key == "" || len(header) == 0 {
		return
	}
	kept := first(header, "enos-idempotency", "") == "1"
	k.denied = !kept
	k.client.keys.note(kept)
}

func (k *keyOfCall) kept() bool { return k.key != "" && !k.denied && k.client.keys.kept() }

// unary connects, makes one call and unpacks its error; it returns the trailing metadata.
func (c *Client) unary(ctx context.Context, settings callSettings,
	call func(context.Context, ...grpc.CallOption) error) (metadata.MD, *Error) {
	failure := c.connect(ctx)
	if failure == nil {
		ctx, failure = c.outgoing(ctx, settings)
	}
	if failure == nil && ctx.Err() != nil {
		failure = notSent(status.FromContextError(ctx.Err()).Code(), 0, "no time was left for the call; nothing was sent")
	}
	if failure != nil {
		failure.RequestID = settings.requestID
		return nil, failure
	}
	var trailer metadata.MD
	if err := call(ctx, grpc.Trailer(&trailer)); err != nil {
		failure := fromStatus(err)
		if failure.RequestID == "" {
			failure.RequestID = first(trailer, "x-request-id", settings.requestID)
		}
		if failure.EnosRequestID == "" {
			failure.EnosRequestID = first(trailer, "enos-request-id", "")
		}
		return trailer, failure
	}
	return trailer, nil
}

// incomplete is the error of an answer that says OK and not what.
func incomplete(message string, trailer metadata.MD, settings callSettings) *Error {
	return &Error{
		Code: codes.Internal, Message: message, Execution: ExecutionUnknown,
		RequestID: first(trailer, "x-request-id", settings.requestID), EnosRequestID: first(trailer, "enos-request-id", ""),
	}
}

func first(md metadata.MD, key, otherwise string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return otherwise
}

// Get returns the current state of a run.
func (c *Client) Get(ctx context.Context, run Run, options ...CallOption) (*Instance, error) {
	settings := settingsOf(options)
	ctx, cancel := settings.limit(ctx, defaultTimeout)
	defer cancel()
	var response *pb.GetFlowInstanceResponse
	trailer, failure := c.unary(ctx, settings, func(ctx context.Context, callOptions ...grpc.CallOption) (err error) {
		response, err = c.stub.GetFlowInstance(ctx, &pb.GetFlowInstanceRequest{
			UserId: run.UserID, OrgId: run.OrgID, FlowInstanceId: run.FlowInstanceID}, callOptions...)
		return err
	})
	if failure == nil && response.GetFlowInstance() == nil {
		failure = incomplete("the gateway answered OK without a flow instance", trailer, settings)
	}
	if failure != nil {
		return nil, failure.startsNothing()
	}
	return response.GetFlowInstance(), nil
}

// Cancel ends a run. Nil: EnOS took the request; watch the run to see it take effect.
func (c *Client) Cancel(ctx context.Context, run Run, options ...CallOption) error {
	settings := settingsOf(options)
	ctx, cancel := settings.limit(ctx, defaultTimeout)
	defer cancel()
	_, failure := c.unary(ctx, settings, func(ctx context.Context, callOptions ...grpc.CallOption) error {
		_, err := c.stub.CancelFlowInstance(ctx, &pb.CancelFlowInstanceRequest{
			UserId: run.UserID, OrgId: run.OrgID, FlowInstanceId: run.FlowInstanceID}, callOptions...)
		return err
	})
	if failure != nil {
		return failure.startsNothing()
	}
	return nil
}

// Wait waits until a run has ended, and tells how. It watches again for as long as the gateway is UNAVAILABLE, as Watch does:
// limit it with the context or WithTimeout.
func (c *Client) Wait(ctx context.Context, run Run, options ...CallOption) (*Instance, error) {
	watch := c.Watch(ctx, run, options...)
	defer watch.Close()
	for watch.Next() {
	}
	if err := watch.Err(); err != nil {
		return nil, err
	}
	return watch.Instance(), nil
}
