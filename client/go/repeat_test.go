package enosflow

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

func failed(code codes.Code, execution Execution) *Error {
	return &Error{Code: code, Execution: execution}
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

// played is one line of client/testing/repeat_cases.txt.
type played struct {
	name    string
	answers []*Error
	want    string
}

func answerOf(text string) *Error {
	words := strings.Fields(text)
	failure := &Error{Code: codeNamed(words[0]), Execution: Execution(words[1])}
	for _, word := range words[2:] {
		pair := strings.SplitN(word+"=", "=", 3)
		switch pair[0] {
		case "kept":
			failure.keyKept = true
		case "key_state":
			failure.KeyState = KeyState(pair[1])
		case "likely":
			failure.LikelyFlowInstanceID = pair[1]
		case "reason":
			failure.Reason = Reason(pb.ErrorReason_value[pair[1]])
		case "retry_after":
			wait, _ := time.ParseDuration(pair[1] + "ms")
			failure.RetryAfter = &wait
		default:
			panic(text)
		}
	}
	return failure
}

func codeNamed(name string) codes.Code {
	var code codes.Code
	if err := code.UnmarshalJSON([]byte(strconv.Quote(name))); err != nil {
		panic(err)
	}
	return code
}

// play makes the calls, with a clock that only waiting advances.
func (p *played) play() string {
	now := time.Unix(1000, 0)
	end := now.Add(10 * time.Second)
	var waits []string
	clock := hooks{
		sleep: func(_ context.Context, wait time.Duration) {
			waits = append(waits, strconv.FormatInt(wait.Milliseconds(), 10))
			now = now.Add(wait)
		},
		random: func() float64 { return 0.5 },
	}
	calls := 0
	_, failure := repeat(context.Background(), func() time.Duration { return end.Sub(now) }, DefaultRepeat, clock,
		func(bool) (*Triggered, *Error) {
			calls++
			if calls > len(p.answers) {
				return &Triggered{}, nil
			}
			return nil, p.answers[calls-1]
		})
	got := fmt.Sprintf("calls=%d waits=%s end=", calls, strings.Join(waits, ","))
	if failure == nil {
		return got + "OK"
	}
	got += string(failure.Execution)
	if failure.LikelyFlowInstanceID != "" {
		got += " likely=" + failure.LikelyFlowInstanceID
	}
	return got
}

func TestRepeatCases(t *testing.T) {
	path := os.Getenv("ENOS_REPEAT_CASES")
	if path == "" {
		t.Skip("the cases are in the gateway's repository: client/go/build.sh")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, ": ", 2)
		sides := strings.SplitN(parts[1], " => ", 2)
		one := played{name: parts[0], want: sides[1]}
		for _, text := range strings.Split(sides[0], "; ") {
			one.answers = append(one.answers, answerOf(text))
		}
		if got := one.play(); got != one.want {
			t.Errorf("%s: %s, want %s", one.name, got, one.want)
		}
		cases++
	}
	if cases == 0 {
		t.Error("no cases")
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
