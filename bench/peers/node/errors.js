'use strict';

const { status } = require('@grpc/grpc-js');

// An error that the gRPC library passes on to the caller as it is.
class GrpcError extends Error {
  constructor(code, details) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

const CODES = new Map([
  [62101, status.INVALID_ARGUMENT],
  [62102, status.INVALID_ARGUMENT],
  [99400, status.INVALID_ARGUMENT],
  [400, status.INVALID_ARGUMENT],
  [413, status.INVALID_ARGUMENT],
  [62103, status.PERMISSION_DENIED],
  [99403, status.PERMISSION_DENIED],
  [498, status.PERMISSION_DENIED],
  [403, status.PERMISSION_DENIED],
  [62104, status.FAILED_PRECONDITION],
  [62105, status.FAILED_PRECONDITION],
  [99404, status.NOT_FOUND],
  [404, status.NOT_FOUND],
  [405, status.UNIMPLEMENTED],
  [501, status.UNIMPLEMENTED],
  [409, status.ALREADY_EXISTS],
  [415, status.OUT_OF_RANGE],
  [401, status.UNAUTHENTICATED],
  [497, status.UNAUTHENTICATED],
  [1203, status.UNAUTHENTICATED],
  [429, status.RESOURCE_EXHAUSTED],
  [62109, status.INTERNAL],
  [99500, status.INTERNAL],
  [500, status.INTERNAL],
  [504, status.DEADLINE_EXCEEDED],
]);

// The gRPC code for a result code of EnOS or an HTTP status.
function codeOf(code) {
  return CODES.get(code) ?? status.UNKNOWN;
}

module.exports = { GrpcError, codeOf };
