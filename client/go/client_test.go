package enosflow

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// answer is what the fake gateway says to one call of Trigger.
type answer struct {
	headers metadata.MD // nil: none, as a refusal at the door has
	err     error
}

// fakeGateway plays its answers in turn, then OK, and notes the keys that it saw.
type fakeGateway struct {
	pb.UnimplementedFlowServiceServer
	mutex   sync.Mutex
	answers []answer
	keys    []string
	seen    metadata.MD // of the newest call
	streams [][]*Instance
	ends    []error
	noID    bool
}

func (f *fakeGateway) GetFlowInstance(context.Context, *pb.GetFlowInstanceRequest) (*pb.GetFlowInstanceResponse, error) {
	return &pb.GetFlowInstanceResponse{}, nil
}

func (f *fakeGateway) UpdateAndTriggerFlow(ctx context.Context, request *pb.UpdateAndTriggerFlowRequest) (*pb.UpdateAndTriggerFlowResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.keys = append(f.keys, request.IdempotencyKey)
	f.seen, _ = metadata.FromIncomingContext(ctx)
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-request-id", "gateway-1", "enos-request-id", "enos-1"))
	next := answer{headers: keeps}
	if len(f.answers) > 0 {
		next, f.answers = f.answers[0], f.answers[1:]
	}
	if next.headers != nil {
		_ = grpc.SendHeader(ctx, next.headers)
	}
	if f.noID {
		return &pb.UpdateAndTriggerFlowResponse{}, nil
	}
	return &pb.UpdateAndTriggerFlowResponse{FlowInstanceId: "1-2"}, next.err
}

func (f *fakeGateway) WatchFlowInstance(_ *pb.WatchFlowInstanceRequest, stream pb.FlowService_WatchFlowInstanceServer) error {
	f.mutex.Lock()
	states, end := f.streams[0], f.ends[0]
	f.streams, f.ends = f.streams[1:], f.ends[1:]
	f.mutex.Unlock()
	for _, state := range states {
		_ = stream.Send(&pb.WatchFlowInstanceResponse{FlowInstance: state})
	}
	return end
}

var (
	keeps    = metadata.Pairs("enos-idempotency", "1")
	keepsNot = metadata.MD{} // headers without the mark: an older gateway
)

// refusal is an error of the gateway's own, or of another domain.
func refusal(code codes.Code, domain, reason string, pairs ...string) error {
	info := &errdetails.ErrorInfo{Domain: domain, Reason: reason, Metadata: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		info.Metadata[pairs[i]] = pairs[i+1]
	}
	st, err := status.New(code, "no").WithDetails(info,
		&errdetails.RetryInfo{RetryDelay: &durationpb.Duration{Nanos: 1_000_000}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "user_id", Description: "is missing"}}})
	if err != nil {
		panic(err)
	}
	return st.Err()
}

func start(t *testing.T, fake *fakeGateway) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterFlowServiceServer(server, fake)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := New(Options{Address: listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.hooks.random = func() float64 { return 0 } // no waits
	return client
}

func trigger(client *Client, options ...CallOption) (*Triggered, *Error) {
	triggered, err := client.Trigger(context.Background(), Request{UserID: "u"}, options...)
	var failure *Error
	if err != nil && !errors.As(err, &failure) {
		panic(err)
	}
	return triggered, failure
}

func TestErrorDecoding(t *testing.T) {
	fake := &fakeGateway{answers: []answer{
		{err: refusal(codes.InvalidArgument, errorDomain, "ENOS_INVALID_ARGUMENT", "execution", "NOT_EXECUTED",
			"enos_code", "62102", "enos_message", "wrong", "http_status", "200", "key_state", "NONE")},
		{err: refusal(codes.InvalidArgument, "a proxy", "INVALID_REQUEST", "execution", "NOT_EXECUTED")},
		{err: status.Error(codes.Internal, "plain")},
		{err: refusal(codes.Internal, errorDomain, "OF_A_LATER_GATEWAY", "http_status", "9999", "key_state", "ELSE")},
	}}
	client := start(t, fake)
	_, failure := trigger(client)
	if failure == nil || failure.Code != codes.InvalidArgument || failure.Reason != pb.ErrorReason_ENOS_INVALID_ARGUMENT ||
		failure.Execution != NotExecuted || failure.EnosCode != 62102 || failure.EnosMessage != "wrong" ||
		failure.HTTPStatus != 200 || failure.KeyState != KeyNone || failure.EnosRequestID != "enos-1" ||
		failure.RequestID != "gateway-1" || *failure.RetryAfter != time.Millisecond || len(failure.Violations) != 1 ||
		failure.Violations[0] != (Violation{"user_id", "is missing"}) || !failure.SafeToRepeat() ||
		!strings.HasSuffix(failure.Error(), " (request id gateway-1)") {
		t.Errorf("the gateway's own: %+v", failure)
	}
	if status.Code(failure) != codes.InvalidArgument {
		t.Error("status.Code does not know it")
	}
	for _, name := range []string{"of another domain", "without details", "unknown to us"} {
		_, failure = trigger(client)
		if failure == nil || failure.Execution != ExecutionUnknown || failure.Reason != 0 || failure.SafeToRepeat() ||
			failure.HTTPStatus != 0 || failure.KeyState != KeyNotTold {
			t.Errorf("%s: %+v", name, failure)
		}
	}
	if failure.ReasonName != "OF_A_LATER_GATEWAY" {
		t.Errorf("the reason was lost: %+v", failure)
	}
}

func TestKeys(t *testing.T) {
	lost := answer{headers: keeps, err: status.Error(codes.Unavailable, "lost")}
	notOffered := answer{err: refusal(codes.FailedPrecondition, errorDomain, "IDEMPOTENCY_NOT_OFFERED", "execution", "NOT_EXECUTED")}

	fake := &fakeGateway{answers: []answer{lost}}
	client := start(t, fake)
	triggered, failure := trigger(client)
	if failure != nil || len(fake.keys) != 2 || fake.keys[0] == "" || fake.keys[0] != fake.keys[1] ||
		triggered.IdempotencyKey != fake.keys[0] || triggered.RequestID != "gateway-1" || triggered.EnosRequestID != "enos-1" {
		t.Errorf("kept: %+v, %v, %v", triggered, failure, fake.keys)
	}

	fake = &fakeGateway{answers: []answer{notOffered}}
	client = start(t, fake)
	for i := 0; i < 2; i++ {
		if triggered, failure = trigger(client); failure != nil || triggered.IdempotencyKey != "" {
			t.Errorf("not offered: %+v, %v", triggered, failure)
		}
	}
	if len(fake.keys) != 3 || fake.keys[0] == "" || fake.keys[1] != "" || fake.keys[2] != "" {
		t.Errorf("not offered: %q", fake.keys)
	}

	fake = &fakeGateway{answers: []answer{{headers: keepsNot}, {headers: keepsNot, err: status.Error(codes.Unavailable, "lost")}}}
	client = start(t, fake)
	if triggered, failure = trigger(client); failure != nil || triggered.IdempotencyKey != "" {
		t.Errorf("an older gateway: %+v, %v", triggered, failure)
	}
	if _, failure = trigger(client); failure == nil || failure.Execution != ExecutionUnknown || len(fake.keys) != 2 || failure.SafeToRepeatWithSameKey() {
		t.Errorf("an older gateway: %v, %q", failure, fake.keys)
	}
	if triggered, failure = trigger(client); failure != nil || triggered.IdempotencyKey == "" {
		t.Errorf("a newer gateway in its place: %v, %q", failure, fake.keys)
	}

	fake = &fakeGateway{answers: []answer{{err: status.Error(codes.Unavailable, "lost")}, notOffered}}
	client = start(t, fake)
	if _, failure = trigger(client); failure == nil || failure.Execution != ExecutionUnknown || len(fake.keys) != 1 {
		t.Errorf("lost before anything was known: %v, %q", failure, fake.keys)
	}
	_, err := client.Trigger(context.Background(), Request{IdempotencyKey: "mine"})
	if failure, _ = err.(*Error); failure == nil || failure.Reason != pb.ErrorReason_IDEMPOTENCY_NOT_OFFERED ||
		failure.IdempotencyKey != "mine" || len(fake.keys) != 2 {
		t.Errorf("a given key is never dropped: %v, %q", err, fake.keys)
	}
	if _, failure = trigger(client, WithoutKey()); failure != nil || fake.keys[2] != "" {
		t.Errorf("WithoutKey: %v, %q", failure, fake.keys)
	}
}

func TestNothingIsSent(t *testing.T) {
	fake := &fakeGateway{}
	client := start(t, fake)
	ctx, cancel := context.WithCancel(context.Background())
	if _, failure := trigger(client); failure != nil {
		t.Fatal(failure)
	}
	cancel()
	_, err := client.Trigger(ctx, Request{})
	if failure, _ := err.(*Error); failure == nil || failure.Code != codes.Canceled || failure.Execution != NotExecuted {
		t.Errorf("cancelled before: %v", err)
	}
	var failure *Error
	for _, none := range []CallOption{WithTimeout(-1), WithTimeout(0), WithAttemptTimeout(0)} {
		if _, failure = trigger(client, none); failure == nil || failure.Code != codes.DeadlineExceeded || failure.Execution != NotExecuted {
			t.Errorf("no time: %v", failure)
		}
	}
	for _, id := range []string{" x", "x ", "a\nb", "é", strings.Repeat("x", 129)} {
		if _, failure = trigger(client, WithRequestID(id)); failure == nil || failure.Code != codes.InvalidArgument || failure.Execution != NotExecuted {
			t.Errorf("request id %q: %v", id, failure)
		}
	}
	if len(fake.keys) != 1 {
		t.Errorf("%d calls, want 1", len(fake.keys))
	}
	nobody, err := New(Options{Address: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	_, failure = trigger(nobody)
	if failure == nil || failure.Reason != pb.ErrorReason_GATEWAY_UNREACHABLE || failure.Execution != NotExecuted ||
		!strings.Contains(failure.Message, "refused") {
		t.Errorf("nobody there: %v", failure)
	}
	_, err = nobody.Wait(context.Background(), Run{})
	if failure, _ = err.(*Error); failure == nil || failure.Reason != pb.ErrorReason_GATEWAY_UNREACHABLE || failure.Execution != StartsNothing {
		t.Errorf("nobody there to watch: %v", err)
	}
}

func TestIncompleteAnswer(t *testing.T) {
	fake := &fakeGateway{noID: true}
	client := start(t, fake)
	_, failure := trigger(client)
	if failure == nil || failure.Code != codes.Internal || failure.Execution != ExecutionUnknown || len(fake.keys) != 3 {
		t.Errorf("no id: %v, %q", failure, fake.keys)
	}
	_, err := client.Get(context.Background(), Run{})
	if failure, _ = err.(*Error); failure == nil || failure.Code != codes.Internal || failure.Execution != StartsNothing {
		t.Errorf("no instance: %v", err)
	}
}

func TestTokenFile(t *testing.T) {
	fake := &fakeGateway{}
	client := start(t, fake)
	client.tokenFile = filepath.Join(t.TempDir(), "token")
	_, failure := trigger(client)
	if failure == nil || failure.ReasonName != TokenFileUnusable || failure.Execution != NotExecuted || len(fake.keys) != 0 {
		t.Errorf("no file: %v", failure)
	}
	for _, token := range []string{"one", "two"} {
		if err := os.WriteFile(client.tokenFile, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, failure = trigger(client, WithRequestID("mine")); failure != nil {
			t.Fatal(failure)
		}
		if got := fake.seen.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+token {
			t.Errorf("authorization: %q", got)
		}
	}
	if got := fake.seen.Get("x-request-id"); len(got) != 1 || got[0] != "mine" {
		t.Errorf("x-request-id: %q", got)
	}
	for _, content := range []string{"", "two words", strings.Repeat("x", maxTokenBytes+1)} {
		_ = os.WriteFile(client.tokenFile, []byte(content), 0o600)
		if _, err := readToken(client.tokenFile); err == nil {
			t.Errorf("%.20q is a token", content)
		}
	}
	if _, err := readToken("eyJhbGciOi"); err == nil || strings.Contains(err.Error(), "eyJ") {
		t.Errorf("a token for a path: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, row := range []struct {
		options Options
		tls, ok bool
	}{
		{Options{Address: "127.0.0.1:1"}, false, true},
		{Options{Address: "[::1]:1"}, false, true},
		{Options{Address: "unix:/run/gateway"}, false, true},
		{Options{Address: "localhost:1", TLS: true}, true, true},
		{Options{Address: "gateway.example.com:443"}, true, true},
		{Options{Address: "gateway.example.com:1", Plaintext: true}, false, true},
		{Options{Address: "gateway.example.com:1", Plaintext: true, TokenFile: "x"}, false, false},
		{Options{Address: "localhost:1", Plaintext: true, CAFile: "x"}, false, false},
		{Options{Address: "localhost:1", CertFile: "x"}, true, false},
		{Options{Address: "localhost"}, false, false},
	} {
		if got := row.options.usesTLS(); got != row.tls {
			t.Errorf("%+v: TLS %v", row.options, got)
		}
		if err := row.options.check(); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row.options, err)
		}
	}
	if _, err := New(Options{Address: "localhost:1", CAFile: "/no/such/file"}); err == nil {
		t.Error("a CA file that is not there")
	}
}

func TestWatch(t *testing.T) {
	running := &Instance{State: pb.FlowInstanceState_FLOW_INSTANCE_STATE_RUNNING}
	waiting := &Instance{State: pb.FlowInstanceState_FLOW_INSTANCE_STATE_WAITING}
	succeeded := &Instance{State: pb.FlowInstanceState_FLOW_INSTANCE_STATE_SUCCEEDED, Ended: true}
	fake := &fakeGateway{
		streams: [][]*Instance{{waiting}, {waiting}, {}, {waiting, running}, {running, succeeded}, {}, {running}, {running}},
		ends: []error{
			status.Error(codes.Internal, "cut by a proxy"),
			refusal(codes.Unavailable, errorDomain, "GATEWAY_SHUTTING_DOWN"),
			refusal(codes.Unavailable, errorDomain, "GATEWAY_OVERLOADED"),
			status.Error(codes.Unavailable, "lost"), nil,
			refusal(codes.NotFound, errorDomain, "ENOS_NOT_FOUND"), nil,
			status.Error(codes.DeadlineExceeded, "by a library on the way")},
	}
	client := start(t, fake)
	watch := client.Watch(context.Background(), Run{})
	var states []pb.FlowInstanceState
	for watch.Next() {
		states = append(states, watch.Instance().State)
	}
	if watch.Err() != nil || len(states) != 3 || states[2] != succeeded.State || !watch.Instance().Ended {
		t.Errorf("%v, %v", states, watch.Err())
	}
	_, err := client.Wait(context.Background(), Run{})
	if failure, _ := err.(*Error); failure == nil || failure.Reason != pb.ErrorReason_ENOS_NOT_FOUND || failure.Execution != StartsNothing {
		t.Errorf("refused: %v", err)
	}
	_, err = client.Wait(context.Background(), Run{})
	if status.Code(err) != codes.Internal {
		t.Errorf("OK before the end: %v", err)
	}
	for _, options := range [][]CallOption{{}, {WithTimeout(-1)}} {
		_, err = client.Wait(context.Background(), Run{}, options...)
		if failure, _ := err.(*Error); failure == nil || failure.Reason != pb.ErrorReason_WATCH_TIMEOUT {
			t.Errorf("no time: %v", err)
		}
	}
	watch = client.Watch(context.Background(), Run{})
	watch.Close()
	if watch.Next() || status.Code(watch.Err()) != codes.Canceled {
		t.Errorf("closed: %v", watch.Err())
	}
}
