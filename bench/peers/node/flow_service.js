'use strict';

const { status } = require('@grpc/grpc-js');
const { GrpcError, codeOf } = require('./errors');
const { sha256Hex } = require('./signature');

const FLOWS_PATH = '/dataflow-batch-service/v2.0/flows';

// Every rule of a request that can be checked here.
function validate(request) {
  const refuse = (text) => {
    throw new GrpcError(status.INVALID_ARGUMENT, text);
  };
  const bytes = (text) => Buffer.byteLength(text);
  if (!request.userId || bytes(request.userId) > 256) refuse('user_id: 1 to 256 bytes are expected');
  if (!request.orgId || bytes(request.orgId) > 256) refuse('org_id: 1 to 256 bytes are expected');
  if (request.flowId <= 0) refuse('flow_id: a number above 0 is expected');
  const time = request.triggerTime;
  if (!time || time.seconds < 0 || time.nanos < 0 || time.nanos > 999_999_999) {
    refuse('trigger_time: a time since 1970 is expected');
  }
  if (request.parameters.length > 10_000) refuse('parameters: at most 10000 are expected');
  for (const { key, value } of request.parameters) {
    if (!key || bytes(key) > 1024 || bytes(value) > 65_536) {
      refuse('parameters: a key of 1 byte to 1 KiB and a value of at most 64 KiB are expected');
    }
  }
}

// The body of the call to EnOS.
function encodeBody(request) {
  const { seconds, nanos } = request.triggerTime;
  return JSON.stringify({
    flowId: request.flowId,
    triggerTime: seconds * 1000 + Math.floor(nanos / 1e6),
    parameters: request.parameters.map(({ key, value }) => ({ key, value })),
  });
}

// EnOS's answer as the RPC's; a refusal is thrown.
function decodeAnswer(httpStatus, text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const code = answer?.code ?? answer?.status; // v2.1, v2.0
  if (Number.isInteger(code) && code !== 0) {
    throw new GrpcError(codeOf(code), `EnOS answered ${code}: ${answer.msg}`);
  }
  if (httpStatus >= 400) throw new GrpcError(codeOf(httpStatus), `EnOS answered HTTP ${httpStatus}`);
  const flowInstanceId = answer?.data?.flowInstanceId;
  if (code !== 0 || httpStatus < 200 || httpStatus > 299 || !flowInstanceId) {
    throw new GrpcError(status.INTERNAL, "EnOS's answer makes no sense");
  }
  return { flowInstanceId };
}

// What a call that got no complete answer means. Only a failed connect is UNAVAILABLE, which callers may repeat:
// anything later may have been executed.
function transferError(error) {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return new GrpcError(status.UNAVAILABLE, 'EnOS cannot be reached');
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return new GrpcError(status.DEADLINE_EXCEEDED, 'EnOS did not answer in time');
    case 'UND_ERR_ABORTED':
      return new GrpcError(status.CANCELLED, 'the caller went away');
    default:
      return new GrpcError(status.UNKNOWN, `the connection to EnOS was lost: ${error.message}`);
  }
}

// The RPC's implementation.
class FlowService {
  #enos;
  #tokens;
  #secretKey;

  constructor(enos, tokens, { secretKey }) {
    this.#enos = enos;
    this.#tokens = tokens;
    this.#secretKey = secretKey;
  }

  async updateAndTriggerFlow(call) {
    const { request } = call;
    validate(request);
    const body = encodeBody(request);
    const token = this.#tokens.current;
    try {
      return await this.#post(call, body, token);
    } catch (error) {
      if (error.code !== status.UNAUTHENTICATED) throw error;
      // Refused for its token, and so not executed: once more with a fresh one.
      return this.#post(call, body, await this.#tokens.replace(token));
    }
  }

  async #post(call, body, token) {
    const { orgId, userId } = call.request;
    const timestamp = String(Date.now());
    const signedQuery = `actionupdateAndTriggerorgId${orgId}userId${userId}`;
    const abort = new AbortController();
    const onCancelled = () => abort.abort(); // also at the deadline
    call.once('cancelled', onCancelled);
    try {
      const response = await this.#enos.request({
        method: 'POST',
        path: `${FLOWS_PATH}?action=updateAndTrigger&orgId=${encodeURIComponent(orgId)}&userId=${encodeURIComponent(userId)}`,
        headers: {
          'content-type': 'application/json;charset=UTF-8',
          'apim-accesstoken': token,
          'apim-timestamp': timestamp,
          'apim-signature': sha256Hex(token, signedQuery, body, timestamp, this.#secretKey),
        },
        body,
        signal: abort.signal,
      });
      return decodeAnswer(response.statusCode, await response.body.text());
    } catch (error) {
      throw error instanceof GrpcError ? error : transferError(error);
    } finally {
      call.off('cancelled', onCancelled);
    }
  }
}

module.exports = { FlowService };
