import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** What the gateway says about a call that failed, and whether the call may be repeated. */
final class FlowFailure {
  private static final String DOMAIN = "enos-flow-gateway";
  private static final String NOT_EXECUTED = "NOT_EXECUTED"; // a promise: the flow was not started
  private static final String UNKNOWN = "UNKNOWN"; // it may have been started

  private final Status status;
  private String reason = "no reason";
  private String execution = UNKNOWN;
  private Map<String, String> metadata = Map.of(); // enos_code, enos_message and so on
  private List<BadRequest.FieldViolation> violations = List.of();
  private OptionalLong retryAfterMillis = OptionalLong.empty();

  /**
   * Unpacks the details. An error without the gateway's ErrorInfo came from a library or a proxy on the way, which cannot
   * know whether the flow was started.
   */
  FlowFailure(StatusRuntimeException error) {
    status = error.getStatus();
    com.google.rpc.Status rich = StatusProto.fromThrowable(error);
    if (rich == null) {
      return;
    }
    for (Any detail : rich.getDetailsList()) {
      try {
        take(detail);
      } catch (InvalidProtocolBufferException damaged) {
        // Unreadable details are ignored: the execution stays UNKNOWN.
      }
    }
  }

  private void take(Any detail) throws InvalidProtocolBufferException {
    if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      if (!info.getDomain().equals(DOMAIN)) {
        return;
      }
      reason = info.getReason();
      metadata = info.getMetadataMap();
      if (NOT_EXECUTED.equals(metadata.get("execution"))) {
        execution = NOT_EXECUTED;
      }
    } else if (detail.is(BadRequest.class)) {
      violations = detail.unpack(BadRequest.class).getFieldViolationsList();
    } else if (detail.is(RetryInfo.class)) {
      Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
      retryAfterMillis = OptionalLong.of(
          TimeUnit.SECONDS.toMillis(delay.getSeconds()) + TimeUnit.NANOSECONDS.toMillis(delay.getNanos()));
    }
  }

  boolean certainlyNotStarted() {
    return execution.equals(NOT_EXECUTED);
  }

  /**
   * Milliseconds to wait before the call may be repeated; empty: it must not be, or repeating would not help. Only what was
   * certainly not started may be repeated; only these two codes may be temporary.
   */
  OptionalLong waitMillis(int attempt, long millisLeft) {
    boolean mayPass = status.getCode() == Status.Code.UNAVAILABLE
        || status.getCode() == Status.Code.RESOURCE_EXHAUSTED;
    if (!certainlyNotStarted() || !mayPass) {
      return OptionalLong.empty();
    }
    // Without RetryInfo: back off, with full jitter.
    long limit = attempt > 5 ? 5000 : 200L << (attempt - 1);
    long wait = retryAfterMillis.orElseGet(() -> ThreadLocalRandom.current().nextLong(limit));
    return wait < millisLeft ? OptionalLong.of(wait) : OptionalLong.empty();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(String.format("%s (%s), execution %s: %s",
        status.getCode(), reason, execution, status.getDescription()));
    for (BadRequest.FieldViolation violation : violations) {
      text.append(String.format("%n  field %s: %s", violation.getField(), violation.getDescription()));
    }
    if (metadata.containsKey("enos_code")) {
      text.append(String.format("%n  EnOS code %s: %s",
          metadata.get("enos_code"), metadata.getOrDefault("enos_message", "")));
    }
    return text.toString();
  }
}
