'use strict';

const { createHash } = require('node:crypto');

// Lower-case hex of SHA-256 over the concatenated texts.
function sha256Hex(...texts) {
  return createHash('sha256').update(texts.join('')).digest('hex');
}

module.exports = { sha256Hex };
