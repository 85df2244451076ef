'use strict';

// Errors and requests as they go over the wire.

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Metadata } = require('@grpc/grpc-js');

const { lib, root } = require('./package');
const { errorOfStatus } = lib('errors');
const { requestToMessage } = lib('model');
const protos = lib('protos');
const { FlowClient, isLoopbackAddress } = lib('index');

function decode(messages, { startsFlow = true, raw } = {}) {
  const metadata = new Metadata();
  const details = messages.map(([name, message]) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.isBuffer(message) ? message : protos.details[name].serialize(message),
  }));
  metadata.set('grpc-status-details-bin', raw ?? protos.details.Status.serialize({ details }));
  metadata.set('x-request-id', 'q-1');
  return errorOfStatus({ code: 14, details: 'what happened', metadata }, startsFlow);
}

const info = (metadata, { reason = 'ENOS_ERROR', domain = 'enos-flow-gateway' } = {}) => ['ErrorInfo', { reason, domain, metadata }];

test('everything there is decoded', () => {
  const error = decode([
    info({ execution: 'NOT_EXECUTED', enos_code: '62104', enos_message: 'No task', http_status: '200', key_state: 'NONE' },
      { reason: 'FLOW_HAS_NO_TASK' }),
    ['BadRequest', { fieldViolations: [{ field: 'user_id', description: 'is missing' }] }],
    ['RetryInfo', { retryDelay: { seconds: 1, nanos: 500000001 } }]]);
  const { code, message, reason, execution, enosCode, enosMessage, httpStatus, keyState, violations, retryAfter, requestId } = error;
  assert.deepEqual({ code, message, reason, execution, enosCode, enosMessage, httpStatus, keyState, violations, retryAfter, requestId }, {
    code: 'UNAVAILABLE', message: 'what happened', reason: 'FLOW_HAS_NO_TASK', execution: 'NOT_EXECUTED', enosCode: 62104,
    enosMessage: 'No task', httpStatus: 200, keyState: 'NONE', violations: [{ field: 'user_id', description: 'is missing' }],
    retryAfter: 1501, requestId: 'q-1' });
  assert.equal(error.safeToRepeat, true);
  assert.equal(String(error), 'UNAVAILABLE (FLOW_HAS_NO_TASK), execution NOT_EXECUTED: what happened (request id q-1)');
});

test('whatever is not the gateway\'s plain word is UNKNOWN', () => {
  for (const [messages, options] of [
    [[]], [[], { raw: Buffer.from([255, 255]) }], [[['ErrorInfo', Buffer.from([255, 255])]]],
    [[info({ execution: 'NOT_EXECUTED' }, { domain: 'proxy.example.com' })]], [[info({})]], [[info({ execution: 'not_executed' })]],
    [[info({ execution: 'NOT_EXECUTED ' })]]]) {
    assert.equal(decode(messages, options).safeToRepeat, false);
  }
  const ours = decode([info({ execution: 'NOT_EXECUTED' }, { domain: 'proxy' }), info({ execution: 'UNKNOWN' }, { reason: 'ENOS_TIMEOUT' })]);
  assert.deepEqual([ours.reason, ours.execution], ['ENOS_TIMEOUT', 'UNKNOWN']);
});

test('names and numbers that are not known', () => {
  const newer = decode([info({}, { reason: 'SOMETHING_NEWER' })]);
  assert.deepEqual([newer.reason, newer.reasonName], ['UNSPECIFIED', 'SOMETHING_NEWER']);
  for (const [text, code, http] of [['503', 503, 503], ['99', 99, undefined], ['600', 600, undefined], ['', undefined, undefined],
    ['abc', undefined, undefined], ['9'.repeat(20), undefined, undefined]]) {
    const error = decode([info({ enos_code: text, http_status: text })]);
    assert.deepEqual([error.enosCode, error.httpStatus], [code, http], text);
  }
});

test('a call that starts nothing has no execution', () => {
  const error = decode([info({ execution: 'UNKNOWN', likely_flow_instance_id: '7-1' })], { startsFlow: false });
  assert.deepEqual([error.execution, error.likelyFlowInstanceId, error.safeToRepeat], [undefined, '', true]);
});

test('the types name what the proto names', () => {
  const types = readFileSync(path.join(root, 'index.d.ts'), 'utf8');
  const union = (name) => types.match(new RegExp(`type ${name} =\n([^;]*);`))[1].match(/\w+/g);
  assert.deepEqual(union('Reason'), ['UNSPECIFIED', ...protos.reasons]);
  assert.deepEqual(union('FlowInstanceState'), [...protos.states]);
});

test('a request becomes a message, or is refused', () => {
  const request = { userId: 'alice', orgId: 'o15', flowId: 7 };
  const time = new Date('2026-07-01T08:00:00.005Z');
  assert.deepEqual(requestToMessage({ ...request, triggerTime: time, parameters: [['A', '1'], ['A', '2']] }), {
    ...request, triggerTime: { seconds: 1782892800, nanos: 5000000 }, parameters: [{ key: 'A', value: '1' }, { key: 'A', value: '2' }] });
  assert.deepEqual(requestToMessage({ ...request, triggerTime: time, parameters: { A: '1' } }).parameters, [{ key: 'A', value: '1' }]);
  for (const [more, begins] of [[{ idempotencyKey: 'mine' }, /^triggerTime: /], [{ flowId: 1.5 }, /^flowId: /], [{ userId: 1 }, /^userId: /],
    [{ triggerTime: new Date(NaN) }, /^triggerTime: /]]) {
    assert.throws(() => requestToMessage({ ...request, ...more }, new Date()), { message: begins });
  }
});

test('wrong settings are named', () => {
  for (const [address, settings, begins] of [
    ['gateway', {}, /^address=gateway: /], ['a:1', { caFile: '/no/such' }, /^caFile=\/no\/such: cannot be read/],
    ['a:1', { caFile: __filename }, /^caFile=.*: expected a PEM/], ['a:1', { certFile: 'c' }, /^certFile=c: expected keyFile/],
    ['a:1', { plaintext: true, serverName: 'x' }, /^plaintext: /], ['a:1', { tokenFile: '/no/such' }, /^tokenFile=\/no\/such: /],
    ['a:1', { plaintext: true, tokenFile: __filename }, /^tokenFile=.*: a token is not sent/],
    ['a:1', { tokenFile: __filename }, /^tokenFile=.*: expected a single token|at most/], ['a:1', { tokenFile: 'eyJhbGci' }, /^tokenFile=.a token/]]) {
    assert.throws(() => new FlowClient(address, settings), { name: 'TypeError', message: begins });
  }
});

test('loopback', () => {
  for (const address of ['localhost:1', '127.9.9.9:1', '[::1]:1', 'ipv4:127.0.0.1:1', 'dns:///localhost:1', 'unix:/run/x']) {
    assert.equal(isLoopbackAddress(address), true, address);
  }
  for (const address of ['gateway:1', '10.0.0.1:1', '[::2]:1', '127.example.com:1', 'ipv6:[::1]:1,[2001:db8::1]:1']) assert.equal(isLoopbackAddress(address), false, address);
});
