'use strict';

const grpc = require('@grpc/grpc-js');
const { connect, readToken } = require('./channel');
const { errorOfStatus, ownError } = require('./errors');

// A method of the service, with what every call of it needs. `target` is { client, tokenFile, closed, wasConnected }.

// Connects if need be, calls and waits: { error } or { response }, with the metadata. Never rejects.
async function callUnary(target, method, message, { timeout, requestId, signal, startsFlow = false }) {
  const deadline = Date.now() + timeout;
  const failed = (error) => ({ error: Object.assign(error, { requestId: requestId ?? '' }), trailing: new grpc.Metadata() });
  if (timeout <= 0) return failed(ownError('DEADLINE_EXCEEDED', 'no time was left for the call; nothing was sent', startsFlow));
  const unreachable = await connect(target, deadline, startsFlow, signal);
  if (unreachable) return failed(unreachable);
  const { error, metadata } = makeMetadata(target, requestId, startsFlow);
  if (error) return failed(error);
  return new Promise((resolve) => {
    let response;
    let initial;
    const call = target.client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, message, metadata,
      { deadline }, (_, value) => { response = value; });
    const abort = () => call.cancel();
    signal?.addEventListener('abort', abort);
    call.on('metadata', (value) => { initial = value; });
    call.on('status', (status) => {
      signal?.removeEventListener('abort', abort);
      if (status.code === grpc.status.OK) return resolve({ response, initial, trailing: status.metadata });
      const failure = errorOfStatus(status, startsFlow);
      failure.requestId ||= requestId ?? '';
      return resolve({ error: failure, initial, trailing: status.metadata });
    });
  });
}

// The metadata of a call, with the token as it is now.
function makeMetadata({ tokenFile }, requestId, startsFlow) {
  const metadata = new grpc.Metadata();
  if (requestId) metadata.set('x-request-id', requestId);
  try {
    if (tokenFile) metadata.set('authorization', `Bearer ${readToken(tokenFile)}`);
  } catch (error) {
    return { error: ownError('UNAUTHENTICATED', error.message, startsFlow, 'TOKEN_FILE_UNUSABLE') };
  }
  return { metadata };
}

function checkRequestId(requestId) {
  if (requestId !== undefined && !/^[!-~]([ -~]{0,126}[!-~])?$/.test(requestId)) {
    throw new TypeError('requestId: expected 1 to 128 printable ASCII characters, without spaces at the ends');
  }
}

module.exports = { callUnary, checkRequestId, makeMetadata };
