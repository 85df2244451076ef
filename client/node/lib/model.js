'use strict';

const { states } = require('./protos');

// The message of a request; throws TypeError or RangeError if it cannot be one.
function requestToMessage({ userId, orgId, flowId, parameters = [], triggerTime, idempotencyKey = 'auto' }, now) {
  if (!Number.isInteger(flowId) || Math.abs(flowId) > 0x7fffffff) throw new RangeError(`flowId: expected an int32, got ${flowId}`);
  if (triggerTime === undefined && idempotencyKey !== 'auto' && idempotencyKey !== null) {
    throw new TypeError('triggerTime: an idempotencyKey of your own needs one, so that a repeat is the same request');
  }
  const time = triggerTime ?? now;
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) throw new TypeError('triggerTime: expected a valid Date');
  const pairs = typeof parameters[Symbol.iterator] === 'function' ? parameters : Object.entries(parameters);
  return {
    userId: text('userId', userId), orgId: text('orgId', orgId), flowId,
    triggerTime: { seconds: Math.floor(time.getTime() / 1000), nanos: (((time.getTime() % 1000) + 1000) % 1000) * 1e6 },
    parameters: Array.from(pairs, ([key, value]) => ({ key: text('parameters: a key', key), value: text(`parameters: ${key}`, value) })),
  };
}

const runToMessage = ({ userId, orgId, flowInstanceId }) =>
  ({ userId: text('userId', userId), orgId: text('orgId', orgId), flowInstanceId: text('flowInstanceId', flowInstanceId) });

function instanceOfMessage(message) {
  const state = stateOf(message.state);
  return {
    flowInstanceId: message.flowInstanceId, flowId: message.flowId, flowName: message.flowName, state, enosStatus: message.enosStatus,
    enosStatusText: message.enosStatusText, ended: message.ended, succeeded: message.ended && state === 'SUCCEEDED',
    triggerTime: dateOf(message.triggerTime), startTime: dateOf(message.startTime), endTime: dateOf(message.endTime),
    owner: message.owner, parameters: message.parameters.map(({ key, value }) => [key, value]),
    tasks: message.tasks.map((task) => ({
      taskInstanceId: task.taskInstanceId, taskId: task.taskId, taskName: task.taskName, state: stateOf(task.state), enosStatus: task.enosStatus,
    })),
  };
}

function text(name, value) {
  if (typeof value !== 'string') throw new TypeError(`${name}: expected a string, got ${typeof value}`);
  return value;
}

// A number is one of a later gateway.
function stateOf(name) {
  const state = String(name).slice('FLOW_INSTANCE_STATE_'.length);
  return states.has(state) ? state : 'UNSPECIFIED';
}

const dateOf = (timestamp) => (timestamp ? new Date(Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6) : undefined);

module.exports = { instanceOfMessage, requestToMessage, runToMessage };
