#ifndef ENOS_FLOW_CLI_REQUEST_FIELDS_H_
#define ENOS_FLOW_CLI_REQUEST_FIELDS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "document.h"
#include "enos/flow/client.h"

namespace enos::flow::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// A request as written in flags, in a file or in a line of a batch. What is missing was not given.
struct RequestFields {
  std::optional<std::string> id;  // the caller's own name for a line of a batch; not sent
  std::optional<std::string> user_id;
  std::optional<std::string> org_id;
  std::optional<std::string> flow_id;
  std::optional<std::string> trigger_time;
  std::optional<Parameters> parameters;
};

enum class IdField { kAllowed, kRefused };

// All of these give errors whose message is one line that names the field, its value and what is
// expected, for example "flow_id=abc: expected a whole number from 1 to 2147483647".

// A map keyed by the fields' names. Unknown and repeated names are errors, and so is null.
absl::StatusOr<RequestFields> ReadFields(const Document& document, IdField id);

// Either a map of strings, in which each key appears once, or a list of {key: …, value: …}, whose
// order and duplicates are kept.
absl::StatusOr<Parameters> ReadParameters(const Document& document);

// `fields`, with what they omit taken from `defaults`.
RequestFields WithDefaults(RequestFields fields, const RequestFields& defaults);

// Checks the fields that are given.
absl::Status CheckFields(const RequestFields& fields, absl::Time now);

// The names of those of user_id, org_id and flow_id that were not given.
std::vector<std::string> MissingFields(const RequestFields& fields);

// Needs those three; trigger_time defaults to `now`. Length limits are left to the
// gateway, which knows them.
absl::StatusOr<FlowRequest> MakeRequest(const RequestFields& fields, absl::Time now);

void SetTriggerTime(FlowRequest& request, absl::Time time);

// 32 hexadecimal digits that are the same for the same fields (except id) and, as far as SHA-256
// goes, for no others.
std::string Fingerprint(const RequestFields& fields);

// Digits only: no spaces, signs, bases or exponents. The error says what is expected.
absl::StatusOr<int> ParseWholeNumber(absl::string_view text, int from, int to);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_REQUEST_FIELDS_H_
