'use strict';

// The installed package against a real gateway and a sandbox, whose programs are in the folder ENOS_PROGRAMS.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { FlowClient, FlowError, newIdempotencyKey } = require('./package').installed;

const GUARD = 60000; // no test waits for it
const REQUEST = { userId: 'alice', orgId: 'o15', flowId: 3377 };

// A process that is ended with its test, and the address that it prints.
function start(t, name, pattern, flags, environment = {}) {
  const child = spawn(path.join(process.env.ENOS_PROGRAMS, name), flags,
    { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  const kill = () => { child.kill('SIGKILL'); return ended; };
  t.after(kill);
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (bytes) => {
      output += bytes;
      const found = output.match(pattern);
      if (found) resolve({ address: found[1], kill });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', () => reject(new Error(`${name} ended: ${output}`)));
  });
}

async function setUp(t, { sandboxFlags = [], gatewayFlags = [], keys = true } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'enos-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sandbox = await start(t, 'enos-sandbox', /ENOS_API_URL=(\S+)\n/, ['--listen=127.0.0.1:0', ...sandboxFlags]);
  const startGateway = (listen) => start(t, 'enos-flow-gateway', /listening.*?address\W+(127\.0\.0\.1:\d+)/,
    [`--listen=${listen}`, '--metrics_listen=', '--drain_delay=0s', `--enos_url=${sandbox.address}`, ...gatewayFlags],
    { ENOS_ACCESS_KEY: 'sandbox-key', ENOS_SECRET_KEY: 'sandbox-secret',
      ...(keys ? { ENOS_GATEWAY_IDEMPOTENCY_STORE: `sqlite:${folder}/keys.db` } : {}) });
  const gateway = await startGateway('127.0.0.1:0');
  const calls = async () => (await (await fetch(`${sandbox.address}/_sandbox/calls`)).json()).calls;
  return { gateway, startGateway, calls, client: connect(t, gateway.address) };
}

function connect(t, address, settings) {
  const client = new FlowClient(address, settings);
  t.after(() => client.close());
  return client;
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof FlowError, error.stack);
    return error;
  }
  return assert.fail('it did not fail');
}

// Passes bytes on to `target`, until cut.
async function relay(t, target) {
  const sockets = new Set();
  const [host, port] = target.split(':');
  const server = net.createServer((client) => {
    const gateway = net.connect(Number(port), host);
    for (const one of [client, gateway]) {
      sockets.add(one);
      one.on('error', () => {});
    }
    client.pipe(gateway).pipe(client);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const cut = () => sockets.forEach((one) => one.destroy());
  t.after(() => { server.close(); cut(); });
  return { address: `127.0.0.1:${server.address().port}`, cut };
}

async function last(states) {
  let state;
  for await (state of states);
  return state;
}

test('started, watched, waited for', async (t) => {
  const { client } = await setUp(t, { sandboxFlags: ['--run_time=1s'], gatewayFlags: ['--watch_interval=1s'] });
  const flow = await client.trigger({ ...REQUEST, parameters: { REPLACE: 'ddee' } }, { timeout: GUARD, requestId: 'q-1' });
  assert.match(flow.flowInstanceId, /^3377-\d{14}$/);
  assert.deepEqual([flow.requestId, flow.replayed], ['q-1', false]);
  assert.match(flow.idempotencyKey, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const now = await client.get(flow);
  assert.deepEqual(now.parameters, [['REPLACE', 'ddee']]);
  assert.ok(now.triggerTime instanceof Date);
  const ended = await last(client.watch(flow, { timeout: GUARD }));
  assert.equal(ended.succeeded, true);
  assert.deepEqual(await client.wait(flow, { timeout: GUARD }), ended);
});

test('refused with all violations', async (t) => {
  const { client, calls } = await setUp(t);
  const error = await failure(client.trigger({ ...REQUEST, userId: '', flowId: 0 }));
  assert.deepEqual([error.code, error.reason, error.safeToRepeat], ['INVALID_ARGUMENT', 'INVALID_REQUEST', true]);
  assert.deepEqual(error.violations.map(({ field }) => field), ['user_id', 'flow_id']);
  assert.notEqual(error.requestId, '');
  assert.deepEqual(await calls(), []);
});

test('refused by EnOS', async (t) => {
  const { client } = await setUp(t);
  const error = await failure(client.trigger({ ...REQUEST, flowId: 62104 }));
  assert.deepEqual([error.reason, error.enosCode, error.keyState], ['FLOW_HAS_NO_TASK', 62104, 'NONE']);
});

test('UNKNOWN without a key is not repeated, and DOUBT with one is final', async (t) => {
  const { client, calls } = await setUp(t, { sandboxFlags: ['--fault=500:reset'] });
  const without = await failure(client.trigger({ ...REQUEST, flowId: 500, idempotencyKey: null }));
  assert.deepEqual([without.execution, without.reason], ['UNKNOWN', 'ENOS_CONNECTION_LOST']);
  assert.equal(without.safeToRepeat || without.safeToRepeatWithSameKey, false);
  assert.match(without.likelyFlowInstanceId, /^500-/);
  assert.equal((await calls()).length, 1);
  const keyed = await failure(client.trigger({ ...REQUEST, flowId: 500 }));
  assert.deepEqual([keyed.execution, keyed.keyState, keyed.keyKept, keyed.safeToRepeatWithSameKey], ['UNKNOWN', 'DOUBT', true, false]);
  assert.equal((await calls()).length, 2);
});

test('a connection lost in mid-call: repeated with the key, started once; without one UNKNOWN', async (t) => {
  const { gateway, calls } = await setUp(t, { sandboxFlags: ['--latency=1s'] });
  const between = await relay(t, gateway.address);
  const client = connect(t, between.address);
  await client.trigger({ ...REQUEST, flowId: 1 }, { timeout: GUARD });
  setTimeout(between.cut, 500);
  const flow = await client.trigger(REQUEST, { timeout: GUARD, repeat: { attempts: 20 } });
  assert.equal(flow.replayed, true);
  assert.equal((await calls()).length, 2);
  setTimeout(between.cut, 500);
  const error = await failure(client.trigger({ ...REQUEST, idempotencyKey: null }, { timeout: GUARD }));
  assert.deepEqual([error.execution, error.reasonName], ['UNKNOWN', '']);
});

test('the same key again is replayed', async (t) => {
  const { client } = await setUp(t);
  const request = { ...REQUEST, triggerTime: new Date(), idempotencyKey: newIdempotencyKey() };
  const first = await client.trigger(request);
  const second = await client.trigger(request);
  assert.deepEqual([second.flowInstanceId, first.replayed, second.replayed], [first.flowInstanceId, false, true]);
});

test('a gateway without keys', async (t) => {
  const { client, calls } = await setUp(t, { keys: false });
  assert.equal((await client.trigger({ ...REQUEST, flowId: 1 })).idempotencyKey, undefined);
  assert.equal((await client.trigger({ ...REQUEST, flowId: 2 })).idempotencyKey, undefined);
  assert.equal((await calls()).length, 2);
  const error = await failure(client.trigger({ ...REQUEST, triggerTime: new Date(), idempotencyKey: 'mine' }));
  assert.equal(error.reason, 'IDEMPOTENCY_NOT_OFFERED');
});

test('busy is repeated as long as told', async (t) => {
  const { client, calls } = await setUp(t, { sandboxFlags: ['--fault=3377:code-429x1'], gatewayFlags: ['--max_attempts=1'] });
  const waits = [];
  await client.trigger(REQUEST, { timeout: GUARD, repeat: { onRepeat: (error, wait, next) => waits.push([error.reason, wait, next]) } });
  assert.deepEqual(waits, [['ENOS_RATE_LIMITED', 1000, 2]]);
  assert.equal((await calls()).length, 2);
});

test('connection refused, or not answered: nothing was started', async (t) => {
  const listener = net.createServer((socket) => { t.after(() => socket.destroy()); });
  await new Promise((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  const address = `127.0.0.1:${listener.address().port}`;
  const silent = await failure(connect(t, address).trigger(REQUEST, { timeout: 300 }));
  assert.deepEqual([silent.code, silent.reason, silent.execution], ['DEADLINE_EXCEEDED', 'GATEWAY_UNREACHABLE', 'NOT_EXECUTED']);
  listener.close();
  const client = connect(t, '127.0.0.1:1');
  const refused = await failure(client.trigger(REQUEST, { repeat: null }));
  assert.deepEqual([refused.code, refused.reason, refused.execution], ['UNAVAILABLE', 'GATEWAY_UNREACHABLE', 'NOT_EXECUTED']);
  assert.match(refused.message, /ECONNREFUSED/);
  assert.equal((await failure(client.wait({ ...REQUEST, flowInstanceId: '1-1' }))).execution, undefined);
});

test('a run that is cancelled, and a watch', async (t) => {
  const { client } = await setUp(t, { sandboxFlags: ['--run_time=1h'], gatewayFlags: ['--watch_interval=1s'] });
  const flow = await client.trigger(REQUEST);
  assert.equal((await failure(client.wait(flow, { timeout: 500 }))).reason, 'WATCH_TIMEOUT');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  assert.equal((await failure(client.wait(flow, { signal: abort.signal }))).code, 'CANCELLED');
  for await (const state of client.watch(flow)) {
    assert.equal(state.ended, false);
    break;
  }
  await client.cancel(flow);
  assert.equal((await client.wait(flow, { timeout: GUARD })).state, 'CANCELLED');
});

test('a watch is cancelled before anybody answers', async (t) => {
  const listener = net.createServer((socket) => { t.after(() => socket.destroy()); });
  await new Promise((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  t.after(() => listener.close());
  const client = connect(t, `127.0.0.1:${listener.address().port}`);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  const before = Date.now();
  assert.equal((await failure(client.wait({ ...REQUEST, flowInstanceId: '1-1' }, { signal: abort.signal }))).code, 'CANCELLED');
  assert.ok(Date.now() - before < GUARD / 6);
  const error = await failure(client.trigger(REQUEST, { signal: abort.signal }));
  assert.deepEqual([error.code, error.execution], ['CANCELLED', 'NOT_EXECUTED']);
});

test('a closed client', async (t) => {
  const { client, calls } = await setUp(t, { sandboxFlags: ['--run_time=1h'] });
  const flow = await client.trigger(REQUEST);
  const states = client.watch(flow);
  await states.next();
  const next = failure(states.next());
  client.close();
  assert.equal((await next).code, 'CANCELLED');
  const error = await failure(client.trigger(REQUEST, { repeat: null }));
  assert.deepEqual([error.reason, error.execution], ['GATEWAY_UNREACHABLE', 'NOT_EXECUTED']);
  assert.equal((await calls()).length, 1);
});

test('a gateway that is replaced before the watch', async (t) => {
  const { client, gateway, startGateway } = await setUp(t, { sandboxFlags: ['--run_time=1s'], gatewayFlags: ['--watch_interval=1s'] });
  const flow = await client.trigger(REQUEST);
  await gateway.kill();
  const ended = client.wait(flow, { timeout: GUARD });
  await startGateway(gateway.address);
  assert.equal((await ended).succeeded, true);
});

test('a gateway that dies does not end a watch', async (t) => {
  const { client, gateway, startGateway } = await setUp(t, { sandboxFlags: ['--run_time=3s'], gatewayFlags: ['--watch_interval=1s'] });
  const states = client.watch(await client.trigger(REQUEST), { timeout: GUARD });
  await states.next();
  await gateway.kill();
  await startGateway(gateway.address);
  assert.equal((await last(states)).succeeded, true);
});
