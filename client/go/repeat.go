package enosflow

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

// RepeatOptions say how often, and with which waits, to repeat a call that cannot start the flow twice.
type RepeatOptions struct {
	MaxAttempts int // the first call included; 1 or less: never repeat
	// Where the gateway says no wait: a random time below a limit that starts here and doubles with each attempt ...
	InitialBackoff time.Duration
	MaxBackoff     time.Duration // ... up to this one.
	// OnRepeat, where it is set, is told of a failure before the wait; attempt is the number of the call that follows.
	OnRepeat func(failure *Error, wait time.Duration, attempt int)
}

// DefaultRepeat is what Trigger does unless WithRepeat says otherwise.
var DefaultRepeat = RepeatOptions{MaxAttempts: 3, InitialBackoff: 200 * time.Millisecond, MaxBackoff: 5 * time.Second}

// hooks are time and randomness, replaced in tests.
type hooks struct {
	now    func() time.Time
	sleep  func(context.Context, time.Duration) // or until the context is done
	random func() float64                       // uniform in [0, 1)
}

var realHooks = hooks{
	now: time.Now,
	sleep: func(ctx context.Context, wait time.Duration) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	},
	random: func() float64 {
		var bits [8]byte
		_, _ = rand.Read(bits[:]) // without them: no wait
		return float64(binary.BigEndian.Uint64(bits[:])>>11) / (1 << 53)
	},
}

func (o RepeatOptions) backoff(attemptsMade int, random float64) time.Duration {
	limit := o.InitialBackoff
	for i := 1; i < attemptsMade && limit < o.MaxBackoff; i++ {
		if limit > o.MaxBackoff/2 {
			limit = o.MaxBackoff
		} else {
			limit *= 2
		}
	}
	if limit > o.MaxBackoff {
		limit = o.MaxBackoff
	}
	if limit < 0 {
		limit = 0
	}
	return time.Duration(float64(limit) * random)
}

// isRefusal reports whether a call with this code is refused again, whoever made the error.
func isRefusal(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.FailedPrecondition,
		codes.OutOfRange, codes.Unimplemented, codes.Unauthenticated:
		return true
	}
	return false
}

// worthRepeating reports whether calling again cannot start the flow twice and may well succeed. An invalid request, or a
// flow without tasks, is refused again however often it is sent.
func worthRepeating(failure *Error) bool {
	if !failure.SafeToRepeat() {
		return failure.SafeToRepeatWithSameKey() && !isRefusal(failure.Code)
	}
	return failure.Code == codes.Unavailable || failure.Code == codes.ResourceExhausted
}

// waitBeforeRepeat says how long to wait before the next attempt; false: there should be none.
func (o RepeatOptions) waitBeforeRepeat(failure *Error, attemptsMade int, timeLeft time.Duration, random float64) (time.Duration, bool) {
	if !worthRepeating(failure) || attemptsMade >= o.MaxAttempts {
		return 0, false
	}
	wait := o.backoff(attemptsMade, random)
	if failure.RetryAfter != nil {
		wait = *failure.RetryAfter
	}
	return wait, wait < timeLeft
}

// history is what all attempts at one start came to. The execution of an answer speaks of one call alone: after one that may
// have started the flow, only NOT_EXECUTED of a key that nothing holds, and not because it expired, says that none did.
type history struct {
	mayHaveStarted       bool
	likelyFlowInstanceID string
}

// add takes the answer to one more attempt, and turns it into what stands for all of them.
func (h *history) add(failure *Error) {
	switch {
	case !failure.SafeToRepeat():
		h.mayHaveStarted = true
		if failure.LikelyFlowInstanceID != "" {
			h.likelyFlowInstanceID = failure.LikelyFlowInstanceID
		}
	case failure.KeyState == KeyNone && failure.Reason != pb.ErrorReason_IDEMPOTENCY_KEY_EXPIRED:
		h.mayHaveStarted = false
	case h.mayHaveStarted:
		failure.Execution = ExecutionUnknown
		failure.Message += " That is said of the last call alone: an earlier one may have started the flow."
		failure.LikelyFlowInstanceID = h.likelyFlowInstanceID
	}
}

// repeat calls attempt until it succeeds or should not be made again, within the context's deadline and the time-out.
// mayHaveStarted: only a call with the same key may follow.
func repeat(ctx context.Context, timeLeft func() time.Duration, options RepeatOptions, hooks hooks,
	attempt func(mayHaveStarted bool) (*Triggered, *Error)) (*Triggered, *Error) {
	var past history
	for attemptsMade := 1; ; attemptsMade++ {
		triggered, failure := attempt(past.mayHaveStarted)
		if failure == nil {
			return triggered, nil
		}
		past.add(failure)
		wait, again := options.waitBeforeRepeat(failure, attemptsMade, timeLeft(), hooks.random())
		if !again {
			return nil, failure
		}
		if options.OnRepeat != nil {
			options.OnRepeat(failure, wait, attemptsMade+1)
		}
		if wait > 0 {
			hooks.sleep(ctx, wait)
		}
		if ctx.Err() != nil || timeLeft() <= 0 {
			return nil, failure // the last answer stands
		}
	}
}
