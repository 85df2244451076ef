'use strict';

// The rule of repeats, with a clock that only sleeping and calling advance.

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { test } = require('node:test');
const { status } = require('@grpc/grpc-js');

const { lib } = require('./package');
const { FlowError } = lib('errors');
const { KeptKeys, makeIdempotencyKey } = lib('keys');
const { DEFAULTS, isWorthRepeating, repeatWhileSafe, waitBeforeRepeat } = lib('repeat');

const busy = (fields) => new FlowError('UNAVAILABLE', 'it failed.', { execution: 'NOT_EXECUTED', ...fields });
const lost = (fields) => new FlowError('UNKNOWN', 'it failed.', { execution: 'UNKNOWN', ...fields });
const of = (code, execution, fields) => new FlowError(code, 'it failed.', { execution, ...fields });

test('without a key only what was not executed and may pass is repeated', () => {
  for (const code of Object.keys(status).filter(Number.isNaN)) {
    const mayPass = code === 'UNAVAILABLE' || code === 'RESOURCE_EXHAUSTED';
    assert.equal(isWorthRepeating(of(code, 'NOT_EXECUTED')), mayPass, code);
    assert.equal(isWorthRepeating(of(code, 'UNKNOWN')), false, code);
  }
});

test('the wait', () => {
  const repeat = { attempts: 5, initialBackoff: 100, maxBackoff: 350 };
  for (const [error, made, left, chance, expected] of [
    [busy(), 1, 6e4, 0.5, 50], [busy(), 2, 6e4, 0.5, 100], [busy(), 3, 6e4, 0.5, 175], [busy(), 4, 6e4, 0.5, 175],
    [busy(), 1, 6e4, 0, 0], [busy(), 5, 6e4, 0.5, undefined], [busy({ retryAfter: 7000 }), 1, 6e4, 0.5, 7000],
    [busy({ retryAfter: 0 }), 1, 6e4, 0.5, 0], [busy({ retryAfter: 7000 }), 1, 7000, 0.5, undefined],
    [lost({ retryAfter: 1 }), 1, 6e4, 0.5, undefined]]) {
    assert.equal(waitBeforeRepeat(error, made, left, chance, repeat), expected);
  }
  assert.equal(waitBeforeRepeat(busy(), 9999, 6e4, 0.5, { ...DEFAULTS, attempts: 1e5 }), 2500);
});

async function run(outcomes, { timeout = 10000, eachTakes = 0 } = {}) {
  let now = 1e6;
  const sleeps = [];
  const asked = [];
  const answer = await repeatWhileSafe(async (left, mayHaveStarted) => {
    asked.push([left, mayHaveStarted]);
    now += eachTakes;
    const next = outcomes.shift();
    return next instanceof FlowError ? { error: next } : { flow: next };
  }, timeout, DEFAULTS, { hooks: { now: () => now, sleep: async (ms) => { sleeps.push(ms); now += ms; }, random: () => 0.5 } });
  return { ...answer, sleeps, asked };
}

test('what each attempt is told', async () => {
  const { asked } = await run([busy(), busy({ retryAfter: 300 }), '1-2'], { eachTakes: 50 });
  assert.deepEqual(asked, [[10000, false], [9850, false], [9500, false]]);
  assert.deepEqual((await run([lost({ keyKept: true }), '1-2'])).asked.map(([, started]) => started), [false, true]);
  assert.deepEqual((await run([busy({ retryAfter: 900 })], { timeout: 1000, eachTakes: 200 })).sleeps, []);
});

// An answer of client/testing/repeat_cases.txt.
function answerOf(text) {
  const [code, execution, ...more] = text.split(' ');
  const { kept, key_state: keyState, likely = '', reason = 'UNSPECIFIED', retry_after: wait, ...other } =
    Object.fromEntries(more.map((word) => word.split('=')));
  assert.deepEqual(other, {}, text);
  return of(code, execution, { keyKept: more.includes('kept'), keyState, likelyFlowInstanceId: likely, reason,
    retryAfter: wait === undefined ? undefined : Number(wait) });
}

test('the rule of all clients', async () => {
  const lines = readFileSync(process.env.ENOS_REPEAT_CASES, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  assert.ok(lines.length > 0);
  for (const line of lines) {
    const [, name, answers, expected] = line.match(/^(.*?): (.*) => (.*)$/);
    const { error, asked, sleeps } = await run([...answers.split('; ').map(answerOf), '1-2', '1-2', '1-2']);
    const end = error ? error.execution + (error.likelyFlowInstanceId && ` likely=${error.likelyFlowInstanceId}`) : 'OK';
    assert.equal(`calls=${asked.length} waits=${sleeps.join()} end=${end}`, expected, name);
  }
});

test('the newest initial metadata says whether keys are kept', () => {
  const keys = new KeptKeys();
  const saying = (value) => ({ get: () => (value === undefined ? [] : [value]) });
  assert.equal(keys.learn(undefined), false);
  assert.equal(keys.learn(saying('1')), true);
  assert.equal(keys.learn(undefined), true);
  assert.equal(keys.learn(saying(undefined)), false);
  assert.equal(keys.learn(undefined), false);
  assert.equal(keys.learn(saying('0')), false);
});

test('the layout of a key', () => {
  assert.equal(makeIdempotencyKey(0x0123456789ab, Buffer.alloc(10, 0xff)), '01234567-89ab-7fff-bfff-ffffffffffff');
  assert.equal(makeIdempotencyKey(0, Buffer.alloc(10)), '00000000-0000-7000-8000-000000000000');
});
