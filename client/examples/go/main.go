// Command trigger_flow starts an EnOS flow through the gateway and prints the id of its instance.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	enosflow "github.com/enos-flow-gateway/enos-flow-gateway/client/go"
)

// parameters is a flag that may be repeated.
type parameters []enosflow.Parameter

func (p *parameters) String() string { return "" }

func (p *parameters) Set(text string) error {
	parts := strings.SplitN(text, "=", 2)
	if len(parts) != 2 {
		return errors.New("expected KEY=VALUE")
	}
	*p = append(*p, enosflow.Parameter{Key: parts[0], Value: parts[1]})
	return nil
}

func main() {
	address := flag.String("address", "127.0.0.1:50051", "the gateway, `HOST:PORT`")
	caFile := flag.String("ca_file", "", "TLS, trusting the CA certificates in this PEM `FILE`")
	userID := flag.String("user_id", "", "the EnOS user")
	orgID := flag.String("org_id", "", "the user's organization")
	flowID := flag.Int("flow_id", 0, "the flow to start")
	timeout := flag.Float64("timeout", 30, "`SECONDS` that everything may take, repetitions included")
	attempts := flag.Int("attempts", 4, "calls at most, the first one included")
	var params parameters
	flag.Var(&params, "param", "a parameter `KEY=VALUE` of the run; may be repeated")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	client, err := enosflow.New(enosflow.Options{Address: *address, CAFile: *caFile})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}

	repeat := enosflow.DefaultRepeat
	repeat.MaxAttempts = *attempts
	repeat.OnRepeat = func(failure *enosflow.Error, wait time.Duration, attempt int) {
		show(failure)
		fmt.Fprintf(os.Stderr, "Calling again in %.3f s (attempt %d of %d).\n", wait.Seconds(), attempt, *attempts)
	}
	started, err := client.Trigger(context.Background(), enosflow.Request{
		UserID: *userID, OrgID: *orgID, FlowID: int32(*flowID), TriggerTime: time.Now(), Parameters: params,
	}, enosflow.WithTimeout(time.Duration(*timeout*float64(time.Second))), enosflow.WithRepeat(repeat))
	client.Close()

	var failure *enosflow.Error
	if !errors.As(err, &failure) {
		fmt.Println(started.FlowInstanceID)
		return
	}
	show(failure)
	if failure.SafeToRepeat() {
		fmt.Fprintln(os.Stderr, "The flow was certainly not started.")
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "The flow may have been started: look in EnOS before calling again.")
	os.Exit(3)
}

func show(failure *enosflow.Error) {
	fmt.Fprintln(os.Stderr, failure)
	for _, violation := range failure.Violations {
		fmt.Fprintf(os.Stderr, "  field %s: %s\n", violation.Field, violation.Description)
	}
	if failure.EnosCode != 0 {
		fmt.Fprintf(os.Stderr, "  EnOS code %d: %s\n", failure.EnosCode, failure.EnosMessage)
	}
}
