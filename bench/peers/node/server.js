// The gateway's main job, written the straightforward way in Node: a gRPC server that passes UpdateAndTriggerFlow on to
// the EnOS REST API.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const { Pool } = require('undici');

const { FlowService } = require('./flow_service');
const { TokenSource } = require('./token_source');

function readSettings() {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:50051' },
      enos_url: { type: 'string' },
      enos_ca_file: { type: 'string' },
      upstream_timeout_ms: { type: 'string', default: '30000' },
    },
  });
  const { ENOS_ACCESS_KEY: accessKey, ENOS_SECRET_KEY: secretKey } = process.env;
  if (!values.enos_url || !accessKey || !secretKey) {
    throw new Error('--enos_url, ENOS_ACCESS_KEY and ENOS_SECRET_KEY are required');
  }
  return {
    listen: values.listen,
    url: values.enos_url,
    caFile: values.enos_ca_file,
    timeoutMs: Number(values.upstream_timeout_ms),
    accessKey,
    secretKey,
  };
}

// A connection for every call in flight (undici's pool has no limit unless told to); kept while nginx or EnOS keeps it.
function connectTo(settings) {
  return new Pool(settings.url, {
    keepAliveTimeout: 30_000,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
    connect: settings.caFile ? { ca: fs.readFileSync(settings.caFile) } : {},
  });
}

async function main() {
  const settings = readSettings();
  const enos = connectTo(settings);
  const tokens = new TokenSource(enos, settings.accessKey, settings.secretKey);
  await tokens.start();

  const definition = protoLoader.loadSync(path.join(__dirname, 'flow_service.proto'), { longs: Number, defaults: true });
  const { FlowService: api } = grpc.loadPackageDefinition(definition).enos.dataflow.v1;
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 1 << 20 });
  const service = new FlowService(enos, tokens, settings);
  server.addService(api.service, {
    updateAndTriggerFlow: (call, callback) => {
      service.updateAndTriggerFlow(call).then((answer) => callback(null, answer), callback);
    },
  });
  server.bindAsync(settings.listen, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
    console.log(`listening on ${settings.listen}`);
  });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
