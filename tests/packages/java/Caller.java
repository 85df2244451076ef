import enos.dataflow.v1.ErrorReason;
import enos.dataflow.v1.FlowInstance;
import enos.dataflow.v1.FlowInstanceState;
import enos.dataflow.v1.FlowParameter;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import enos.flow.Execution;
import enos.flow.FlowCallOptions;
import enos.flow.FlowClient;
import enos.flow.FlowException;
import enos.flow.FlowRun;
import enos.flow.FlowWatch;
import enos.flow.IdempotencyKey;
import enos.flow.KeyState;
import enos.flow.TriggeredFlow;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Uses the installed package against real gateways: tests/packages/run.sh. */
public final class Caller {
  private static int passed;
  private static int failed;

  private static void check(String name, boolean good, Object seen) {
    if (good) {
      passed++;
    } else {
      failed++;
      System.out.println("FAILED: " + name + ": " + seen);
    }
  }

  private static FlowClient client(String variable) {
    return FlowClient.builder(System.getenv(variable)).build();
  }

  private static UpdateAndTriggerFlowRequest request(int flow) {
    return UpdateAndTriggerFlowRequest.newBuilder().setUserId("alice").setOrgId("o15").setFlowId(flow)
        .setTriggerTime(FlowClient.timestamp(Instant.now()))
        .addParameters(FlowParameter.newBuilder().setKey("REPLACE").setValue("ddee")).build();
  }

  private static FlowException failure(Runnable call) {
    try {
      call.run();
    } catch (FlowException failure) {
      return failure;
    }
    throw new AssertionError("the call should have failed");
  }

  public static void main(String[] arguments) throws Exception {
    try (FlowClient keeping = client("KEEPING"); FlowClient keyless = client("KEYLESS"); FlowClient nobody = client("NOBODY")) {
      TriggeredFlow started = keeping.trigger(request(3377), FlowCallOptions.DEFAULT.withRequestId("mine"));
      check("OK", !started.flowInstanceId().isEmpty() && started.requestId().equals("mine")
          && !started.idempotencyKey().isEmpty() && keeping.keepsKeys(), started.idempotencyKey());

      UpdateAndTriggerFlowRequest keyed = request(3378).toBuilder().setIdempotencyKey(IdempotencyKey.create()).build();
      TriggeredFlow one = keeping.trigger(keyed);
      TriggeredFlow two = keeping.trigger(keyed);
      check("repeated with a key", !one.replayed() && two.replayed()
          && one.flowInstanceId().equals(two.flowInstanceId()), two.flowInstanceId());

      for (FlowClient gateway : new FlowClient[] {keeping, keyless}) {
        FlowException refused = failure(
            () -> gateway.trigger(UpdateAndTriggerFlowRequest.newBuilder().setFlowId(-1).build()));
        check("violations", refused.reason() == ErrorReason.INVALID_REQUEST && refused.safeToRepeat()
            && refused.execution() == Execution.NOT_EXECUTED && refused.violations().size() == 4
            && refused.getMessage().endsWith(" (request id " + refused.requestId() + ")"), refused);
      }

      TriggeredFlow plain = keyless.trigger(request(3377));
      check("a gateway without keys", plain.idempotencyKey().isEmpty() && !keyless.keepsKeys(), plain.idempotencyKey());
      FlowException lost = failure(() -> keyless.trigger(request(500)));
      check("UNKNOWN", lost.reason() == ErrorReason.ENOS_INTERNAL && lost.execution() == Execution.UNKNOWN
          && lost.enosCode().getAsLong() == 62109 && !lost.likelyFlowInstanceId().isEmpty()
          && !lost.safeToRepeat() && !lost.safeToRepeatWithSameKey(), lost);
      FlowException doubt = failure(() -> keeping.trigger(request(501)));
      check("DOUBT is final", doubt.execution() == Execution.UNKNOWN && doubt.keyState() == KeyState.DOUBT
          && !doubt.idempotencyKey().isEmpty() && !doubt.safeToRepeatWithSameKey(), doubt);

      for (int call = 0; call < 2; call++) {
        FlowException refused = failure(() -> nobody.trigger(request(3377)));
        check("connection refused", refused.reason() == ErrorReason.GATEWAY_UNREACHABLE && refused.safeToRepeat()
            && refused.getMessage().contains("refused"), refused);
      }
      FlowException unwatched = failure(() -> nobody.await(new FlowRun("alice", "o15", "1-2")));
      check("nobody there to watch", unwatched.reason() == ErrorReason.GATEWAY_UNREACHABLE
          && unwatched.execution() == Execution.STARTS_NOTHING, unwatched);
      FlowException late = failure(() -> keeping.trigger(request(3377), FlowCallOptions.DEFAULT.withTimeout(Duration.ZERO)));
      check("no time", late.code() == Status.Code.DEADLINE_EXCEEDED && late.safeToRepeat(), late);

      FlowRun run = new FlowRun("alice", "o15", started.flowInstanceId());
      check("get", keyless.get(run).getFlowId() == 3377, "another flow");
      FlowInstance last = null;
      try (FlowWatch watch = keyless.watch(run)) {
        while (watch.hasNext()) {
          last = watch.next();
        }
      }
      check("watch", last != null && last.getEnded(), last);
      FlowInstance ended = keeping.await(run);
      check("wait", ended.getState() == FlowInstanceState.FLOW_INSTANCE_STATE_SUCCEEDED, ended);

      FlowWatch closed = keyless.watch(run);
      closed.close();
      check("watch closed", failure(closed::hasNext).code() == Status.Code.CANCELLED, "");
      try (FlowClient leaving = client("KEYLESS")) {
        FlowWatch left = leaving.watch(run);
        leaving.get(run);
        leaving.close();
        check("client closed", failure(left::hasNext).code() == Status.Code.CANCELLED, "");
      }
      FlowRun second = new FlowRun("alice", "o15", keeping.trigger(request(3379)).flowInstanceId());
      keeping.cancel(second);
      check("cancelled", keeping.await(second).getState() == FlowInstanceState.FLOW_INSTANCE_STATE_CANCELLED, second);
      FlowException noRun = failure(() -> keeping.get(new FlowRun("alice", "o15", "1-2")));
      check("no such run", noRun.reason() == ErrorReason.ENOS_NOT_FOUND && noRun.execution() == Execution.STARTS_NOTHING, noRun);

      Path token = Files.createTempFile(Path.of(System.getenv("WORK")), "token", "");
      Files.writeString(token, "one\n");
      try (FlowClient withToken = FlowClient.builder(System.getenv("KEYLESS")).tokenFile(token).build()) {
        withToken.trigger(request(3377));
        Files.delete(token);
        FlowException unusable = failure(() -> withToken.trigger(request(3377)));
        check("token file", unusable.reasonName().equals(FlowException.TOKEN_FILE_UNUSABLE) && unusable.safeToRepeat(), unusable);
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed > 0 ? 1 : 0);
  }
}
