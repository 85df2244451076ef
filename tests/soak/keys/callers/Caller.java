import enos.dataflow.v1.FlowServiceGrpc;
import enos.dataflow.v1.UpdateAndTriggerFlowRequest;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A caller of the soak of keys over gRPC's own library for Java: see language_caller.h. The library takes its service config
 * as a map.
 */
public final class Caller {
  private static final Map<String, Object> SERVICE_CONFIG = Map.of("methodConfig", List.of(Map.of(
      "name", List.of(Map.of("service", FlowServiceGrpc.SERVICE_NAME)),
      "retryPolicy", Map.of("maxAttempts", 5.0, "initialBackoff", "0.02s", "maxBackoff", "0.5s", "backoffMultiplier", 2.0,
          "retryableStatusCodes", List.of("UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED", "ABORTED", "INTERNAL",
              "RESOURCE_EXHAUSTED", "CANCELLED")))));
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Map<String, FlowServiceGrpc.FlowServiceBlockingStub> STUBS = new HashMap<>();

  private static FlowServiceGrpc.FlowServiceBlockingStub connect(String address) {
    return FlowServiceGrpc.newBlockingStub(ManagedChannelBuilder.forTarget(address).usePlaintext()
        .defaultServiceConfig(SERVICE_CONFIG).enableRetry().build());
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      var request = UpdateAndTriggerFlowRequest.parseFrom(Base64.getDecoder().decode(words[2]));
      int code = 0;
      byte[] told = null;
      try {
        told = STUBS.computeIfAbsent(words[0], Caller::connect)
            .withDeadlineAfter(Long.parseLong(words[1]), TimeUnit.MILLISECONDS).updateAndTriggerFlow(request).toByteArray();
      } catch (StatusRuntimeException error) {
        code = error.getStatus().getCode().value();
        told = error.getTrailers() == null ? null : error.getTrailers().get(DETAILS);
      }
      System.out.println(code + " " + (told == null ? "-" : Base64.getEncoder().encodeToString(told)));
    }
    System.exit(0);
  }
}
