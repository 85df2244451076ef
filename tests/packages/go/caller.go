// Command caller uses the installed package against real gateways: tests/packages/run.sh.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	enosflow "github.com/enos-flow-gateway/enos-flow-gateway/client/go"
	pb "github.com/enos-flow-gateway/enos-flow-gateway/client/go/enos/dataflow/v1"
)

var (
	background = context.Background()
	passed     int
	failed     int
)

func check(name string, good bool, seen ...interface{}) {
	if good {
		passed++
		return
	}
	failed++
	fmt.Printf("FAILED: %s: %v\n", name, seen)
}

func client(variable string) *enosflow.Client {
	made, err := enosflow.New(enosflow.Options{Address: os.Getenv(variable)})
	if err != nil {
		panic(err)
	}
	return made
}

func request(flow int32) enosflow.Request {
	return enosflow.Request{UserID: "alice", OrgID: "o15", FlowID: flow, TriggerTime: time.Now(),
		Parameters: []enosflow.Parameter{{Key: "REPLACE", Value: "ddee"}}}
}

func failure(err error) *enosflow.Error {
	var failure *enosflow.Error
	if !errors.As(err, &failure) {
		return &enosflow.Error{Message: fmt.Sprint("not an Error: ", err)}
	}
	return failure
}

func main() {
	keeping, keyless, nobody := client("KEEPING"), client("KEYLESS"), client("NOBODY")

	started, err := keeping.Trigger(background, request(3377), enosflow.WithRequestID("mine"))
	if err != nil {
		panic(err)
	}
	check("OK", started.FlowInstanceID != "" && started.RequestID == "mine" && started.IdempotencyKey != "" && keeping.KeepsKeys(), started)

	repeated := request(3378)
	repeated.IdempotencyKey = enosflow.NewIdempotencyKey()
	one, err := keeping.Trigger(background, repeated)
	check("with a key", err == nil && !one.Replayed, err)
	two, err := keeping.Trigger(background, repeated)
	check("repeated with a key", err == nil && two.Replayed && two.FlowInstanceID == one.FlowInstanceID, err, two)

	for _, gateway := range []*enosflow.Client{keeping, keyless} {
		_, err = gateway.Trigger(background, enosflow.Request{FlowID: -1})
		refused := failure(err)
		check("violations", refused.Reason == pb.ErrorReason_INVALID_REQUEST && refused.Execution == enosflow.NotExecuted &&
			len(refused.Violations) == 4 && refused.SafeToRepeat(), err, refused.Violations)
	}

	plain, err := keyless.Trigger(background, request(3377))
	check("a gateway without keys", err == nil && plain.IdempotencyKey == "" && !keyless.KeepsKeys(), err)
	_, err = keyless.Trigger(background, request(500))
	lost := failure(err)
	check("UNKNOWN", lost.Reason == pb.ErrorReason_ENOS_INTERNAL && lost.Execution == enosflow.ExecutionUnknown &&
		lost.EnosCode == 62109 && lost.LikelyFlowInstanceID != "" && !lost.SafeToRepeat() && !lost.SafeToRepeatWithSameKey(), err)
	_, err = keeping.Trigger(background, request(501))
	doubt := failure(err)
	check("DOUBT is final", doubt.Execution == enosflow.ExecutionUnknown && doubt.KeyState == enosflow.KeyDoubt &&
		doubt.IdempotencyKey != "" && !doubt.SafeToRepeatWithSameKey(), err)

	_, err = nobody.Trigger(background, request(3377))
	check("connection refused", failure(err).Reason == pb.ErrorReason_GATEWAY_UNREACHABLE && failure(err).SafeToRepeat(), err)

	run := enosflow.Run{UserID: "alice", OrgID: "o15", FlowInstanceID: started.FlowInstanceID}
	instance, err := keyless.Get(background, run)
	check("get", err == nil && instance.FlowId == 3377, err)
	watch, states := keyless.Watch(background, run), 0
	for watch.Next() {
		states++
	}
	check("watch", watch.Err() == nil && states > 0 && watch.Instance().Ended, watch.Err(), states)
	ended, err := keeping.Wait(background, run)
	check("wait", err == nil && ended.State == pb.FlowInstanceState_FLOW_INSTANCE_STATE_SUCCEEDED, err)

	run.FlowInstanceID = one.FlowInstanceID
	watch = keyless.Watch(background, run)
	watch.Close()
	check("watch closed", !watch.Next() && watch.Err() != nil, watch.Err())
	second, err := keeping.Trigger(background, request(3379))
	if err != nil {
		panic(err)
	}
	run.FlowInstanceID = second.FlowInstanceID
	check("cancel", keeping.Cancel(background, run) == nil)
	ended, err = keeping.Wait(background, run)
	check("cancelled", err == nil && ended.State == pb.FlowInstanceState_FLOW_INSTANCE_STATE_CANCELLED, err, ended)

	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
