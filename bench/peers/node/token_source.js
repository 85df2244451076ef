'use strict';

const { status } = require('@grpc/grpc-js');
const { GrpcError } = require('./errors');
const { sha256Hex } = require('./signature');

const TOKEN_PATH = '/apim-token-service/v2.0/token/';
const TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

// Holds the access token and renews it before it expires.
class TokenSource {
  #enos;
  #accessKey;
  #secretKey;
  #token = '';
  #lifetimeMs = 0;
  #lastTimestamp = 0; // EnOS takes each one once
  #replacing = undefined; // one fetch at a time, however many calls wait for it

  constructor(enos, accessKey, secretKey) {
    this.#enos = enos;
    this.#accessKey = accessKey;
    this.#secretKey = secretKey;
  }

  get current() {
    return this.#token;
  }

  // Fetches the first token; from then on it is renewed in the background.
  async start() {
    await this.#fetch('get');
    this.#renewAfter(this.#lifetimeMs * 0.8);
  }

  // Another token than the refused one: the current one where it is another already, else what `get` answers, and where
  // that is the refused one still, what `refresh` answers.
  async replace(refused) {
    if (this.#token !== refused) return this.#token;
    this.#replacing ??= this.#fetchOther(refused).finally(() => {
      this.#replacing = undefined;
    });
    await this.#replacing;
    return this.#token;
  }

  async #fetchOther(refused) {
    await this.#fetch('get');
    if (this.#token === refused) await this.#fetch('refresh');
  }

  #renewAfter(waitMs) {
    setTimeout(async () => {
      try {
        await this.replace(this.#token);
        this.#renewAfter(this.#lifetimeMs * 0.8);
      } catch (error) {
        console.error(`renew the token: ${error.message}`);
        this.#renewAfter(RETRY_MS);
      }
    }, Math.min(waitMs, LONGEST_TIMER_MS)).unref();
  }

  async #fetch(action) {
    const timestamp = Math.max(Date.now(), this.#lastTimestamp + 1);
    this.#lastTimestamp = timestamp;
    const fields = {
      appKey: this.#accessKey,
      timestamp,
      encryption: sha256Hex(this.#accessKey, String(timestamp), this.#secretKey),
    };
    if (action === 'refresh') fields.accessToken = this.#token;
    const response = await this.#enos.request({
      method: 'POST',
      path: TOKEN_PATH + action,
      headers: { 'content-type': 'application/json;charset=UTF-8' },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.body.json();
    if (answer.status !== 0 || !answer.data?.accessToken) {
      throw new GrpcError(status.UNAVAILABLE, `EnOS gives no token: ${answer.status} ${answer.msg}`);
    }
    this.#token = answer.data.accessToken;
    this.#lifetimeMs = answer.data.expire * 1000;
  }
}

module.exports = { TokenSource };
