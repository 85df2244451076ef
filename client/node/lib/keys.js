'use strict';

const { randomBytes } = require('node:crypto');

// A new key: a UUIDv7, which contains its time, so that a gateway refuses it once it is too old.
function newIdempotencyKey() {
  return makeIdempotencyKey(Date.now(), randomBytes(10));
}

// The same of a given time and 10 random bytes. RFC 9562: 48 bits of time, version, 12 bits, variant, 62 bits.
function makeIdempotencyKey(millis, random) {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(millis, 0, 6);
  bytes.set(random, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// Whether the gateway stores keys, according to the most recent initial metadata of a call with a key.
class KeptKeys {
  newest = undefined;
  // A call was refused for its key: keys that the caller did not ask for are not sent any more.
  notOffered = false;

  // `initial`: of a call with a key, undefined where it had none (an error of the door, or of a library). Whether that key is kept.
  learn(initial) {
    if (initial === undefined) return this.newest === true;
    this.newest = initial.get('enos-idempotency')[0] === '1';
    return this.newest;
  }
}

module.exports = { KeptKeys, makeIdempotencyKey, newIdempotencyKey };
