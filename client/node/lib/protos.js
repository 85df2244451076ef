'use strict';

// The messages, read from the proto files that are in the package.

const path = require('node:path');
const protoLoader = require('@grpc/proto-loader');

const definition = protoLoader.loadSync(['enos/dataflow/v1/flow_service.proto', 'error_details.proto'], {
  includeDirs: [path.join(__dirname, '..', 'proto')], longs: String, enums: String, defaults: true,
});

const names = (type) => type.type.value.map(({ name }) => name);

module.exports = {
  service: definition['enos.dataflow.v1.FlowService'],
  details: Object.fromEntries(['Status', 'ErrorInfo', 'RetryInfo', 'BadRequest'].map(
    (name) => [name, definition[`enos.flow.client.v1.${name}`]])),
  reasons: new Set(names(definition['enos.dataflow.v1.ErrorReason']).slice(1)), // without UNSPECIFIED
  states: new Set(names(definition['enos.dataflow.v1.FlowInstanceState']).map((name) => name.slice('FLOW_INSTANCE_STATE_'.length))),
};
