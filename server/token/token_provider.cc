#include "server/token/token_provider.h"

#include <algorithm>
#include <utility>

namespace enos::gateway {
namespace {

// The share of its life after which a token is renewed: from, and how much of it is jitter.
constexpr double kRenewFrom = 0.75;
constexpr double kRenewJitter = 0.10;

// Asked to wait longer than this by the token service, we still ask again after it.
constexpr std::chrono::milliseconds kLongestWait{30000};

// With the same keys: what was refused with old ones may be good with new ones.
bool IsSame(const AccessToken& a, const AccessToken& b) {
  return a && b && a->text == b->text && a->credentials == b->credentials;
}

bool IsSame(const Credentials& a, const Credentials& b) {
  return a.access_key.Reveal() == b.access_key.Reveal() &&
         a.secret_key.Reveal() == b.secret_key.Reveal();
}

}  // namespace

TokenProvider::TokenProvider(Scheduler& scheduler, TokenServiceClient& client, RandomSource random,
                             TokenProviderOptions options, TokenEvents events)
    : scheduler_(scheduler),
      client_(client),
      random_(std::move(random)),
      options_(options),
      events_(std::move(events)) {}

TokenProvider::~TokenProvider() {
  client_.Cancel();
  for (const TimerId timer : {fetch_timer_, expiry_timer_, settle_timer_}) scheduler_.Cancel(timer);
}

void TokenProvider::Start() { Fetch(); }

void TokenProvider::Rotate(SharedCredentials next) {
  if (IsSame(*next, *client_.credentials())) {
    if (client_.credentials() != newest_) other_.reset();  // back to what EnOS takes
    if (events_.on_rotated) events_.on_rotated(nullptr);
    return;
  }
  client_.Cancel();  // a fetch with the old keys; who waits for it waits for the next one
  // Keys that have not proved good are no use to fall back on.
  if (!other_ || client_.credentials() != newest_) other_ = client_.credentials();
  newest_ = std::move(next);
  client_.Use(newest_);
  tried_other_ = false;
  keys_refused_.reset();
  Fetch();
}

// EnOS refuses the keys: once more with the other ones, where there are some. False when they were
// refused, too.
bool TokenProvider::TryOtherKeys(const CallError& refused) {
  if (!other_ || std::exchange(tried_other_, !tried_other_)) return false;
  if (client_.credentials() == newest_ && events_.on_rotated) events_.on_rotated(&refused);
  const SharedCredentials keys = std::exchange(other_, client_.credentials());
  client_.Use(keys);
  const AccessToken current = Current();
  const SteadyTime now = scheduler_.Now();
  const bool enough = current && current->credentials == keys && now < renew_at_;
  if (enough && waiters_.empty()) {
    tried_other_ = false;
    FetchAt(renew_at_);
  } else {
    FetchAt(now);
  }
  return true;
}

AccessToken TokenProvider::Current() const {
  return scheduler_.Now() < expires_at_ ? token_ : nullptr;
}

TokenProvider::WaitId TokenProvider::Wait(const AccessToken& refused, Callback done) {
  const WaitId id = ++last_wait_;
  waiters_.emplace(id, Waiter{std::move(done), refused});
  const AccessToken current = Current();
  const bool at_hand = current && !IsSame(current, refused);
  if (at_hand || (keys_refused_ && !client_.fetching())) {
    if (settle_timer_ == 0)
      settle_timer_ = scheduler_.RunAfter(Duration::zero(), [this] { SettleAtHand(); });
  } else {
    Hurry();
  }
  return id;
}

void TokenProvider::Hurry() {
  if (client_.fetching()) return;
  // Only ever earlier: else calls that keep coming would put the fetch off for ever.
  const SteadyTime when = std::max(scheduler_.Now(), urgent_at_);
  if (when < fetch_at_) FetchAt(when);
}

void TokenProvider::Forget(WaitId id) { waiters_.erase(id); }

void TokenProvider::FetchAt(SteadyTime when) {
  scheduler_.Cancel(fetch_timer_);
  fetch_at_ = when;
  fetch_timer_ = scheduler_.RunAt(when, [this] { Fetch(); });
}

void TokenProvider::Fetch() {
  scheduler_.Cancel(std::exchange(fetch_timer_, 0));
  fetch_at_ = SteadyTime::max();
  if (client_.fetching()) return;
  client_.Fetch([this](const std::string& token) { return IsUnwanted(token); },
                [this](std::variant<FetchedToken, FetchFailure> result) {
                  if (auto* fetched = std::get_if<FetchedToken>(&result)) {
                    OnFetched(std::move(*fetched));
                  } else {
                    OnFailed(std::get<FetchFailure>(result));
                  }
                });
}

bool TokenProvider::IsUnwanted(const std::string& token) const {
  if (token_ && token == token_->text && scheduler_.Now() >= renew_at_) return true;
  return std::any_of(waiters_.begin(), waiters_.end(), [&](const auto& waiter) {
    const AccessToken& refused = waiter.second.refused;
    return refused && refused->text == token && refused->credentials == client_.credentials();
  });
}

void TokenProvider::OnFetched(FetchedToken fetched) {
  const SteadyTime now = scheduler_.Now();
  const bool still_due = token_ && fetched.token == token_->text && now >= renew_at_;
  expires_at_ = fetched.expires_at;
  if (events_.on_fetched) events_.on_fetched(expires_at_);
  keys_refused_.reset();
  tried_other_ = false;
  if (other_ && client_.credentials() == newest_) {
    other_.reset();
    if (events_.on_rotated) events_.on_rotated(nullptr);
  }
  TakeToken(std::move(fetched.token));
  if (still_due) {
    // EnOS insists on a token that is about to expire: ask again, but not at once.
    ++failures_;
    BackOff(Duration::zero());
  } else {
    failures_ = 0;
    urgent_at_ = SteadyTime::min();
    const auto life = std::max(expires_at_ - now, Duration::zero());
    renew_at_ =
        now + std::chrono::duration_cast<Duration>(life * (kRenewFrom + kRenewJitter * random_()));
    FetchAt(renew_at_);
  }
  WatchExpiry();
  ReportChange();
  Settle([this](const Waiter&) { return Result(token_); });
}

void TokenProvider::TakeToken(std::string text) {
  const auto token =
      std::make_shared<const IssuedToken>(IssuedToken{std::move(text), client_.credentials()});
  if (IsSame(token_, token)) return;
  const bool known = token_ && token_->text == token->text;
  token_ = token;
  if (!known && events_.on_token) events_.on_token(token_->text);
}

void TokenProvider::OnFailed(const FetchFailure& failure) {
  if (failure.credentials_refused && TryOtherKeys(failure.error)) return;
  ++failures_;
  keys_refused_.reset();
  if (failure.credentials_refused) keys_refused_ = failure.error;
  if (events_.on_failure) events_.on_failure(failure.error);
  BackOff(failure.error.retry_after.value_or(std::chrono::milliseconds::zero()));
  for (auto& [id, waiter] : waiters_) ++waiter.failures;
  Settle([&](const Waiter& waiter) -> std::optional<Result> {
    if (failure.credentials_refused || waiter.failures >= options_.max_attempts)
      return failure.error;
    return std::nullopt;
  });
  if (!waiters_.empty() && !keys_refused_) Hurry();
}

// Both waits are drawn here, once a failure: were one drawn for each call that comes, the luckiest
// of many calls would fetch at once, and the back-off would be none.
void TokenProvider::BackOff(Duration asked) {
  const SteadyTime now = scheduler_.Now();
  const SteadyTime not_before = now + std::min<Duration>(asked, kLongestWait);
  urgent_at_ = std::max(now + options_.urgent_backoff.Wait(failures_, random_), not_before);
  FetchAt(std::max(now + options_.background_backoff.Wait(failures_, random_), not_before));
}

void TokenProvider::SettleAtHand() {
  settle_timer_ = 0;
  const AccessToken current = Current();
  bool is_missing = false;  // for some: they wait for a fetch, or the token died in between
  Settle([&](const Waiter& waiter) -> std::optional<Result> {
    if (current && !IsSame(current, waiter.refused)) return current;
    if (keys_refused_ && !client_.fetching()) return *keys_refused_;
    is_missing = true;
    return std::nullopt;
  });
  if (is_missing) Hurry();
}

void TokenProvider::Settle(const std::function<std::optional<Result>(const Waiter&)>& answer) {
  // Taken out before any is called: a callback may wait again, or forget others.
  std::map<WaitId, Result> answers;
  for (const auto& [id, waiter] : waiters_) {
    if (auto result = answer(waiter)) answers.emplace(id, std::move(*result));
  }
  for (auto& [id, result] : answers) {
    const auto found = waiters_.find(id);
    if (found == waiters_.end()) continue;
    Callback done = std::move(found->second.done);
    waiters_.erase(found);
    done(std::move(result));
  }
}

void TokenProvider::WatchExpiry() {
  scheduler_.Cancel(expiry_timer_);
  expiry_timer_ = scheduler_.RunAt(expires_at_, [this] {
    expiry_timer_ = 0;
    ReportChange();
  });
}

void TokenProvider::ReportChange() {
  const bool has_token = Current() != nullptr;
  if (has_token == had_token_) return;
  had_token_ = has_token;
  if (events_.on_change) events_.on_change(has_token);
}

}  // namespace enos::gateway
