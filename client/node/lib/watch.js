'use strict';

// Watching a run, however many streams that takes.

const { isDeepStrictEqual } = require('node:util');
const { setTimeout: sleep } = require('node:timers/promises');

const grpc = require('@grpc/grpc-js');
const { makeMetadata } = require('./call');
const { connect } = require('./channel');
const { errorOfStatus, ownError } = require('./errors');
const { instanceOfMessage } = require('./model');
const { backoffWait } = require('./repeat');
const { service } = require('./protos');

const METHOD = service.WatchFlowInstance;
const CONNECT_TIMEOUT = 30000;

const cancelled = () => ownError('CANCELLED', 'the watch was cancelled; the run goes on', false);
const timeIsUp = () => ownError('DEADLINE_EXCEEDED', 'the run had not ended when the time to watch it was over; it goes on', false,
  'WATCH_TIMEOUT');

// The states of a run: the first at once, then each change, the last one `ended`. Throws a FlowError where it can be watched no longer.
async function* watchRun(target, message, { timeout, requestId, signal, repeat }) {
  const deadline = timeout === undefined ? Infinity : Date.now() + timeout;
  // A gateway that this client never reached is an error, one that has gone is waited for.
  const unreachable = target.wasConnected ? undefined
    : await connect(target, Math.min(deadline, Date.now() + CONNECT_TIMEOUT), false, signal);
  const isCancelled = () => signal?.aborted || target.closed;
  if (unreachable) throw isCancelled() ? cancelled() : unreachable;
  let last;
  let failures = 0;
  for (;;) {
    if (isCancelled()) throw cancelled();
    if (Date.now() >= deadline) throw timeIsUp();
    let hadState = false;
    const { error: unusable, metadata } = makeMetadata(target, requestId, false);
    if (unusable) throw unusable;
    let error;
    try {
      for await (const { flowInstance } of openStream(target, message, metadata, deadline, signal)) {
        hadState = true;
        if (isDeepStrictEqual(flowInstance, last)) continue; // a stream begins with a state that the one before it may have told
        last = flowInstance;
        failures = 0;
        yield instanceOfMessage(flowInstance);
        if (flowInstance.ended) return;
      }
      throw ownError('INTERNAL', 'the gateway ended the watch before the run had ended', false);
    } catch (thrown) {
      if (thrown.metadata === undefined) throw thrown; // not the stream's
      if (isCancelled()) throw cancelled();
      error = errorOfStatus(thrown, false);
    }
    // The library gave up before the gateway's answer came.
    if (error.code === 'DEADLINE_EXCEEDED' && !error.reasonName) throw timeIsUp();
    if (!meansWatchAgain(error, hadState, Boolean(target.tokenFile))) throw error;
    failures++;
    const wait = error.retryAfter ?? backoffWait(failures, Math.random(), repeat);
    if (Date.now() + wait >= deadline) throw error;
    repeat.onRepeat?.(error, wait, failures + 1);
    await sleep(wait, undefined, { signal }).catch(() => {}); // aborted: the loop says so
  }
}

// One stream; cancelled when it is left.
async function* openStream({ client, streams }, message, metadata, deadline, signal) {
  const options = deadline === Infinity ? {} : { deadline };
  const stream = client.makeServerStreamRequest(METHOD.path, METHOD.requestSerialize, METHOD.responseDeserialize, message, metadata, options);
  streams.add(stream);
  const abort = () => stream.cancel();
  signal?.addEventListener('abort', abort);
  stream.on('error', () => {}); // one that comes after the stream is left; the iteration has its own
  try {
    yield* stream;
  } finally {
    streams.delete(stream);
    signal?.removeEventListener('abort', abort);
    stream.cancel();
  }
}

// Whether a stream that its user did not cancel, and that ended so, is to be followed by another.
function meansWatchAgain(error, hadState, hasToken) {
  if (error.code === 'UNAVAILABLE') return true;
  if (!hadState) return false;
  // Without details: a proxy that cut it, or a drain that cancelled it; not our own end of the watch.
  if (!error.reasonName) return error.code !== 'DEADLINE_EXCEEDED';
  return hasToken && error.reasonName === 'CALLER_UNAUTHENTICATED';
}

module.exports = { meansWatchAgain, watchRun };
