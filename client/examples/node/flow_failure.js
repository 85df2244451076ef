'use strict';

// What the gateway says about a call that failed, and whether the call may be repeated.

const grpc = require('@grpc/grpc-js');

const DOMAIN = 'enos-flow-gateway';
const NOT_EXECUTED = 'NOT_EXECUTED'; // a promise: the flow was not started
const UNKNOWN = 'UNKNOWN'; // it may have been started

class FlowFailure {
  // `rpc` is the loaded package google.rpc. An error without the gateway's ErrorInfo came from a library or a proxy on
  // the way, which cannot know whether the flow was started.
  constructor(error, rpc) {
    this.code = error.code;
    this.message = error.details;
    this.reason = 'no reason';
    this.execution = UNKNOWN;
    this.metadata = {}; // enos_code, enos_message and so on
    this.violations = [];
    this.retryAfter = undefined; // ms
    const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
    try {
      if (bytes) this.#unpack(rpc.Status.deserialize(bytes).details, rpc);
    } catch {
      // Unreadable details are ignored.
      this.execution = UNKNOWN;
    }
  }

  #unpack(details, rpc) {
    for (const { type_url: type, value } of details) {
      switch (type.slice(type.lastIndexOf('/') + 1)) {
        case 'google.rpc.ErrorInfo': {
          const info = rpc.ErrorInfo.deserialize(value);
          if (info.domain !== DOMAIN) break;
          this.reason = info.reason;
          this.metadata = info.metadata;
          if (info.metadata.execution === NOT_EXECUTED) this.execution = NOT_EXECUTED;
          break;
        }
        case 'google.rpc.BadRequest':
          this.violations = rpc.BadRequest.deserialize(value).fieldViolations;
          break;
        case 'google.rpc.RetryInfo': {
          const { retryDelay } = rpc.RetryInfo.deserialize(value);
          this.retryAfter = Number(retryDelay?.seconds ?? 0) * 1000 + (retryDelay?.nanos ?? 0) / 1e6;
          break;
        }
      }
    }
  }

  // Milliseconds to wait before the call may be repeated; undefined: it must not be, or repeating would not help. Only what was
  // certainly not started may be repeated; only these two codes may be temporary.
  wait(attempt, timeLeft) {
    const mayPass = this.code === grpc.status.UNAVAILABLE || this.code === grpc.status.RESOURCE_EXHAUSTED;
    if (this.execution !== NOT_EXECUTED || !mayPass) return undefined;
    // Without RetryInfo: back off, with full jitter.
    const wait = this.retryAfter ?? Math.random() * Math.min(5000, 200 * 2 ** (attempt - 1));
    return wait < timeLeft ? wait : undefined;
  }

  toString() {
    const lines = [`${grpc.status[this.code]} (${this.reason}), execution ${this.execution}: ${this.message}`];
    for (const { field, description } of this.violations) lines.push(`  field ${field}: ${description}`);
    const { enos_code: enosCode, enos_message: enosMessage } = this.metadata;
    if (enosCode !== undefined) lines.push(`  EnOS code ${enosCode}: ${enosMessage ?? ''}`);
    return lines.join('\n');
  }
}

module.exports = { FlowFailure, NOT_EXECUTED };
