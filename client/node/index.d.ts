/** Starts EnOS flows through enos-flow-gateway, and reads, watches and cancels their runs. Times are in milliseconds. */

export interface ClientSettings {
  /**
   * undefined: TLS, but for a loopback address without TLS settings. true: without TLS, so that what is sent can be read and changed on the
   * way. false: TLS always.
   */
  plaintext?: boolean;
  /** A PEM file of the authorities to trust; undefined: Node's own. */
  caFile?: string;
  /** PEM files of this client's own certificate and its key. */
  certFile?: string;
  keyFile?: string;
  /** The name in the gateway's certificate, if it is not the host of the address. */
  serverName?: string;
  /** A file with a bearer token, read anew for each attempt. */
  tokenFile?: string;
}

export interface FlowRequest {
  userId: string;
  orgId: string;
  flowId: number;
  /** An object, or pairs where order or duplicates matter. */
  parameters?: Record<string, string> | Iterable<readonly [string, string]>;
  /** The planned time; undefined: now. In the past: at once. */
  triggerTime?: Date;
  /**
   * 'auto' (the default): a new key for each `trigger`, if the gateway stores keys. null: none. Or a key of your own, which needs an explicit
   * triggerTime, because a repeat has to be the same request.
   */
  idempotencyKey?: 'auto' | null | (string & {});
}

/** Which run, and on whose behalf. */
export interface Run {
  userId: string;
  orgId: string;
  flowInstanceId: string;
}

/** The run that was started; `get`, `watch`, `wait` and `cancel` take it as it is. */
export interface TriggeredFlow extends Run {
  /** The answer of an earlier call with the same key: nothing was started now. */
  replayed: boolean;
  /** The call's id in the gateway's log. */
  requestId: string;
  /** EnOS's own id of the request; '' if it gave none. */
  enosRequestId: string;
  /** The key that the gateway keeps; undefined: none. */
  idempotencyKey?: string;
}

export interface CallOptions {
  /** For everything; 30,000 by default. */
  timeout?: number;
  /** 1 to 128 printable ASCII characters; the gateway logs the call under it. */
  requestId?: string;
  /** Aborted: nothing more is waited for. A run that was started goes on. */
  signal?: AbortSignal;
}

/** How often, and with which delays, to repeat a call that cannot start the flow twice. */
export interface Repeat {
  /** Including the first call; 3 by default. */
  attempts?: number;
  /** Where the gateway names no wait: a random time between 0 and a limit that starts here (200) and doubles… */
  initialBackoff?: number;
  /** …up to this one (5000). */
  maxBackoff?: number;
  /** Called before each wait. */
  onRepeat?: (error: FlowError, wait: number, nextAttempt: number) => void;
}

export interface TriggerOptions extends CallOptions {
  /** For each single call; undefined: what is left of `timeout`. */
  attemptTimeout?: number;
  /** null: one call only. */
  repeat?: Repeat | null;
}

export interface WatchOptions extends CallOptions {
  /** How long to watch at most; undefined: until the run has ended. */
  timeout?: number;
  /** How long to wait before watching again; its attempts mean nothing here. */
  repeat?: Repeat;
}

export type FlowInstanceState =
  | 'UNSPECIFIED'
  | 'INITIALIZING'
  | 'WAITING'
  | 'READY'
  | 'RUNNING'
  | 'SUSPENDED'
  | 'RERUNNING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'INTERNAL_ERROR'
  | 'TIMED_OUT'
  | 'CANCELLED'
  | 'SKIPPED';

export interface TaskInstance {
  taskInstanceId: string;
  taskId: number;
  taskName: string;
  state: FlowInstanceState;
  enosStatus: number;
}

/** A run at one moment. A time that is not known is undefined. */
export interface FlowInstance {
  flowInstanceId: string;
  flowId: number;
  flowName: string;
  state: FlowInstanceState;
  enosStatus: number;
  enosStatusText: string;
  /** Nothing of this run goes on. FAILED alone does not say so: EnOS marks a run with its first failed task. */
  ended: boolean;
  /** It has ended, and well. */
  succeeded: boolean;
  triggerTime?: Date;
  startTime?: Date;
  endTime?: Date;
  owner: string;
  parameters: [string, string][];
  tasks: TaskInstance[];
}

/** Why a call failed: `ErrorReason` of the proto, which says for each what to do. */
export type Reason =
  | 'UNSPECIFIED'
  | 'INVALID_REQUEST'
  | 'CALLER_UNAUTHENTICATED'
  | 'CALLER_NOT_ALLOWED'
  | 'ENOS_INVALID_ARGUMENT'
  | 'ENOS_PERMISSION_DENIED'
  | 'FLOW_HAS_NO_TASK'
  | 'ENOS_LOCKED'
  | 'ENOS_NOT_FOUND'
  | 'ENOS_UNIMPLEMENTED'
  | 'ENOS_ALREADY_EXISTS'
  | 'ENOS_OUT_OF_RANGE'
  | 'ENOS_CREDENTIALS_REFUSED'
  | 'ENOS_RATE_LIMITED'
  | 'ENOS_UNREACHABLE'
  | 'ENOS_UNAVAILABLE'
  | 'GATEWAY_OVERLOADED'
  | 'GATEWAY_SHUTTING_DOWN'
  | 'ENOS_INTERNAL'
  | 'ENOS_TIMEOUT'
  | 'ENOS_CONNECTION_LOST'
  | 'ENOS_ERROR'
  | 'ENOS_MALFORMED_RESPONSE'
  | 'GATEWAY_UNREACHABLE'
  | 'WATCH_TIMEOUT'
  | 'IDEMPOTENCY_NOT_OFFERED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'IDEMPOTENCY_KEY_EXPIRED'
  | 'IDEMPOTENCY_STORE_UNAVAILABLE'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'IDEMPOTENCY_IN_DOUBT';

export interface FieldViolation {
  /** The path in the proto, for example `parameters[3].key`. */
  field: string;
  description: string;
}

/** A failed call. The texts are as the gateway sent them. */
export class FlowError extends Error {
  constructor(code: string, message: string, fields?: Partial<FlowError>);
  /** The gRPC code's name, for example 'UNAVAILABLE'. */
  code: string;
  /** 'UNSPECIFIED' where this version does not know it, and of errors that a gRPC library or a proxy made. */
  reason: Reason;
  /** The reason as the gateway sent it; '' if the error is not the gateway's. */
  reasonName: string;
  /** 'NOT_EXECUTED': the flow was certainly not started. 'UNKNOWN': it may be running. undefined: the call starts nothing. */
  execution?: 'NOT_EXECUTED' | 'UNKNOWN';
  /** What the gateway knows of the key; undefined: there was none, or it was not looked up. DOUBT is final. */
  keyState?: 'NONE' | 'RESERVED' | 'DOUBT' | 'REUSED';
  enosCode?: number;
  enosMessage: string;
  httpStatus?: number;
  enosRequestId: string;
  /** With UNKNOWN: the id that the run most likely has if it was started. A guess. */
  likelyFlowInstanceId: string;
  violations: FieldViolation[];
  /** How long to wait before another call. */
  retryAfter?: number;
  /** The call's id in the gateway's log. */
  requestId: string;
  /** The key that the call was made with; keep it for a repeat of your own. */
  idempotencyKey?: string;
  /** The gateway is known to keep that key. */
  keyKept: boolean;
  /** The flow was certainly not started: calling again cannot start it twice. Whether it can help is another question. */
  readonly safeToRepeat: boolean;
  /** The same request with the same idempotencyKey cannot start the flow twice, and may tell more. */
  readonly safeToRepeatWithSameKey: boolean;
}

/** Make one per gateway and keep it: it is the connection. */
export class FlowClient {
  /**
   * @param address host:port, or gRPC's own forms (`dns:///host:port`, `unix:/path`); '127.0.0.1:50051' by default
   * @throws TypeError if a setting is wrong; its message begins with the name
   */
  constructor(address?: string, settings?: ClientSettings);
  /** Starts a flow, once at most. Rejects with a FlowError, which speaks of all calls that were made here. */
  trigger(request: FlowRequest, options?: TriggerOptions): Promise<TriggeredFlow>;
  /** What has become of a run, now. */
  get(run: Run, options?: CallOptions): Promise<FlowInstance>;
  /**
   * The states of a run: the first at once, then each change, the last one `ended`. Leaving the loop stops watching. A gateway that cannot
   * be reached is waited for, but where this client never had a connection.
   */
  watch(run: Run, options?: WatchOptions): AsyncGenerator<FlowInstance, void, undefined>;
  /** The run, once it has ended. */
  wait(run: Run, options?: WatchOptions): Promise<FlowInstance>;
  /** Ends a run. EnOS has taken the request then; watch the run to see it take effect. */
  cancel(run: Run, options?: CallOptions): Promise<void>;
  /** Ends the connection, and what is being watched (CANCELLED). */
  close(): void;
}

/** A new key for FlowRequest.idempotencyKey: a UUID of version 7. Keep it with the whole request. */
export function newIdempotencyKey(): string;

/** Whether an address can only mean this machine. */
export function isLoopbackAddress(address: string): boolean;
