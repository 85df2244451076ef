#include "server/policy/policy.h"

#include <algorithm>
#include <utility>

namespace enos::gateway {
namespace {

// Debian 12's Abseil has its own string_view.
absl::string_view Key(std::string_view text) { return {text.data(), text.size()}; }

template <typename Map>
const typename Map::mapped_type* Find(const Map& map, std::string_view key) {
  const auto found = map.find(Key(key));
  return found == map.end() ? nullptr : &found->second;
}

bool Has(const IdSet& set, std::string_view id) { return set.any || set.ids.contains(Key(id)); }

// Sorted, and without overlaps: one binary search finds an id.
void Normalize(std::vector<FlowRange>* ranges) {
  std::sort(ranges->begin(), ranges->end(),
            [](const FlowRange& a, const FlowRange& b) { return a.first < b.first; });
  std::vector<FlowRange> merged;
  for (const FlowRange& range : *ranges) {
    if (!merged.empty() && range.first <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  *ranges = std::move(merged);
}

bool Has(const std::vector<FlowRange>& ranges, int32_t flow_id) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), flow_id,
                       [](int32_t id, const FlowRange& range) { return id < range.first; });
  return after != ranges.begin() && flow_id <= std::prev(after)->last;
}

Decision DecideRule(const PolicyRule& rule, const FlowAccess& access) {
  if (!rule.methods.test(static_cast<size_t>(access.method))) return Decision::kMethodNotAllowed;
  if (!Has(rule.org_ids, access.org_id)) return Decision::kOrgNotAllowed;
  if (!Has(rule.user_ids, access.user_id)) return Decision::kUserNotAllowed;
  if (!Has(rule.flow_ids, access.flow_id)) return Decision::kFlowNotAllowed;
  return Decision::kAllowed;
}

// From the minimum to the maximum that a rule can name.
int Progress(Decision decision) {
  return decision == Decision::kAllowed ? 100 : static_cast<int>(decision);
}

}  // namespace

std::string_view DecisionText(Decision decision) {
  switch (decision) {
    case Decision::kAllowed:
      return "allowed";
    case Decision::kNoRuleForCaller:
      return "no rule names the caller";
    case Decision::kMethodNotAllowed:
      return "method not allowed";
    case Decision::kOrgNotAllowed:
      return "org_id not allowed";
    case Decision::kUserNotAllowed:
      return "user_id not allowed";
    case Decision::kFlowNotAllowed:
      return "flow_id not allowed";
  }
  return "unknown";  // no enumerator is missing above: the compiler warns
}

Policy::Policy(std::vector<PolicyRule> rules) : rules_(std::move(rules)) {
  for (uint32_t id = 0; id < rules_.size(); ++id) {
    Normalize(&rules_[id].flow_ids);
    for (const CallerPattern& caller : rules_[id].callers) {
      switch (caller.kind) {
        case CallerPattern::Kind::kAny:
          for_any_.push_back(id);
          break;
        case CallerPattern::Kind::kExact:
          for_exact_[caller.text].push_back(id);
          break;
        case CallerPattern::Kind::kPrefix:
          for_prefix_[caller.text].push_back(id);
          break;
      }
    }
  }
}

void Policy::Try(const RuleIds* rules, const FlowAccess& access, Decision* best) const {
  if (rules == nullptr) return;
  for (const uint32_t id : *rules) {
    if (*best == Decision::kAllowed) return;
    const Decision decision = DecideRule(rules_[id], access);
    if (Progress(decision) > Progress(*best)) *best = decision;
  }
}

void Policy::TryIdentity(std::string_view identity, const FlowAccess& access,
                         Decision* best) const {
  Try(Find(for_exact_, identity), access, best);
  if (for_prefix_.empty() || !MayMatchPrefix(identity)) return;
  for (size_t i = 0; i + 1 < identity.size(); ++i) {
    if (!EndsPrefix(identity[i])) continue;
    Try(Find(for_prefix_, identity.substr(0, i + 1)), access, best);
  }
}

Decision Policy::Decide(const std::vector<std::string>& identities, const FlowAccess& access,
                        size_t* matched) const {
  Decision best = Decision::kNoRuleForCaller;
  size_t of_best = 0;
  for (size_t i = 0; i < identities.size() && best != Decision::kAllowed; ++i) {
    const Decision before = best;
    TryIdentity(identities[i], access, &best);
    if (best != before) of_best = i;
  }
  if (!identities.empty() && best != Decision::kAllowed) {
    const Decision before = best;
    Try(&for_any_, access, &best);
    if (best != before) of_best = 0;  // every name is as good
  }
  if (matched != nullptr) *matched = of_best;
  return best;
}

}  // namespace enos::gateway
