#ifndef ENOS_SERVER_TOKEN_TOKEN_PROVIDER_H_
#define ENOS_SERVER_TOKEN_TOKEN_PROVIDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "server/base/backoff.h"
#include "server/base/random.h"
#include "server/base/scheduler.h"
#include "server/contract/call_error.h"
#include "server/token/credentials.h"
#include "server/token/token_service_client.h"

namespace enos::gateway {

// A token, and the keys it was got with: a call is signed with the secret key that belongs to its
// token.
struct IssuedToken {
  std::string text;
  SharedCredentials credentials;
};

// Shared, because a call that is under way keeps the one it was sent with.
using AccessToken = std::shared_ptr<const IssuedToken>;

struct TokenProviderOptions {
  // A call that waits gives up after this many failed fetches that it lived through.
  int max_attempts = 3;
  // Between failed fetches: while calls wait for a token, and while none does.
  Backoff urgent_backoff{std::chrono::milliseconds(100), std::chrono::milliseconds(2000),
                         std::chrono::milliseconds(20)};
  Backoff background_backoff{std::chrono::milliseconds(1000), std::chrono::milliseconds(30000),
                             std::chrono::milliseconds(100)};
};

// What happens to the token, for logs and readiness. Called on the loop's thread.
struct TokenEvents {
  std::function<void(std::string_view token)> on_token;  // a new one: to be masked in logs
  std::function<void(bool has_token)> on_change;     // a living token came, or the last one died
  std::function<void(const CallError&)> on_failure;  // a fetch failed
  std::function<void(SteadyTime expires_at)> on_fetched;  // one succeeded, for a new token or not
  // New keys gave a token (null), or EnOS refuses them: why.
  std::function<void(const CallError* refused)> on_rotated;
};

// Keeps an access token of EnOS. One fetch is under way at most, however many calls wait for it.
//
// A token is renewed in the background after 75 to 85 % of its life (jittered, because replicas
// share one token). While it lives, a failing token service harms no call. A token that a call was
// refused with is replaced by the same kind of fetch; other calls go on using it until the new one
// is there, for one refused call does not prove a dead token.
//
// Loop thread only.
class TokenProvider {
 public:
  using Result = std::variant<AccessToken, CallError>;
  using Callback = absl::AnyInvocable<void(Result)>;
  using WaitId = uint64_t;  // 0 is never one

  // The references must outlive the provider.
  TokenProvider(Scheduler& scheduler, TokenServiceClient& client, RandomSource random,
                TokenProviderOptions options, TokenEvents events);
  ~TokenProvider();
  TokenProvider(const TokenProvider&) = delete;
  TokenProvider& operator=(const TokenProvider&) = delete;

  // New keys, in place of those that the client has: a token is fetched with them at once, in the
  // background; until it comes, calls use the living one with its own keys. Where EnOS refuses the
  // new keys the old ones stay in use, and the new ones are tried again when the old ones are
  // refused, too.
  void Rotate(SharedCredentials next);

  // Fetches the first token.
  void Start();

  // The token to send with, or null when none lives.
  AccessToken Current() const;

  // Calls back once (never from within) with a living token other than `refused`, or with why there
  // is none: ENOS_CREDENTIALS_REFUSED at once when EnOS refuses the keys, else ENOS_UNREACHABLE
  // after max_attempts. `refused` is the token that a call was refused with, or null when the call
  // found none. When EnOS insists on the refused token, even after a refresh, that is what comes.
  WaitId Wait(const AccessToken& refused, Callback done);

  // Forgets a waiter, which is then never called. One that was called is ignored.
  void Forget(WaitId id);

 private:
  struct Waiter {
    Callback done;
    AccessToken refused;  // null: none
    int failures = 0;     // fetches that failed while it waited
  };

  void Fetch();
  void Hurry();
  bool IsUnwanted(const std::string& token) const;
  void OnFetched(FetchedToken fetched);
  void TakeToken(std::string text);
  void OnFailed(const FetchFailure& failure);
  bool TryOtherKeys(const CallError& refused);
  void FetchAt(SteadyTime when);
  void BackOff(Duration asked);
  void SettleAtHand();
  void Settle(const std::function<std::optional<Result>(const Waiter&)>& answer);
  void WatchExpiry();
  void ReportChange();

  Scheduler& scheduler_;
  TokenServiceClient& client_;
  const RandomSource random_;
  const TokenProviderOptions options_;
  const TokenEvents events_;

  AccessToken token_;  // the last one, perhaps dead by now
  SteadyTime expires_at_ = SteadyTime::min();
  SteadyTime renew_at_ = SteadyTime::max();
  bool had_token_ = false;

  int failures_ = 0;                       // fetches in a row
  std::optional<CallError> keys_refused_;  // the last fetch's error, if it was that

  SharedCredentials newest_;  // keys, as of the last Rotate
  SharedCredentials other_;   // the keys before them, or the refused ones, until the newest work
  bool tried_other_ = false;  // other_ since a fetch did not fail for the keys

  TimerId fetch_timer_ = 0;
  SteadyTime fetch_at_ = SteadyTime::max();  // when fetch_timer_ is due
  // When a fetch may be made while calls wait: after a failure, its back-off and its Retry-After.
  SteadyTime urgent_at_ = SteadyTime::min();
  TimerId expiry_timer_ = 0;
  TimerId settle_timer_ = 0;
  WaitId last_wait_ = 0;
  std::map<WaitId, Waiter> waiters_;
};

}  // namespace enos::gateway

#endif  // ENOS_SERVER_TOKEN_TOKEN_PROVIDER_H_
