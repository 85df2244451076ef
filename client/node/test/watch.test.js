'use strict';

// Which ends of a stream are followed by another, also against a gateway that ends streams as told.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const grpc = require('@grpc/grpc-js');

const { installed: { FlowClient }, lib } = require('./package');
const { ownError } = lib('errors');
const { service } = lib('protos');
const { meansWatchAgain } = lib('watch');

const RUN = { userId: 'alice', orgId: 'o15', flowInstanceId: '1-2' };

test('which ends of a stream are followed by another', () => {
  for (const [code, reason, hadState, hasToken, again] of [
    ['UNAVAILABLE', '', false, false, true],
    ['UNAVAILABLE', 'GATEWAY_SHUTTING_DOWN', true, false, true],
    ['INTERNAL', '', true, false, true],
    ['CANCELLED', '', true, false, true], // by a drain
    ['INTERNAL', '', false, false, false],
    ['CANCELLED', '', false, false, false],
    ['DEADLINE_EXCEEDED', '', true, false, false],
    ['UNAUTHENTICATED', 'CALLER_UNAUTHENTICATED', true, true, true],
    ['UNAUTHENTICATED', 'CALLER_UNAUTHENTICATED', false, true, false],
    ['UNAUTHENTICATED', 'CALLER_UNAUTHENTICATED', true, false, false],
    ['NOT_FOUND', 'ENOS_NOT_FOUND', true, true, false]]) {
    assert.equal(meansWatchAgain(ownError(code, 'it failed.', false, reason), hadState, hasToken), again, `${code} ${reason}`);
  }
});

// Ends watches with the codes of `cuts`, one after another, each after a state; the watch after them sees the run's end.
async function fakeGateway(t, cuts) {
  const server = new grpc.Server();
  const flowInstance = { flowInstanceId: RUN.flowInstanceId };
  server.addService({ watchFlowInstance: service.WatchFlowInstance }, {
    watchFlowInstance(call) {
      call.write({ flowInstance });
      const code = cuts.shift();
      if (code !== undefined) return call.emit('error', { code, details: '' });
      call.write({ flowInstance: { ...flowInstance, ended: true } });
      return call.end();
    },
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  t.after(() => server.forceShutdown());
  const client = new FlowClient(`127.0.0.1:${port}`);
  t.after(() => client.close());
  return client;
}

test('a watch goes on over streams that are cut', async (t) => {
  const cuts = [grpc.status.UNAVAILABLE, grpc.status.CANCELLED, grpc.status.INTERNAL];
  const client = await fakeGateway(t, cuts);
  const states = [];
  for await (const { ended } of client.watch(RUN, { repeat: { initialBackoff: 1, maxBackoff: 1 } })) states.push(ended);
  assert.deepEqual(states, [false, true]);
  assert.deepEqual(cuts, []);
});

for (const end of ['signal', 'client']) {
  test(`a watch whose ${end} ends it in a pause is not opened again`, async (t) => {
    const cuts = Array(9).fill(grpc.status.CANCELLED);
    const client = await fakeGateway(t, cuts);
    const abort = new AbortController();
    const onRepeat = () => (end === 'signal' ? abort.abort() : client.close());
    const waiting = client.wait(RUN, { signal: abort.signal, repeat: { initialBackoff: 1, onRepeat } });
    await assert.rejects(waiting, { code: 'CANCELLED', message: /the watch was cancelled/ });
    assert.equal(cuts.length, 8);
  });
}
