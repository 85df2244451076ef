#ifndef ENOS_SERVER_CONTRACT_GATEWAY_ERRORS_H_
#define ENOS_SERVER_CONTRACT_GATEWAY_ERRORS_H_

#include <chrono>
#include <string_view>

#include "server/contract/call_error.h"

namespace enos::gateway {

// The errors that the gateway makes without EnOS having answered anything. One place for the rows
// of the contract's table that neither a result code nor an HTTP status nor the wire decides.

// What a caller is told to wait before it repeats a call, where nobody named a time.
inline constexpr std::chrono::milliseconds kSuggestedWait{1000};

// The deadline was past on arrival.
CallError DeadlinePastOnArrival();

// Sent, but no answer in time.
CallError NoAnswerInTime();

// Time ran out before anything was sent: while a token or a connection was awaited.
CallError NotSentInTime(std::string_view waited_for);

// A policy is set, and nobody vouches for the caller. `what` says what to do about it.
CallError CallerUnauthenticated(std::string_view what);

// The policy does not let the caller do this.
CallError CallerNotAllowed();

// The caller has as many calls in flight as one caller may have.
CallError CallerOverloaded();

// All slots are taken.
CallError GatewayOverloaded();

// As many runs are watched as may be.
CallError WatchesOverloaded();

CallError GatewayShuttingDown();

// The deadline of a watch came before the end of its run.
CallError WatchTimeout();

// -- Of calls with an idempotency key

// There is no store of keys.
CallError KeysNotOffered();

// The key belongs to a call with other fields.
CallError KeyReused();

// The time in the key is out of the window; `why` says how.
CallError KeyExpired(std::string_view why);

// The store was not to be reached, or not in time.
CallError KeyStoreUnavailable(std::string_view why);

// Another call with the key is under way.
CallError KeyInProgress();

// A call with the key began, and nobody noted its end.
CallError KeyInDoubt();

// The circuit breaker lets nothing through for that long.
CallError EnosIsDown(std::chrono::milliseconds next_try);

}  // namespace enos::gateway

#endif  // ENOS_SERVER_CONTRACT_GATEWAY_ERRORS_H_
