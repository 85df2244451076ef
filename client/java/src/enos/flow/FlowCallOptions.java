package enos.flow;

import java.time.Duration;

/** How one call is made. Immutable: each method returns changed options. */
public final class FlowCallOptions {
  /** 30 s, with repeats, and a key if the gateway stores keys; no limit for watches. */
  public static final FlowCallOptions DEFAULT = new FlowCallOptions(null, null, "", true, RepeatOptions.DEFAULT);

  final Duration timeout;
  final Duration attemptTimeout;
  final String requestId;
  final boolean makesKey;
  final RepeatOptions repeat;

  private FlowCallOptions(Duration timeout, Duration attemptTimeout, String requestId, boolean makesKey,
      RepeatOptions repeat) {
    this.timeout = timeout;
    this.attemptTimeout = attemptTimeout;
    this.requestId = requestId;
    this.makesKey = makesKey;
    this.repeat = repeat;
  }

  /** Limits the whole call, connecting and repeats included. */
  public FlowCallOptions withTimeout(Duration value) {
    return new FlowCallOptions(value, attemptTimeout, requestId, makesKey, repeat);
  }

  /** Limits each attempt to trigger a flow. */
  public FlowCallOptions withAttemptTimeout(Duration value) {
    return new FlowCallOptions(timeout, value, requestId, makesKey, repeat);
  }

  /** By which the gateway's log is to know the call: 1 to 128 printable ASCII characters, no space at the ends. Not a key. */
  public FlowCallOptions withRequestId(String value) {
    if (!value.matches("[!-~]([ -~]{0,126}[!-~])?")) {
      throw new IllegalArgumentException(
          "request id: expected 1 to 128 printable ASCII characters, without spaces at the ends");
    }
    return new FlowCallOptions(timeout, attemptTimeout, value, makesKey, repeat);
  }

  /** Makes no idempotency key. */
  public FlowCallOptions withoutKey() {
    return new FlowCallOptions(timeout, attemptTimeout, requestId, false, repeat);
  }

  public FlowCallOptions withRepeat(RepeatOptions value) {
    return new FlowCallOptions(timeout, attemptTimeout, requestId, makesKey, value);
  }
}
