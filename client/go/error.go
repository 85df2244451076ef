package enosflow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

const errorDomain = "enos-flow-gateway"

// Execution says whether the flow may have been started.
type Execution string

const (
	// NotExecuted is certain: the flow was not started, and calling again cannot start it twice.
	NotExecuted Execution = "NOT_EXECUTED"
	// ExecutionUnknown: the flow may be running. Look in EnOS before calling again without a key.
	ExecutionUnknown Execution = "UNKNOWN"
	// StartsNothing: the call was not one that starts flows, but one that reads, watches or cancels a run.
	StartsNothing Execution = ""
)

// KeyState is what the gateway knows of the idempotency key of a call, where it looked the key up.
type KeyState string

const (
	KeyNotTold  KeyState = ""         // not looked up
	KeyNone     KeyState = "NONE"     // nothing holds the key
	KeyReserved KeyState = "RESERVED" // an attempt is in progress, or its outcome is not known yet
	KeyDoubt    KeyState = "DOUBT"    // an attempt may have started the flow; no repeat will change that
	KeyReused   KeyState = "REUSED"   // the key belongs to another request
)

// Reason says why a call failed: the constants pb.ErrorReason_… of enos/dataflow/v1 say what to do about each.
type Reason = pb.ErrorReason

// TokenFileUnusable is the only ReasonName that never comes from a gateway: there was no usable token in the file, and
// nothing was sent.
const TokenFileUnusable = "TOKEN_FILE_UNUSABLE"

// Violation is one rule that the request breaks.
type Violation struct {
	Field       string // the path in the proto, for example "parameters[3].key"
	Description string // what is expected
}

// Error is a failed call. All methods of Client return it, and nothing else, as errors.
// Texts are as they came from the gateway: clean them before you show them on a terminal.
type Error struct {
	Code    codes.Code
	Message string // for people: what happened, to what, what to do
	// Reason is ERROR_REASON_UNSPECIFIED for a name that this version does not know, and where there is none.
	Reason Reason
	// ReasonName is the reason as it was sent. Empty: the error was made by a gRPC library or a proxy on the way.
	ReasonName string
	// Execution speaks of all attempts that Trigger made.
	Execution Execution
	KeyState  KeyState

	EnosCode      int64  // the result code of EnOS's answer, for example 62104; 0: none
	EnosMessage   string // what EnOS said
	HTTPStatus    int    // 100 to 599; 0: EnOS did not answer
	EnosRequestID string
	// LikelyFlowInstanceID is the id that the run most likely has if it was started. A guess.
	LikelyFlowInstanceID string

	Violations []Violation
	RetryAfter *time.Duration // how long to wait before another call; nil: not said
	RequestID  string         // by which the gateway's log knows the call
	// IdempotencyKey is the key that the call had, given or made: use it to repeat the call yourself.
	IdempotencyKey string

	keyKept bool
}

func (e *Error) Error() string {
	var text strings.Builder
	reason := e.ReasonName
	if reason == "" {
		reason = "no reason"
	}
	fmt.Fprintf(&text, "%s (%s)", code.Code(e.Code), reason)
	if e.Execution != StartsNothing {
		fmt.Fprintf(&text, ", execution %s", e.Execution)
	}
	fmt.Fprintf(&text, ": %s", e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&text, " (request id %s)", e.RequestID)
	}
	return text.String()
}

// GRPCStatus makes status.Code and status.FromError work on an Error.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// SafeToRepeat reports whether the call certainly did not start the flow: calling again cannot start it twice.
func (e *Error) SafeToRepeat() bool { return e.Execution != ExecutionUnknown }

// SafeToRepeatWithSameKey reports whether the same call with the same IdempotencyKey cannot start the flow twice, and may
// tell more than this one did.
func (e *Error) SafeToRepeatWithSameKey() bool {
	return e.SafeToRepeat() || (e.keyKept && e.KeyState != KeyDoubt)
}

// fromStatus unpacks a failed status. Only an ErrorInfo of the gateway's own domain can say NOT_EXECUTED: an error without
// one was made by a library or a proxy on the way, which cannot know.
func fromStatus(err error) *Error {
	st := status.Convert(err)
	failure := &Error{Code: st.Code(), Message: st.Message(), Execution: ExecutionUnknown}
	haveInfo := false
	for _, detail := range st.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if !haveInfo && detail.GetDomain() == errorDomain {
				haveInfo = true
				failure.readInfo(detail)
			}
		case *errdetails.RetryInfo:
			if delay := detail.GetRetryDelay(); delay != nil {
				wait := duration(delay)
				failure.RetryAfter = &wait
			}
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				failure.Violations = append(failure.Violations, Violation{violation.GetField(), violation.GetDescription()})
			}
		case *errdetails.RequestInfo:
			failure.RequestID = detail.GetRequestId()
		}
	}
	return failure
}

func (e *Error) readInfo(info *errdetails.ErrorInfo) {
	e.ReasonName = info.GetReason()
	e.Reason = Reason(pb.ErrorReason_value[e.ReasonName])
	metadata := info.GetMetadata()
	if metadata["execution"] == string(NotExecuted) {
		e.Execution = NotExecuted
	}
	switch state := KeyState(metadata["key_state"]); state {
	case KeyNone, KeyReserved, KeyDoubt, KeyReused:
		e.KeyState = state
	}
	if enosCode, err := strconv.ParseInt(metadata["enos_code"], 10, 64); err == nil {
		e.EnosCode = enosCode
	}
	if http, err := strconv.Atoi(metadata["http_status"]); err == nil && http >= 100 && http <= 599 {
		e.HTTPStatus = http
	}
	e.EnosMessage = metadata["enos_message"]
	e.EnosRequestID = metadata["enos_request_id"]
	e.LikelyFlowInstanceID = metadata["likely_flow_instance_id"]
}

// duration reads a wait, never below nothing nor beyond what can be waited for.
func duration(delay *durationpb.Duration) time.Duration {
	const longest = int64(365 * 24 * time.Hour / time.Second)
	seconds, nanos := delay.GetSeconds(), int64(delay.GetNanos())
	if seconds < 0 || nanos < 0 {
		return 0
	}
	if seconds > longest {
		seconds = longest
	}
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}

// notSent makes the error of a call of which nothing was sent.
func notSent(grpcCode codes.Code, reason Reason, message string) *Error {
	failure := &Error{Code: grpcCode, Message: message, Execution: NotExecuted, Reason: reason}
	if reason != pb.ErrorReason_ERROR_REASON_UNSPECIFIED {
		failure.ReasonName = reason.String()
	}
	return failure
}

// startsNothing turns an error into one of a call that starts nothing.
func (e *Error) startsNothing() *Error {
	e.Execution = StartsNothing
	e.LikelyFlowInstanceID = ""
	return e
}
