'use strict';

// A caller of the soak of keys over gRPC's own library for Node.js: see language_caller.h.

const readline = require('node:readline');
const grpc = require('@grpc/grpc-js');

const METHOD = '/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow';
const OPTIONS = { 'grpc.service_config': process.env.SERVICE_CONFIG };
const same = (bytes) => bytes; // as a stub does, without messages
const clients = new Map();

function call(address, milliseconds, request) {
  if (!clients.has(address)) clients.set(address, new grpc.Client(address, grpc.credentials.createInsecure(), OPTIONS));
  return new Promise((resolve) => {
    clients.get(address).makeUnaryRequest(METHOD, same, same, request, new grpc.Metadata(),
      { deadline: Date.now() + milliseconds }, (error, response) => {
        if (!error) resolve([0, response]);
        else resolve([error.code, error.metadata?.get('grpc-status-details-bin')[0] ?? Buffer.alloc(0)]);
      });
  });
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [address, milliseconds, request] = line.split(' ');
    const [code, told] = await call(address, Number(milliseconds), Buffer.from(request, 'base64'));
    console.log(`${code} ${told.toString('base64') || '-'}`);
  }
  process.exit(0);
}

main();
