'use strict';

// Starts an EnOS flow through the gateway and prints the id of its instance.

const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { parseArgs } = require('node:util');
const { setTimeout: sleep } = require('node:timers/promises');

const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const { FlowFailure, NOT_EXECUTED } = require('./flow_failure');

// The proto files that build.sh puts beside this program.
const definition = protoLoader.loadSync(
  ['enos/dataflow/v1/flow_service.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'],
  { includeDirs: [path.join(__dirname, 'proto')], longs: String, defaults: true });
const { FlowService } = grpc.loadPackageDefinition(definition).enos.dataflow.v1;
const rpc = Object.fromEntries(
  ['Status', 'ErrorInfo', 'BadRequest', 'RetryInfo'].map((name) => [name, definition[`google.rpc.${name}`]]));

// No retryPolicy: the call is not idempotent, so only this program may repeat it.
const CHANNEL_OPTIONS = {
  'grpc.service_config': '{"loadBalancingConfig": [{"round_robin": {}}]}',
  'grpc.service_config_disable_resolution': 1, // from DNS, which could supply a retryPolicy
};

const USAGE = `trigger_flow [--address=HOST:PORT] [--ca_file=FILE] --user_id=ID --org_id=ID --flow_id=N
  [--param=KEY=VALUE]... [--timeout=SECONDS] [--attempts=N]`;

class UsageError extends Error {}

function parseNumber(name, text) {
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw new UsageError(`--${name}=${text}: expected a number`);
  return number;
}

function parseParameter(text) {
  const equals = text.indexOf('=');
  if (equals < 0) throw new UsageError(`--param=${text}: expected KEY=VALUE`);
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function readArguments() {
  const string = (value) => ({ type: 'string', default: value });
  let values;
  try {
    ({ values } = parseArgs({ options: {
      address: string('127.0.0.1:50051'), ca_file: string(''), user_id: string(''), org_id: string(''), flow_id: string('0'),
      param: { type: 'string', multiple: true, default: [] }, timeout: string('30'), attempts: string('4'),
    } }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  const flowId = parseNumber('flow_id', values.flow_id);
  if (!Number.isInteger(flowId) || Math.abs(flowId) > 0x7fffffff) throw new UsageError('--flow_id: expected an int32');
  return {
    address: values.address,
    caFile: values.ca_file,
    request: {
      userId: values.user_id, orgId: values.org_id, flowId, parameters: values.param.map(parseParameter),
      triggerTime: { seconds: Math.floor(Date.now() / 1000), nanos: (Date.now() % 1000) * 1e6 },
    },
    deadline: Date.now() + parseNumber('timeout', values.timeout) * 1000,
    attempts: parseNumber('attempts', values.attempts),
  };
}

function connect(address, caFile) {
  let credentials = grpc.credentials.createInsecure();
  if (caFile) {
    try {
      credentials = grpc.credentials.createSsl(fs.readFileSync(caFile));
    } catch (error) {
      throw new UsageError(`--ca_file=${caFile}: ${error.message}`);
    }
  }
  return new FlowService(`dns:///${address}`, credentials, CHANNEL_OPTIONS);
}

// Calls until the flow is started or a further call would be wrong; gives the exit status.
async function trigger(client, request, deadline, attempts) {
  const call = promisify(client.updateAndTriggerFlow).bind(client);
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await call(request, new grpc.Metadata(), { deadline });
      console.log(response.flowInstanceId);
      return 0;
    } catch (error) {
      const failure = new FlowFailure(error, rpc);
      console.error(`${failure}`);
      const wait = failure.wait(attempt, deadline - Date.now());
      if (wait === undefined || attempt >= attempts) return verdict(failure);
      console.error(`Calling again in ${(wait / 1000).toFixed(3)} s (attempt ${attempt + 1} of ${attempts}).`);
      await sleep(wait);
    }
  }
}

function verdict(failure) {
  if (failure.execution === NOT_EXECUTED) {
    console.error('The flow was certainly not started.');
    return 1;
  }
  console.error('The flow may have been started: look in EnOS before calling again.');
  return 3;
}

async function main() {
  try {
    const { address, caFile, request, deadline, attempts } = readArguments();
    const client = connect(address, caFile);
    process.exitCode = await trigger(client, request, deadline, attempts);
    client.close();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  }
}

main();
