package enos.flow;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import enos.dataflow.v1.ErrorReason;
import enos.flow.details.BadRequest;
import enos.flow.details.ErrorInfo;
import enos.flow.details.RequestInfo;
import enos.flow.details.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What a FlowException tells, while it is being found out. */
final class Failure {
  private static final String DOMAIN = "enos-flow-gateway";
  private static final long LONGEST_SECONDS = 365L * 24 * 3600;

  Status.Code code;
  String message;
  ErrorReason reason = ErrorReason.ERROR_REASON_UNSPECIFIED;
  String reasonName = "";
  Execution execution = Execution.UNKNOWN;
  KeyState keyState = KeyState.NOT_TOLD;
  boolean keyKept;
  OptionalLong enosCode = OptionalLong.empty();
  String enosMessage = "";
  int httpStatus;
  String enosRequestId = "";
  String likelyFlowInstanceId = "";
  final List<FlowException.Violation> violations = new ArrayList<>();
  Optional<Duration> retryAfter = Optional.empty();
  String requestId = "";
  String idempotencyKey = "";

  Failure(Status.Code code, String message) {
    this.code = code;
    this.message = message == null ? "" : message;
  }

  /** Of a call of which nothing was sent. */
  static Failure notSent(Status.Code code, ErrorReason reason, String message) {
    Failure failure = new Failure(code, message);
    failure.execution = Execution.NOT_EXECUTED;
    failure.reason = reason;
    if (reason != ErrorReason.ERROR_REASON_UNSPECIFIED) {
      failure.reasonName = reason.name();
    }
    return failure;
  }

  /**
   * Unpacks a failed status. Only an ErrorInfo of the gateway's own domain can say NOT_EXECUTED: an error without one was made
   * by a library or a proxy on the way, which cannot know.
   */
  static Failure of(StatusRuntimeException error) {
    Failure failure = new Failure(error.getStatus().getCode(), error.getStatus().getDescription());
    Metadata trailers = error.getTrailers();
    com.google.rpc.Status rich = StatusProto.fromThrowable(error);
    if (rich != null) {
      for (Any detail : rich.getDetailsList()) {
        try {
          failure.take(detail);
        } catch (InvalidProtocolBufferException damaged) {
          // Details that cannot be read are ignored: the execution stays UNKNOWN.
        }
      }
    }
    if (trailers != null) {
      failure.requestId = Headers.first(trailers, Headers.REQUEST_ID, failure.requestId);
      if (failure.enosRequestId.isEmpty()) {
        failure.enosRequestId = Headers.first(trailers, Headers.ENOS_REQUEST_ID, "");
      }
    }
    return failure;
  }

  private void take(Any detail) throws InvalidProtocolBufferException {
    String type = detail.getTypeUrl().substring(detail.getTypeUrl().lastIndexOf('/') + 1);
    switch (type) {
      case "google.rpc.ErrorInfo":
        ErrorInfo info = ErrorInfo.parseFrom(detail.getValue());
        if (reasonName.isEmpty() && info.getDomain().equals(DOMAIN)) {
          read(info);
        }
        break;
      case "google.rpc.RetryInfo":
        RetryInfo retry = RetryInfo.parseFrom(detail.getValue());
        if (retry.hasRetryDelay()) {
          retryAfter = Optional.of(wait(retry.getRetryDelay()));
        }
        break;
      case "google.rpc.BadRequest":
        for (BadRequest.FieldViolation violation : BadRequest.parseFrom(detail.getValue()).getFieldViolationsList()) {
          violations.add(new FlowException.Violation(violation.getField(), violation.getDescription()));
        }
        break;
      case "google.rpc.RequestInfo":
        requestId = RequestInfo.parseFrom(detail.getValue()).getRequestId();
        break;
      default:
    }
  }

  private void read(ErrorInfo info) {
    reasonName = info.getReason();
    for (ErrorReason known : ErrorReason.values()) {
      if (known.name().equals(reasonName) && known != ErrorReason.UNRECOGNIZED) {
        reason = known;
      }
    }
    Map<String, String> metadata = info.getMetadataMap();
    if ("NOT_EXECUTED".equals(metadata.get("execution"))) {
      execution = Execution.NOT_EXECUTED;
    }
    for (KeyState state : KeyState.values()) {
      if (state.name().equals(metadata.get("key_state"))) {
        keyState = state;
      }
    }
    OptionalLong http = number(metadata.get("http_status"));
    if (http.isPresent() && http.getAsLong() >= 100 && http.getAsLong() <= 599) {
      httpStatus = (int) http.getAsLong();
    }
    enosCode = number(metadata.get("enos_code"));
    enosMessage = metadata.getOrDefault("enos_message", "");
    enosRequestId = metadata.getOrDefault("enos_request_id", "");
    likelyFlowInstanceId = metadata.getOrDefault("likely_flow_instance_id", "");
  }

  private static OptionalLong number(String text) {
    try {
      return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException notANumber) {
      return OptionalLong.empty();
    }
  }

  /** Never below nothing, nor beyond what can be waited for. */
  private static Duration wait(com.google.protobuf.Duration delay) {
    if (delay.getSeconds() < 0 || delay.getNanos() < 0) {
      return Duration.ZERO;
    }
    return Duration.ofSeconds(Math.min(delay.getSeconds(), LONGEST_SECONDS), delay.getNanos());
  }

  Failure startsNothing() {
    execution = Execution.STARTS_NOTHING;
    likelyFlowInstanceId = "";
    return this;
  }

  boolean safeToRepeat() {
    return execution != Execution.UNKNOWN;
  }

  boolean safeToRepeatWithSameKey() {
    return safeToRepeat() || (keyKept && keyState != KeyState.DOUBT);
  }

  String text() {
    return code + " (" + (reasonName.isEmpty() ? "no reason" : reasonName) + ")"
        + (execution == Execution.STARTS_NOTHING ? "" : ", execution " + execution) + ": " + message
        + (requestId.isEmpty() ? "" : " (request id " + requestId + ")");
  }
}
