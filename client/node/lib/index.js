'use strict';

const { FlowClient } = require('./client');
const { FlowError } = require('./errors');
const { newIdempotencyKey } = require('./keys');
const { isLoopbackAddress } = require('./channel');

module.exports = { FlowClient, FlowError, isLoopbackAddress, newIdempotencyKey };
