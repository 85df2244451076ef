package enosflow

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

func failed(code codes.Code, execution Execution) *Error {
	return &Error{Code: code, Execution: execution}
}

func keyed(code codes.Code, execution Execution, state KeyState) *Error {
	return &Error{Code: code, Execution: execution, KeyState: state, keyKept: true}
}

func busyFor(wait time.Duration) *Error {
	failure := failed(codes.Unavailable, NotExecuted)
	failure.RetryAfter = &wait
	return failure
}

func TestWorthRepeating(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		want := code == codes.Unavailable || code == codes.ResourceExhausted
		if got := worthRepeating(failed(code, NotExecuted)); got != want {
			t.Errorf("%s, not executed: %v, want %v", code, got, want)
		}
		if worthRepeating(failed(code, ExecutionUnknown)) {
			t.Errorf("%s, unknown, without a key: worth repeating", code)
		}
	}
	for _, row := range []struct {
		name    string
		failure *Error
		want    bool
	}{
		{"lost", keyed(codes.Unknown, ExecutionUnknown, KeyNotTold), true},
		{"made by a library", keyed(codes.Unavailable, ExecutionUnknown, KeyNotTold), true},
		{"in progress", keyed(codes.Aborted, ExecutionUnknown, KeyReserved), true},
		{"doubt", keyed(codes.Unknown, ExecutionUnknown, KeyDoubt), false},
		{"refused by a proxy", keyed(codes.PermissionDenied, ExecutionUnknown, KeyNotTold), false},
		{"busy", keyed(codes.Unavailable, NotExecuted, KeyNotTold), true},
		{"refused", keyed(codes.NotFound, NotExecuted, KeyNone), false},
	} {
		if got := worthRepeating(row.failure); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
		row.failure.keyKept = false
		if got := worthRepeating(row.failure); got != (row.want && row.failure.SafeToRepeat()) {
			t.Errorf("%s, of a gateway that may not keep the key: %v", row.name, got)
		}
	}
}

func TestWaitBeforeRepeat(t *testing.T) {
	const ms = time.Millisecond
	options := RepeatOptions{MaxAttempts: 5, InitialBackoff: 100 * ms, MaxBackoff: 350 * ms}
	busy := failed(codes.Unavailable, NotExecuted)
	for _, row := range []struct {
		name         string
		failure      *Error
		attemptsMade int
		timeLeft     time.Duration
		want         time.Duration
		again        bool
	}{
		{"first at half chance", busy, 1, time.Minute, 50 * ms, true},
		{"second doubles", busy, 2, time.Minute, 100 * ms, true},
		{"third is capped", busy, 3, time.Minute, 175 * ms, true},
		{"last attempt made", busy, 5, time.Minute, 0, false},
		{"RetryInfo beats the back-off", busyFor(7 * time.Second), 1, time.Minute, 7 * time.Second, true},
		{"wait uses up the time", busyFor(7 * time.Second), 1, 7 * time.Second, 0, false},
		{"no time left", busyFor(0), 1, 0, 0, false},
		{"may have run", failed(codes.Unavailable, ExecutionUnknown), 1, time.Minute, 0, false},
	} {
		wait, again := options.waitBeforeRepeat(row.failure, row.attemptsMade, row.timeLeft, 0.5)
		if again != row.again || (again && wait != row.want) {
			t.Errorf("%s: %v, %v; want %v, %v", row.name, wait, again, row.want, row.again)
		}
	}
}

// Only NOT_EXECUTED with NONE, and not because the key expired, undoes an earlier UNKNOWN.
func TestHistory(t *testing.T) {
	expired := keyed(codes.InvalidArgument, NotExecuted, KeyNone)
	expired.Reason = pb.ErrorReason_IDEMPOTENCY_KEY_EXPIRED
	for _, row := range []struct {
		name string
		last *Error
		want Execution
	}{
		{"none", keyed(codes.NotFound, NotExecuted, KeyNone), NotExecuted},
		{"not looked up", keyed(codes.Unavailable, NotExecuted, KeyNotTold), ExecutionUnknown},
		{"reused", keyed(codes.InvalidArgument, NotExecuted, KeyReused), ExecutionUnknown},
		{"expired", expired, ExecutionUnknown},
	} {
		lost := keyed(codes.Unknown, ExecutionUnknown, KeyNotTold)
		lost.LikelyFlowInstanceID = "1-2"
		alone := *row.last
		var past history
		past.add(lost)
		past.add(row.last)
		if row.last.Execution != row.want || past.mayHaveStarted != (row.want == ExecutionUnknown) {
			t.Errorf("%s: %s, want %s", row.name, row.last.Execution, row.want)
		}
		if guess := row.last.LikelyFlowInstanceID; (guess == "1-2") != (row.want == ExecutionUnknown) {
			t.Errorf("%s: the likely id is %q", row.name, guess)
		}
		(&history{}).add(&alone)
		if alone.Execution != NotExecuted {
			t.Errorf("%s, without an earlier one: %s", row.name, alone.Execution)
		}
	}
}

// repeated plays the failures, then a success; the clock moves with the waits alone.
func repeated(failures ...*Error) (sleeps []time.Duration, told []bool, failure *Error) {
	now := time.Unix(1000, 0)
	end := now.Add(10 * time.Second)
	clock := hooks{
		now: func() time.Time { return now },
		sleep: func(_ context.Context, wait time.Duration) {
			sleeps = append(sleeps, wait)
			now = now.Add(wait)
		},
		random: func() float64 { return 0.5 },
	}
	_, failure = repeat(context.Background(), func() time.Duration { return end.Sub(now) }, DefaultRepeat, clock,
		func(mayHaveStarted bool) (*Triggered, *Error) {
			told = append(told, mayHaveStarted)
			if len(told) > len(failures) {
				return &Triggered{}, nil
			}
			return nil, failures[len(told)-1]
		})
	return sleeps, told, failure
}

func TestRepeat(t *testing.T) {
	const ms = time.Millisecond
	sleeps, told, failure := repeated(failed(codes.Unavailable, NotExecuted), busyFor(300*ms))
	if failure != nil || len(sleeps) != 2 || sleeps[0] != 100*ms || sleeps[1] != 300*ms {
		t.Errorf("busy twice: %v, %v", failure, sleeps)
	}
	if _, told, _ = repeated(failed(codes.Unknown, ExecutionUnknown)); len(told) != 1 {
		t.Error("may have run: repeated")
	}
	_, told, failure = repeated(keyed(codes.Unavailable, ExecutionUnknown, KeyNotTold), keyed(codes.Aborted, ExecutionUnknown, KeyReserved))
	if failure != nil || len(told) != 3 || told[0] || !told[1] || !told[2] {
		t.Errorf("may have run, with a kept key: %v, %v", failure, told)
	}
	busy := func() *Error { return keyed(codes.Unavailable, NotExecuted, KeyNotTold) }
	_, told, failure = repeated(keyed(codes.Unknown, ExecutionUnknown, KeyNotTold), busy(), busy())
	if failure == nil || failure.Execution != ExecutionUnknown || len(told) != 3 {
		t.Errorf("busy after one that may have run: %v, %v", failure, told)
	}
	_, told, failure = repeated(keyed(codes.Unknown, ExecutionUnknown, KeyNotTold), failed(codes.Unavailable, NotExecuted))
	if failure == nil || failure.Execution != ExecutionUnknown || len(told) != 2 {
		t.Errorf("busy after one that may have run, keys no longer kept: %v, %v", failure, told)
	}
	if _, told, failure = repeated(busyFor(11 * time.Second)); failure == nil || len(told) != 1 {
		t.Errorf("a wait beyond the time: %v, %v", failure, told)
	}
}

func TestKeyIsUUIDv7(t *testing.T) {
	got := keyOf(time.UnixMilli(0x0123456789ab), [10]byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6})
	if want := "01234567-89ab-7fff-bfff-010203040506"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if NewIdempotencyKey() == NewIdempotencyKey() {
		t.Error("two keys are the same")
	}
}
