package main

import (
	"fmt"
	"io"
	"math/rand"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	domain      = "enos-flow-gateway"
	notExecuted = "NOT_EXECUTED" // a promise: the flow was not started
	unknown     = "UNKNOWN"      // it may have been started
)

// flowFailure is what the gateway says about a call that failed.
type flowFailure struct {
	code       codes.Code
	message    string
	reason     string
	execution  string
	metadata   map[string]string // enos_code, enos_message and so on
	violations []*errdetails.BadRequest_FieldViolation
	retryAfter *time.Duration
}

// newFlowFailure unpacks the details of a status. An error without the gateway's ErrorInfo came
// from a library or a proxy on the way, which cannot know whether the flow was started.
func newFlowFailure(err error) *flowFailure {
	st := status.Convert(err)
	failure := &flowFailure{code: st.Code(), message: st.Message(), execution: unknown}
	for _, detail := range st.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain != domain {
				continue
			}
			failure.reason = detail.Reason
			failure.metadata = detail.Metadata
			if detail.Metadata["execution"] == notExecuted {
				failure.execution = notExecuted
			}
		case *errdetails.BadRequest:
			failure.violations = detail.FieldViolations
		case *errdetails.RetryInfo:
			delay := detail.RetryDelay
			wait := time.Duration(delay.GetSeconds())*time.Second + time.Duration(delay.GetNanos())
			failure.retryAfter = &wait
		}
	}
	return failure
}

// wait says how long to wait before the call may be repeated, or that it must not or need not be repeated.
// Only what was certainly not started may be; only these two codes may be temporary.
func (f *flowFailure) wait(attempt int, timeLeft time.Duration) (time.Duration, bool) {
	if f.execution != notExecuted || (f.code != codes.Unavailable && f.code != codes.ResourceExhausted) {
		return 0, false
	}
	var wait time.Duration
	if f.retryAfter != nil {
		wait = *f.retryAfter
	} else { // back off, with full jitter
		limit := 5 * time.Second
		if attempt < 5 {
			limit = 200 * time.Millisecond << uint(attempt-1)
		}
		wait = time.Duration(rand.Int63n(int64(limit)))
	}
	return wait, wait < timeLeft
}

func (f *flowFailure) print(w io.Writer) {
	reason := f.reason
	if reason == "" {
		reason = "no reason"
	}
	fmt.Fprintf(w, "%s (%s), execution %s: %s\n", code.Code(f.code), reason, f.execution, f.message)
	for _, violation := range f.violations {
		fmt.Fprintf(w, "  field %s: %s\n", violation.Field, violation.Description)
	}
	if enosCode, ok := f.metadata["enos_code"]; ok {
		fmt.Fprintf(w, "  EnOS code %s: %s\n", enosCode, f.metadata["enos_message"])
	}
}
