package enos.flow;

import enos.dataflow.v1.ErrorReason;
import io.grpc.Status;
import java.time.Duration;
import java.util.OptionalLong;

/** How often, and with which waits, to repeat a call that cannot start the flow twice. */
public final class RepeatOptions {
  /** Three attempts; waits below 0.2 s, doubling up to 5 s, where the gateway says none. */
  public static final RepeatOptions DEFAULT = new RepeatOptions(3, Duration.ofMillis(200), Duration.ofSeconds(5));
  /** One attempt. */
  public static final RepeatOptions NEVER = new RepeatOptions(1, Duration.ZERO, Duration.ZERO);

  /** Told of a failure before the wait. */
  public interface Listener {
    /** {@code attempt} is the number of the call that follows. */
    void onRepeat(FlowException failure, Duration wait, int attempt);
  }

  final Listener listener;
  private final int maxAttempts;
  private final long initialMillis;
  private final long maxMillis;

  /** {@code maxAttempts} counts the first call. The wait is random, below a limit that starts with the first back-off. */
  public RepeatOptions(int maxAttempts, Duration initialBackoff, Duration maxBackoff) {
    this(maxAttempts, Math.max(0, initialBackoff.toMillis()), Math.max(0, maxBackoff.toMillis()), (failure, wait, attempt) -> {});
  }

  private RepeatOptions(int maxAttempts, long initialMillis, long maxMillis, Listener listener) {
    this.maxAttempts = maxAttempts;
    this.initialMillis = initialMillis;
    this.maxMillis = maxMillis;
    this.listener = listener;
  }

  public RepeatOptions withMaxAttempts(int value) {
    return new RepeatOptions(value, initialMillis, maxMillis, listener);
  }

  public RepeatOptions withListener(Listener value) {
    return new RepeatOptions(maxAttempts, initialMillis, maxMillis, value);
  }

  long backoffMillis(int attemptsMade, double random) {
    long limit = initialMillis;
    for (int i = 1; i < attemptsMade && limit < maxMillis; i++) {
      limit = limit > maxMillis / 2 ? maxMillis : limit * 2;
    }
    return (long) (Math.min(limit, maxMillis) * random);
  }

  /** Whether a call with this code is refused again, whoever made the error. */
  private static boolean isRefusal(Status.Code code) {
    switch (code) {
      case INVALID_ARGUMENT:
      case NOT_FOUND:
      case ALREADY_EXISTS:
      case PERMISSION_DENIED:
      case FAILED_PRECONDITION:
      case OUT_OF_RANGE:
      case UNIMPLEMENTED:
      case UNAUTHENTICATED:
        return true;
      default:
        return false;
    }
  }

  /** Whether calling again cannot start the flow twice and may well succeed. */
  static boolean worthRepeating(Failure failure) {
    if (!failure.safeToRepeat()) {
      return failure.safeToRepeatWithSameKey() && !isRefusal(failure.code);
    }
    return failure.code == Status.Code.UNAVAILABLE || failure.code == Status.Code.RESOURCE_EXHAUSTED;
  }

  /** Milliseconds to wait before the next attempt; empty: there should be none. */
  OptionalLong waitMillis(Failure failure, int attemptsMade, long millisLeft, double random) {
    if (!worthRepeating(failure) || attemptsMade >= maxAttempts) {
      return OptionalLong.empty();
    }
    // Rounded up: who waits as long as this has waited long enough.
    long wait = failure.retryAfter.map(told -> told.plusNanos(999_999).toMillis())
        .orElseGet(() -> backoffMillis(attemptsMade, random));
    return wait < millisLeft ? OptionalLong.of(wait) : OptionalLong.empty();
  }

  /** One attempt. {@code mayHaveStarted}: an earlier one may have started the flow. */
  interface Attempt {
    TriggeredFlow make(boolean mayHaveStarted) throws FlowClient.Failed;
  }

  /** Time and chance, replaced in tests. */
  interface Hooks {
    long millisLeft();

    /** False: interrupted. */
    boolean pause(long millis);

    /** Uniform in [0, 1). */
    double random();
  }

  /** Makes attempts until one succeeds, or another would be wrong or useless. */
  TriggeredFlow repeat(Attempt attempt, Hooks hooks) throws FlowClient.Failed {
    History history = new History();
    for (int attemptsMade = 1; ; attemptsMade++) {
      try {
        return attempt.make(history.mayHaveStarted);
      } catch (FlowClient.Failed failed) {
        history.add(failed.failure);
        OptionalLong wait = waitMillis(failed.failure, attemptsMade, hooks.millisLeft(), hooks.random());
        if (wait.isEmpty()) {
          throw failed;
        }
        listener.onRepeat(new FlowException(failed.failure), Duration.ofMillis(wait.getAsLong()), attemptsMade + 1);
        if (!hooks.pause(wait.getAsLong()) || hooks.millisLeft() <= 0) {
          throw failed; // the last answer stands
        }
      }
    }
  }

  /**
   * What all attempts at one start came to. The execution of an answer speaks of one call alone: after one that may have started
   * the flow, only NOT_EXECUTED of a key that nothing holds, and not because it expired, says that none did.
   */
  static final class History {
    boolean mayHaveStarted;
    private String likelyFlowInstanceId = "";

    void add(Failure failure) {
      if (!failure.safeToRepeat()) {
        mayHaveStarted = true;
        if (!failure.likelyFlowInstanceId.isEmpty()) {
          likelyFlowInstanceId = failure.likelyFlowInstanceId;
        }
      } else if (failure.keyState == KeyState.NONE && failure.reason != ErrorReason.IDEMPOTENCY_KEY_EXPIRED) {
        mayHaveStarted = false;
      } else if (mayHaveStarted) {
        failure.execution = Execution.UNKNOWN;
        failure.message += " That is said of the last call alone: an earlier one may have started the flow.";
        failure.likelyFlowInstanceId = likelyFlowInstanceId;
      }
    }
  }
}
