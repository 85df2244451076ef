// Package enosflow starts EnOS flows through the enos-flow-gateway, and reads, watches and cancels their runs.
//
//	client, err := enosflow.New(enosflow.Options{Address: "gateway.example.com:443"})
//	...
//	defer client.Close()
//	started, err := client.Trigger(ctx, enosflow.Request{
//		UserID: "alice", OrgID: "o15", FlowID: 3377, TriggerTime: time.Now(),
//		Parameters: []enosflow.Parameter{{Key: "REPLACE", Value: "ddee"}},
//	})
//	if failure := (*enosflow.Error)(nil); errors.As(err, &failure) {
//		// failure.Execution says whether the flow may have been started
//	}
//	ended, err := client.Wait(ctx, enosflow.Run{UserID: "alice", OrgID: "o15", FlowInstanceID: started.FlowInstanceID})
//
// Each call that succeeds starts another run. So Trigger repeats a call only where that cannot start the flow twice:
// after an error that says NOT_EXECUTED, or, where the gateway keeps idempotency keys, with the same key.
package enosflow

// Version of this package, and of the gateway that it was made with.
const Version = "0.1.0"
