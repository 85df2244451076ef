package enos.flow;

/** What the gateway knows of the idempotency key of a call. */
public enum KeyState {
  /** The key was not looked up. */
  NOT_TOLD,
  /** Nothing holds the key. */
  NONE,
  /** An attempt is in progress, or its outcome is not known yet. */
  RESERVED,
  /** An attempt may have started the flow; no repeat will change that. */
  DOUBT,
  /** The key belongs to another request. */
  REUSED
}
