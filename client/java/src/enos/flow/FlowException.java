package enos.flow;

import enos.dataflow.v1.ErrorReason;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A failed call. Texts are as they came from the gateway: clean them before you show them on a terminal. */
public final class FlowException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The only {@link #reasonName} that never comes from a gateway: the token file was unusable, and nothing was sent. */
  public static final String TOKEN_FILE_UNUSABLE = "TOKEN_FILE_UNUSABLE";

  /** One rule that the request breaks. */
  public static final class Violation {
    private final String field;
    private final String description;

    Violation(String field, String description) {
      this.field = field;
      this.description = description;
    }

    /** The path in the proto, for example "parameters[3].key". */
    public String field() {
      return field;
    }

    public String description() {
      return description;
    }
  }

  private final transient Failure failure;

  FlowException(Failure failure) {
    super(failure.text());
    this.failure = failure;
  }

  public Status.Code code() {
    return failure.code;
  }

  /** For people: what happened, to what, what to do. {@link #getMessage} has code, reason and execution before it. */
  public String text() {
    return failure.message;
  }

  /** ERROR_REASON_UNSPECIFIED where there is none, or one that this version does not know. */
  public ErrorReason reason() {
    return failure.reason;
  }

  /** As it was sent. Empty: the error was made by a gRPC library or a proxy on the way. */
  public String reasonName() {
    return failure.reasonName;
  }

  /** Speaks of all attempts that were made. */
  public Execution execution() {
    return failure.execution;
  }

  public KeyState keyState() {
    return failure.keyState;
  }

  /** The result code of EnOS's answer, for example 62104. */
  public OptionalLong enosCode() {
    return failure.enosCode;
  }

  public String enosMessage() {
    return failure.enosMessage;
  }

  /** 100 to 599; 0: EnOS did not answer. */
  public int httpStatus() {
    return failure.httpStatus;
  }

  public String enosRequestId() {
    return failure.enosRequestId;
  }

  /** The id that the run most likely has if it was started. A guess. */
  public String likelyFlowInstanceId() {
    return failure.likelyFlowInstanceId;
  }

  public List<Violation> violations() {
    return List.copyOf(failure.violations);
  }

  /** How long to wait before another call. */
  public Optional<Duration> retryAfter() {
    return failure.retryAfter;
  }

  /** By which the gateway's log knows the call. */
  public String requestId() {
    return failure.requestId;
  }

  /** The key that the call had, given or made: use it to repeat the call yourself. */
  public String idempotencyKey() {
    return failure.idempotencyKey;
  }

  /** Whether the call certainly did not start the flow. */
  public boolean safeToRepeat() {
    return failure.safeToRepeat();
  }

  /** Whether the same call with the same key cannot start the flow twice, and may tell more than this one did. */
  public boolean safeToRepeatWithSameKey() {
    return failure.safeToRepeatWithSameKey();
  }
}
