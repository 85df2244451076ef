'use strict';

// What a failed call means. The fields are described in index.d.ts.

const grpc = require('@grpc/grpc-js');
const { details, reasons } = require('./protos');

const DOMAIN = 'enos-flow-gateway';
const MAX_WAIT = 2 ** 31 - 1; // ms; a timer of more ends at once
const KEY_STATES = new Set(['NONE', 'RESERVED', 'DOUBT', 'REUSED']);

class FlowError extends Error {
  constructor(code, message, fields = {}) {
    super(message);
    this.name = 'FlowError';
    this.code = code;
    this.reason = 'UNSPECIFIED';
    this.reasonName = '';
    this.execution = 'UNKNOWN';
    this.keyState = undefined;
    this.enosCode = undefined;
    this.enosMessage = '';
    this.httpStatus = undefined;
    this.enosRequestId = '';
    this.likelyFlowInstanceId = '';
    this.violations = [];
    this.retryAfter = undefined;
    this.requestId = '';
    this.idempotencyKey = undefined;
    this.keyKept = false;
    Object.assign(this, fields);
  }

  get safeToRepeat() {
    return this.execution !== 'UNKNOWN';
  }

  get safeToRepeatWithSameKey() {
    return this.safeToRepeat || (this.keyKept && this.keyState !== 'DOUBT');
  }

  toString() {
    const execution = this.execution === undefined ? '' : `, execution ${this.execution}`;
    const requestId = this.requestId === '' ? '' : ` (request id ${this.requestId})`;
    return `${this.code} (${this.reasonName || 'no reason'})${execution}: ${this.message}${requestId}`;
  }
}

// Of a status of @grpc/grpc-js. Only an ErrorInfo of the gateway's domain can say NOT_EXECUTED: a library or a proxy cannot know whether
// the flow was started.
function errorOfStatus(status, startsFlow) {
  const error = new FlowError(grpc.status[status.code] ?? `CODE_${status.code}`, status.details ?? '');
  const [bytes] = status.metadata.get('grpc-status-details-bin');
  for (const { typeUrl, value } of decode(details.Status, bytes ?? Buffer.alloc(0))?.details ?? []) {
    readDetail(typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value, error);
  }
  error.requestId = textOf(status.metadata, 'x-request-id');
  error.enosRequestId ||= textOf(status.metadata, 'enos-request-id');
  if (!startsFlow) Object.assign(error, { execution: undefined, likelyFlowInstanceId: '' });
  return error;
}

// An error of this package's own, of a call that was not sent.
function ownError(code, message, startsFlow, reasonName = '') {
  return new FlowError(code, message,
    { reasonName, reason: reasonOf(reasonName), execution: startsFlow ? 'NOT_EXECUTED' : undefined });
}

function readDetail(name, value, error) {
  switch (name) {
    case 'google.rpc.ErrorInfo': {
      const info = decode(details.ErrorInfo, value);
      // The first of ours; a proxy may have added its own.
      if (info?.domain === DOMAIN && !error.reasonName) readErrorInfo(info, error);
      break;
    }
    case 'google.rpc.RetryInfo': {
      const delay = decode(details.RetryInfo, value)?.retryDelay;
      if (delay) error.retryAfter = Math.min(Math.max(0, Math.ceil(Number(delay.seconds) * 1000 + delay.nanos / 1e6)), MAX_WAIT);
      break;
    }
    case 'google.rpc.BadRequest':
      error.violations.push(...(decode(details.BadRequest, value)?.fieldViolations ?? [])
        .map(({ field, description }) => ({ field, description })));
      break;
  }
}

function readErrorInfo({ reason, metadata }, error) {
  error.reasonName = reason;
  error.reason = reasonOf(reason);
  if (metadata.execution === 'NOT_EXECUTED') error.execution = 'NOT_EXECUTED';
  if (KEY_STATES.has(metadata.key_state)) error.keyState = metadata.key_state;
  error.enosCode = integerOf(metadata.enos_code);
  const httpStatus = integerOf(metadata.http_status);
  if (httpStatus >= 100 && httpStatus <= 599) error.httpStatus = httpStatus;
  error.enosMessage = metadata.enos_message ?? '';
  error.enosRequestId = metadata.enos_request_id ?? '';
  error.likelyFlowInstanceId = metadata.likely_flow_instance_id ?? '';
}

function decode(type, bytes) {
  try {
    return type.deserialize(bytes);
  } catch {
    return undefined; // what is damaged says nothing
  }
}

const reasonOf = (name) => (reasons.has(name) ? name : 'UNSPECIFIED');

function integerOf(text) {
  return /^-?\d+$/.test(text ?? '') && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

const textOf = (metadata, key) => String(metadata.get(key)[0] ?? '');

module.exports = { FlowError, errorOfStatus, ownError, textOf };
