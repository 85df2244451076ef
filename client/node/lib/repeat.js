'use strict';

// When a call may be repeated, and how long to wait: the same rule in every client of this project.

const { setTimeout: sleep } = require('node:timers/promises');

const DEFAULTS = { attempts: 3, initialBackoff: 200, maxBackoff: 5000, onRepeat: undefined };
// Time and randomness, replaced in tests.
const REAL = { now: () => performance.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }), random: Math.random };

// Codes of which a repeat is refused again, whoever made the error.
const REFUSALS = new Set(['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'FAILED_PRECONDITION', 'OUT_OF_RANGE',
  'UNIMPLEMENTED', 'UNAUTHENTICATED']);

// Full jitter: a random time below a limit that doubles.
function backoffWait(attemptsMade, chance, { initialBackoff, maxBackoff }) {
  return Math.min(Math.max(initialBackoff, 0) * 2 ** (attemptsMade - 1), Math.max(maxBackoff, 0)) * chance;
}

// Calling again cannot start the flow twice, and may well succeed.
function isWorthRepeating(error) {
  if (!error.safeToRepeat) return error.safeToRepeatWithSameKey && !REFUSALS.has(error.code);
  return error.code === 'UNAVAILABLE' || error.code === 'RESOURCE_EXHAUSTED';
}

// Milliseconds; undefined: there should be no other attempt.
function waitBeforeRepeat(error, attemptsMade, timeLeft, chance, repeat) {
  if (!isWorthRepeating(error) || attemptsMade >= repeat.attempts) return undefined;
  const wait = error.retryAfter ?? backoffWait(attemptsMade, chance, repeat);
  return wait < timeLeft ? wait : undefined;
}

// What all attempts at one start came to. With a key an answer speaks of one call alone: after one that may have started the flow, only
// NOT_EXECUTED of a key that nothing holds, and not because it expired, says that none did.
class AttemptHistory {
  mayHaveStarted = false;
  #likelyFlowInstanceId = '';

  // The error, as it stands for all attempts.
  add(error) {
    if (!error.safeToRepeat) {
      this.mayHaveStarted = true;
      this.#likelyFlowInstanceId = error.likelyFlowInstanceId || this.#likelyFlowInstanceId;
    } else if (error.keyState === 'NONE' && error.reason !== 'IDEMPOTENCY_KEY_EXPIRED') {
      this.mayHaveStarted = false;
    } else if (this.mayHaveStarted) {
      error.execution = 'UNKNOWN';
      error.message += ' That is said of the last call alone: an earlier one may have started the flow.';
      error.likelyFlowInstanceId = this.#likelyFlowInstanceId;
    }
    return error;
  }
}

// Awaits attempt(time left, whether an earlier one may have started the flow), which gives { error } or something else, until it
// succeeds or another call would be wrong or useless.
async function repeatWhileSafe(attempt, timeout, repeat, { signal, hooks = REAL } = {}) {
  const deadline = hooks.now() + timeout;
  const history = new AttemptHistory();
  let timeLeft = timeout;
  for (let attemptsMade = 1; ; attemptsMade++) {
    const answer = await attempt(timeLeft, history.mayHaveStarted);
    if (!answer.error) return answer;
    history.add(answer.error);
    const wait = waitBeforeRepeat(answer.error, attemptsMade, deadline - hooks.now(), hooks.random(), repeat);
    if (wait === undefined || signal?.aborted) return answer;
    repeat.onRepeat?.(answer.error, wait, attemptsMade + 1);
    if (wait > 0) {
      try {
        await hooks.sleep(wait, signal);
      } catch {
        return answer; // aborted: the last answer stands
      }
    }
    timeLeft = deadline - hooks.now();
    if (timeLeft <= 0) return answer; // slept too long: likewise
  }
}

module.exports = { AttemptHistory, DEFAULTS, backoffWait, isWorthRepeating, repeatWhileSafe, waitBeforeRepeat };
