#include "server/base/log_mask.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace enos::gateway {
namespace {

constexpr std::string_view kMask = "***";

struct Span {
  size_t begin;
  size_t end;
};

void FindAll(std::string_view text, std::string_view secret, std::vector<Span>* found) {
  for (size_t at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1))
    found->push_back({at, at + secret.size()});
}

// Overlapping finds (one secret inside another, or a secret that repeats itself) become one mask:
// masking one after the other would leave the rest of the longer one in the text.
std::string Mask(std::string_view text, std::vector<Span> found) {
  std::sort(found.begin(), found.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string masked;
  size_t done = 0;
  for (size_t i = 0; i < found.size();) {
    masked.append(text.substr(done, found[i].begin - done)).append(kMask);
    done = found[i].end;
    for (++i; i < found.size() && found[i].begin < done; ++i) done = std::max(done, found[i].end);
  }
  return masked.append(text.substr(done));
}

}  // namespace

void SecretMask::Register(std::string_view secret, SecretLife life) {
  if (secret.size() < kMinLength) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  std::deque<Secret>& known = life == SecretLife::kForever ? forever_ : rotating_;
  const size_t limit = life == SecretLife::kForever ? kMaxForever : kMaxRotating;
  const auto same = std::find_if(known.begin(), known.end(),
                                 [&](const Secret& s) { return s.Reveal() == secret; });
  if (same != known.end()) known.erase(same);
  if (known.size() == limit) known.pop_front();
  known.emplace_back(secret);
  if (secret.size() < shortest_) shortest_.store(secret.size(), std::memory_order_release);
}

void SecretMask::Apply(std::string* text) const {
  if (text->size() < shortest()) return;
  std::vector<Span> found;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Secret& secret : forever_) FindAll(*text, secret.Reveal(), &found);
    for (const Secret& secret : rotating_) FindAll(*text, secret.Reveal(), &found);
  }
  if (!found.empty()) *text = Mask(*text, std::move(found));
}

}  // namespace enos::gateway
