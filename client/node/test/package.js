'use strict';

// The package under test, as it is installed in the folder ENOS_PROJECT.

const { createRequire } = require('node:module');
const path = require('node:path');

const own = createRequire(path.join(process.env.ENOS_PROJECT, 'here.js'));
const root = path.dirname(own.resolve('enos-flow-client/package.json'));

module.exports = { root, lib: (name) => require(path.join(root, 'lib', name)), installed: own('enos-flow-client') };
