import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import enos.flow.FlowCallOptions;
import enos.flow.FlowClient;
import enos.flow.FlowClientBuilder;
import enos.flow.FlowException;
import enos.flow.RepeatOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** Starts an EnOS flow through the gateway and prints the id of its instance. */
public final class TriggerFlow {
  public static void main(String[] arguments) {
    Options options;
    FlowClient client;
    try {
      options = Options.parse(arguments);
      FlowClientBuilder builder = FlowClient.builder(options.address);
      client = (options.caFile.isEmpty() ? builder : builder.caFile(Path.of(options.caFile))).build();
    } catch (IllegalArgumentException wrong) {
      System.err.println(wrong.getMessage() + "\n" + Options.USAGE);
      System.exit(2);
      return;
    }
    UpdateAndTriggerFlowRequest request = UpdateAndTriggerFlowRequest.newBuilder()
        .setUserId(options.userId)
        .setOrgId(options.orgId)
        .setFlowId(options.flowId)
        .setTriggerTime(FlowClient.timestamp(Instant.now()))
        .addAllParameters(options.parameters)
        .build();
    FlowCallOptions call = FlowCallOptions.DEFAULT
        .withTimeout(Duration.ofMillis((long) (options.timeoutSeconds * 1000)))
        .withRepeat(RepeatOptions.DEFAULT.withMaxAttempts(options.attempts).withListener((failure, wait, attempt) -> {
          show(failure);
          System.err.printf("Calling again in %.3f s (attempt %d of %d).%n", wait.toMillis() / 1e3, attempt, options.attempts);
        }));
    int status = 0;
    try (client) {
      System.out.println(client.trigger(request, call).flowInstanceId());
    } catch (FlowException failure) {
      show(failure);
      System.err.println(failure.safeToRepeat()
          ? "The flow was certainly not started."
          : "The flow may have been started: look in EnOS before calling again.");
      status = failure.safeToRepeat() ? 1 : 3;
    }
    System.exit(status);
  }

  private static void show(FlowException failure) {
    System.err.println(failure.getMessage());
    failure.violations().forEach(violation ->
        System.err.printf("  field %s: %s%n", violation.field(), violation.description()));
    failure.enosCode().ifPresent(code -> System.err.printf("  EnOS code %d: %s%n", code, failure.enosMessage()));
  }
}
