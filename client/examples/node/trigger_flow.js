'use strict';

// Starts an EnOS flow through the gateway and prints the id of its instance.

const { parseArgs } = require('node:util');
const { FlowClient, FlowError } = require('enos-flow-client');

const USAGE = `trigger_flow [--address=HOST:PORT] [--ca_file=FILE] --user_id=ID --org_id=ID --flow_id=N
  [--param=KEY=VALUE]... [--timeout=SECONDS] [--attempts=N]`;

function parseNumber(name, text) {
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw new TypeError(`--${name}=${text}: expected a number`);
  return number;
}

function parseParameter(text) {
  const equals = text.indexOf('=');
  if (equals < 0) throw new TypeError(`--param=${text}: expected KEY=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function readArguments() {
  const string = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({ options: {
    address: string('127.0.0.1:50051'), ca_file: string(''), user_id: string(''), org_id: string(''), flow_id: string('0'),
    param: { type: 'string', multiple: true, default: [] }, timeout: string('30'), attempts: string('4'),
  } });
  return {
    address: values.address,
    caFile: values.ca_file,
    request: { userId: values.user_id, orgId: values.org_id, flowId: parseNumber('flow_id', values.flow_id),
      parameters: values.param.map(parseParameter) },
    timeout: parseNumber('timeout', values.timeout) * 1000,
    attempts: parseNumber('attempts', values.attempts),
  };
}

function show(error) {
  console.error(`${error}`);
  for (const { field, description } of error.violations) console.error(`  field ${field}: ${description}`);
  if (error.enosCode !== undefined) console.error(`  EnOS code ${error.enosCode}: ${error.enosMessage}`);
}

// Gives the exit status.
async function trigger({ address, caFile, request, timeout, attempts }) {
  const client = new FlowClient(address, { caFile });
  const onRepeat = (error, wait, next) => {
    show(error);
    console.error(`Calling again in ${(wait / 1000).toFixed(3)} s (attempt ${next} of ${attempts}).`);
  };
  try {
    const flow = await client.trigger(request, { timeout, repeat: { attempts, onRepeat } });
    console.log(flow.flowInstanceId);
    return 0;
  } catch (error) {
    if (!(error instanceof FlowError)) throw error;
    show(error);
    console.error(error.safeToRepeat ? 'The flow was certainly not started.'
      : 'The flow may have been started: look in EnOS before calling again.');
    return error.safeToRepeat ? 1 : 3;
  } finally {
    client.close();
  }
}

async function main() {
  try {
    process.exitCode = await trigger(readArguments());
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  }
}

main();
