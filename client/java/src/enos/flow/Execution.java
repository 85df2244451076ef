package enos.flow;

/** Whether the flow may have been started. */
public enum Execution {
  /** Certain: the flow was not started, and calling again cannot start it twice. */
  NOT_EXECUTED,
  /** The flow may be running: look in EnOS before calling again without a key. */
  UNKNOWN,
  /** The call was not one that starts flows, but one that reads, watches or cancels a run. */
  STARTS_NOTHING
}
