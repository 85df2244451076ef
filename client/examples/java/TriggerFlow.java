import com.google.protobuf.Timestamp;
import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Starts an EnOS flow through the gateway and prints the id of its instance. */
public final class TriggerFlow {
  // No retryPolicy: the call is not idempotent, so only this program may repeat it.
  private static final Map<String, ?> SERVICE_CONFIG =
      Map.of("loadBalancingConfig", List.of(Map.of("round_robin", Map.of())));

  private final FlowServiceGrpc.FlowServiceBlockingStub stub;
  private final long deadlineNanos;

  private TriggerFlow(ManagedChannel channel, double timeoutSeconds) {
    stub = FlowServiceGrpc.newBlockingStub(channel);
    deadlineNanos = System.nanoTime() + (long) (timeoutSeconds * 1e9);
  }

  public static void main(String[] arguments) throws InterruptedException {
    Options options;
    ManagedChannel channel;
    try {
      options = Options.parse(arguments);
      channel = connect(options.address, options.caFile);
    } catch (IllegalArgumentException | IOException wrong) {
      System.err.println(wrong.getMessage() + "\n" + Options.USAGE);
      System.exit(2);
      return;
    }
    Instant now = Instant.now();
    UpdateAndTriggerFlowRequest request = UpdateAndTriggerFlowRequest.newBuilder()
        .setUserId(options.userId)
        .setOrgId(options.orgId)
        .setFlowId(options.flowId)
        .setTriggerTime(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
        .addAllParameters(options.parameters)
        .build();
    int status = new TriggerFlow(channel, options.timeoutSeconds).trigger(request, options.attempts);
    channel.shutdownNow();
    System.exit(status);
  }

  private static ManagedChannel connect(String address, String caFile) throws IOException {
    ChannelCredentials credentials = caFile.isEmpty()
        ? InsecureChannelCredentials.create()
        : TlsChannelCredentials.newBuilder().trustManager(new File(caFile)).build();
    return Grpc.newChannelBuilder("dns:///" + address, credentials)
        .defaultServiceConfig(SERVICE_CONFIG)
        .disableServiceConfigLookUp() // from DNS, which could supply a retryPolicy
        .disableRetry()
        .build();
  }

  /** Calls until the flow is started or a further call would be wrong; returns the exit status. */
  private int trigger(UpdateAndTriggerFlowRequest request, int attempts) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        System.out.println(stub.withDeadlineAfter(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS)
            .updateAndTriggerFlow(request).getFlowInstanceId());
        return 0;
      } catch (StatusRuntimeException error) {
        FlowFailure failure = new FlowFailure(error);
        System.err.println(failure);
        long millisLeft = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        OptionalLong wait = failure.waitMillis(attempt, millisLeft);
        if (wait.isEmpty() || attempt >= attempts) {
          return verdict(failure);
        }
        System.err.printf("Calling again in %.3f s (attempt %d of %d).%n",
            wait.getAsLong() / 1e3, attempt + 1, attempts);
        Thread.sleep(wait.getAsLong());
      }
    }
  }

  private static int verdict(FlowFailure failure) {
    if (failure.certainlyNotStarted()) {
      System.err.println("The flow was certainly not started.");
      return 1;
    }
    System.err.println("The flow may have been started: look in EnOS before calling again.");
    return 3;
  }
}
