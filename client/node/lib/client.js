'use strict';

// The client. Its methods are described in index.d.ts.

const { callUnary, checkRequestId } = require('./call');
const { makeClient } = require('./channel');
const { FlowError, ownError, textOf } = require('./errors');
const { KeptKeys, newIdempotencyKey } = require('./keys');
const { instanceOfMessage, requestToMessage, runToMessage } = require('./model');
const { service } = require('./protos');
const { DEFAULTS, repeatWhileSafe } = require('./repeat');
const { watchRun } = require('./watch');

const TIMEOUT = 30000;
const ONCE = { attempts: 1 };

class FlowClient {
  #target;
  #keys = new KeptKeys();

  constructor(address = '127.0.0.1:50051', settings = {}) {
    this.#target = { client: makeClient({ ...settings, address }), tokenFile: settings.tokenFile, closed: false, wasConnected: false,
      streams: new Set() };
  }

  close() {
    this.#target.closed = true;
    for (const stream of this.#target.streams) stream.cancel();
    this.#target.client.close();
  }

  async trigger(request, { timeout = TIMEOUT, attemptTimeout = Infinity, repeat = {}, requestId, signal } = {}) {
    checkRequestId(requestId);
    const { idempotencyKey = 'auto' } = request;
    const auto = idempotencyKey === 'auto';
    const message = requestToMessage(request, new Date());
    message.idempotencyKey = auto ? newIdempotencyKey() : idempotencyKey ?? '';
    const attempt = async (timeLeft, mayHaveStarted) => {
      // It may have been another gateway's word in the meantime.
      if (mayHaveStarted && this.#keys.newest !== true) return { error: keysNoLongerKept() };
      const options = { timeout: Math.min(timeLeft, attemptTimeout), requestId, signal, startsFlow: true };
      if (auto && this.#keys.notOffered && !mayHaveStarted) message.idempotencyKey = '';
      const answer = await this.#triggerOnce(message, options);
      if (!auto || mayHaveStarted || answer.error?.reason !== 'IDEMPOTENCY_NOT_OFFERED') return answer;
      this.#keys.notOffered = true;
      message.idempotencyKey = '';
      return this.#triggerOnce(message, options);
    };
    const { error, flow } = await repeatWhileSafe(attempt, timeout, { ...DEFAULTS, ...(repeat ?? ONCE) }, { signal });
    if (error) throw error;
    return flow;
  }

  async get(run, options) {
    const { flowInstance } = await this.#read(service.GetFlowInstance, run, options);
    if (!flowInstance) throw ownError('INTERNAL', 'the gateway answered OK without a flow instance', false);
    return instanceOfMessage(flowInstance);
  }

  watch(run, { timeout, requestId, signal, repeat = {} } = {}) {
    checkRequestId(requestId);
    return watchRun(this.#target, runToMessage(run), { timeout, requestId, signal, repeat: { ...DEFAULTS, ...repeat } });
  }

  async wait(run, options) {
    let last;
    for await (const instance of this.watch(run, options)) last = instance;
    return last;
  }

  async cancel(run, options) {
    await this.#read(service.CancelFlowInstance, run, options);
  }

  async #triggerOnce(message, options) {
    const { error, response, initial, trailing } = await callUnary(this.#target, service.UpdateAndTriggerFlow, message, options);
    const key = message.idempotencyKey || undefined;
    // An answer without initial metadata is an older gateway's, too.
    const kept = key !== undefined && this.#keys.learn(initial ?? (error ? undefined : trailing));
    const requestId = textOf(trailing, 'x-request-id') || options.requestId || '';
    const enosRequestId = textOf(trailing, 'enos-request-id');
    if (error) return { error: Object.assign(error, { idempotencyKey: key, keyKept: kept }) };
    if (!response.flowInstanceId) {
      return { error: new FlowError('INTERNAL', 'the gateway answered OK without a flow instance id',
        { enosRequestId, requestId, idempotencyKey: key, keyKept: kept }) };
    }
    const { userId, orgId } = message;
    return { flow: { userId, orgId, flowInstanceId: response.flowInstanceId, replayed: response.replayed, requestId, enosRequestId,
      idempotencyKey: kept ? key : undefined } };
  }

  async #read(method, run, { timeout = TIMEOUT, requestId, signal } = {}) {
    checkRequestId(requestId);
    const { error, response } = await callUnary(this.#target, method, runToMessage(run), { timeout, requestId, signal });
    if (error) throw error;
    return response;
  }
}

const keysNoLongerKept = () =>
  ownError('FAILED_PRECONDITION', 'the gateway no longer says that it keeps idempotency keys; not called again.', true);

module.exports = { FlowClient };
