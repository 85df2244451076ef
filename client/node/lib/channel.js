'use strict';

// The connection: where the gateway is, TLS, and the caller's token.

const fs = require('node:fs');
const net = require('node:net');

const grpc = require('@grpc/grpc-js');
const { ownError } = require('./errors');
const { version } = require('../package.json');

const MAX_TOKEN_BYTES = 8192;
const OPTIONS = {
  'grpc.primary_user_agent': `enos-flow-client-node/${version}`,
  // All connections of the name in turn; never a retryPolicy. Without one the library resends only a call that never left, or that the
  // server's GOAWAY says was not processed.
  'grpc.service_config': '{"loadBalancingConfig": [{"round_robin": {}}]}',
  'grpc.service_config_disable_resolution': 1, // from DNS, which could supply a retryPolicy
  'grpc.dns_min_time_between_resolutions_ms': 2000, // a rolling restart replaces all gateways in less than 30 s
  'grpc.keepalive_time_ms': 60000,
  'grpc.keepalive_timeout_ms': 20000,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.initial_reconnect_backoff_ms': 250,
  'grpc.max_reconnect_backoff_ms': 10000,
};

// A grpc.Client; throws TypeError if the settings are wrong.
function makeClient(settings) {
  const { address, tokenFile, serverName } = settings;
  check(settings);
  const options = { ...OPTIONS };
  // `http_proxy` in the environment must not carry a local, unencrypted call off this machine.
  if (isLoopbackAddress(address)) options['grpc.enable_http_proxy'] = 0;
  if (serverName) options['grpc.ssl_target_name_override'] = serverName;
  let credentials = grpc.credentials.createInsecure();
  if (usesTls(settings)) {
    credentials = grpc.credentials.createSsl(
      readPem('caFile', settings.caFile), readPem('keyFile', settings.keyFile), readPem('certFile', settings.certFile));
  } else if (tokenFile && !isLoopbackAddress(address)) {
    throw new TypeError(`tokenFile=${shown(tokenFile)}: a token is not sent in plaintext to another machine (${address}), expected TLS`);
  }
  if (tokenFile) readToken(tokenFile);
  return new grpc.Client(address, credentials, options);
}

// Whether an address can only mean this machine: "localhost", 127.0.0.0/8, ::1, a Unix socket.
function isLoopbackAddress(address) {
  if (isUnixSocket(address)) return true;
  if (address.includes(',')) return false; // lists, as in ipv6:[::1]:1,[2001:db8::1]:1
  const host = hostOf(address);
  if (host === 'localhost') return true;
  return net.isIPv4(host) ? host.startsWith('127.') : net.isIPv6(host) && /^[0:]*:0*1$/.test(host);
}

// The token of a file, read anew for each attempt; throws a TypeError whose message never has any part of one.
function readToken(path) {
  let content;
  try {
    content = readRegularFile(path);
  } catch (error) {
    throw new TypeError(`tokenFile=${shown(path)}: cannot be read (${error.code ?? error.message})`);
  }
  const token = content.toString('latin1').replace(/[ \t\r\n\v\f]+$/, '');
  if (token === '') throw new TypeError(`tokenFile=${shown(path)}: is empty, expected a token`);
  if (content.length > MAX_TOKEN_BYTES + 2 || token.length > MAX_TOKEN_BYTES) {
    throw new TypeError(`tokenFile=${shown(path)}: expected a token of at most ${MAX_TOKEN_BYTES} bytes`);
  }
  if (!/^[!-~]+$/.test(token)) {
    throw new TypeError(`tokenFile=${shown(path)}: expected a single token: printable ASCII characters, no blanks`);
  }
  return token;
}

// Connects, before the call, because the library's own error does not tell a call that was never sent from one that was. Resolves with
// the error, or undefined.
async function connect(target, deadline, startsFlow, signal) {
  const failed = (code, why) => ownError(code, `no connection to the gateway${why}`, startsFlow, 'GATEWAY_UNREACHABLE');
  const channel = target.client.getChannel();
  for (;;) {
    if (signal?.aborted) return ownError('CANCELLED', 'cancelled before anything was sent', startsFlow);
    if (target.closed) return failed('UNAVAILABLE', ': the client is closed');
    const state = channel.getConnectivityState(true);
    if (state === grpc.connectivityState.READY) {
      target.wasConnected = true;
      return undefined;
    }
    if (state === grpc.connectivityState.TRANSIENT_FAILURE) return failed('UNAVAILABLE', await whyNot(target.client, deadline));
    if (!await stateChange(channel, state, deadline, signal)) return failed('DEADLINE_EXCEEDED', ' within the time-out');
  }
}

// False: the deadline is over. Ends with the signal, too.
async function stateChange(channel, state, deadline, signal) {
  let end;
  const changed = new Promise((resolve) => {
    end = () => resolve(true);
    signal?.addEventListener('abort', end);
    channel.watchConnectivityState(state, deadline, (error) => resolve(!error));
  });
  return changed.finally(() => signal?.removeEventListener('abort', end));
}

// A channel's state does not say why connecting failed; a failed call does, of which one without effects is sent in place of the real one.
function whyNot(client, deadline) {
  const same = (bytes) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, Buffer.alloc(0),
      new grpc.Metadata(), { deadline: Math.min(deadline, Date.now() + 1000) },
      (error) => resolve(error?.code === grpc.status.UNAVAILABLE ? `: ${error.details}` : ''));
  });
}

const usesTls = (settings) =>
  (settings.plaintext === undefined ? hasTlsSettings(settings) || !isLoopbackAddress(settings.address) : !settings.plaintext);
const hasTlsSettings = ({ caFile, certFile, keyFile, serverName }) => Boolean(caFile || certFile || keyFile || serverName);

function check(settings) {
  const { address, plaintext, certFile, keyFile } = settings;
  if (typeof address !== 'string' || (!isUnixSocket(address) && (!address.includes(':') || hostOf(address) === ''))) {
    throw new TypeError(`address=${address}: expected host:port, for example gateway.example.com:443`);
  }
  if (plaintext && hasTlsSettings(settings)) {
    throw new TypeError('plaintext: cannot be combined with caFile, certFile, keyFile or serverName, which are for TLS');
  }
  if (certFile && !keyFile) throw new TypeError(`certFile=${certFile}: expected keyFile as well`);
  if (keyFile && !certFile) throw new TypeError(`keyFile=${keyFile}: expected certFile as well`);
}

const isUnixSocket = (address) => /^unix(-abstract)?:/.test(address);

function hostOf(address) {
  const rest = address.replace(/^(dns:\/\/\/|ipv4:|ipv6:)/, '');
  return rest.startsWith('[') ? rest.slice(1, Math.max(rest.indexOf(']'), 1)) : rest.slice(0, Math.max(rest.lastIndexOf(':'), 0));
}

function readPem(option, path) {
  if (!path) return null;
  let content;
  try {
    content = readRegularFile(path);
  } catch (error) {
    throw new TypeError(`${option}=${path}: cannot be read (${error.code ?? error.message})`);
  }
  if (!content.includes('-----BEGIN ')) throw new TypeError(`${option}=${path}: expected a PEM file`);
  return content;
}

function readRegularFile(path) {
  // Non-blocking: opening a pipe would wait for its writer.
  const file = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  try {
    if (!fs.fstatSync(file).isFile()) throw new Error('not a regular file');
    return fs.readFileSync(file);
  } finally {
    fs.closeSync(file);
  }
}

// Giving the token itself in place of a path is an easy mistake. A JWT begins with `{"` in base64.
const shown = (path) => (path.startsWith('eyJ') ? '(a token, expected the path of a file)' : path);

module.exports = { connect, isLoopbackAddress, makeClient, readToken };
