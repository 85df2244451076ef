#include "server/base/secret_mask.h"

#include <algorithm>
#include <utility>

namespace enos::gateway {
namespace {

constexpr std::string_view kMask = "***";

}  // namespace

SecretMask::SecretMask(std::initializer_list<std::string_view> secrets) {
  for (const std::string_view secret : secrets) Register(secret, SecretLife::kForever);
}

void SecretMask::FindAll(std::string_view text, std::string_view secret, std::vector<Span>* found) {
  for (size_t at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1))
    found->push_back({at, at + secret.size()});
}

// Overlapping and adjacent matches (one secret inside another, or a secret that repeats itself)
// become one mask: masking one after the other would leave the rest of the longer one in the text.
std::string SecretMask::Mask(std::string_view text, std::vector<Span> found) {
  std::sort(found.begin(), found.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string masked;
  size_t done = 0;
  for (size_t i = 0; i < found.size();) {
    masked.append(text.substr(done, found[i].begin - done)).append(kMask);
    done = found[i].end;
    for (++i; i < found.size() && found[i].begin <= done; ++i) done = std::max(done, found[i].end);
  }
  return masked.append(text.substr(done));
}

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

std::vector<SecretMask::Span> SecretMask::Find(std::string_view text, size_t* longest) const {
  std::vector<Span> found;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto* known : {&forever_, &rotating_}) {
    for (const Secret& secret : *known) {
      FindAll(text, secret.Reveal(), &found);
      *longest = std::max(*longest, secret.Reveal().size());
    }
  }
  return found;
}

void SecretMask::Apply(std::string* text) const {
  if (text->size() < shortest()) return;
  size_t longest = 0;
  std::vector<Span> found = Find(*text, &longest);
  if (!found.empty()) *text = Mask(*text, std::move(found));
}

std::string SecretMask::MaskedStart(std::string_view text, size_t most) const {
  if (text.size() < shortest()) return std::string(text.substr(0, most));
  const std::string_view start = text.substr(0, most);
  size_t longest = 0;
  std::vector<Span> found = Find(start, &longest);
  std::string masked = Mask(start, std::move(found));
  // A secret may continue beyond the cut.
  if (start.size() < text.size()) masked.resize(masked.size() - std::min(masked.size(), longest));
  return masked;
}

bool SecretMask::Finds(std::string_view text) const {
  size_t longest = 0;
  return text.size() >= shortest() && !Find(text, &longest).empty();
}

SecretMask& KnownSecrets() {
  static auto* const known = new SecretMask;  // threads that log may outlive static objects
  return *known;
}

}  // namespace enos::gateway
