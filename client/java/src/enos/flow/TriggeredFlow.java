package enos.flow;

/** A run that was started. Texts are empty where there is none. */
public final class TriggeredFlow {
  private final String flowInstanceId;
  private final boolean replayed;
  private final String requestId;
  private final String enosRequestId;
  private final String idempotencyKey;

  TriggeredFlow(String flowInstanceId, boolean replayed, String requestId, String enosRequestId, String idempotencyKey) {
    this.flowInstanceId = flowInstanceId;
    this.replayed = replayed;
    this.requestId = requestId;
    this.enosRequestId = enosRequestId;
    this.idempotencyKey = idempotencyKey;
  }

  /** Never empty, for example "3377-20261122225300". */
  public String flowInstanceId() {
    return flowInstanceId;
  }

  /** The answer of an earlier call with the same key; nothing was started now. */
  public boolean replayed() {
    return replayed;
  }

  /** By which the gateway's log knows the call. */
  public String requestId() {
    return requestId;
  }

  public String enosRequestId() {
    return enosRequestId;
  }

  /** The key that the gateway keeps for this start, given or made. */
  public String idempotencyKey() {
    return idempotencyKey;
  }
}
