// One thing to go wrong with one answer.
#ifndef ENOS_SANDBOX_FAULTS_FAULT_H_
#define ENOS_SANDBOX_FAULTS_FAULT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sandbox/faults/latency.h"

namespace enos::sandbox {

struct Fault {
  // What becomes of the bytes of the answer.
  enum class Wire {
    kProper,
    kReset,           // reset
    kClose,           // close
    kHang,            // hang
    kHalfHead,        // half-head
    kHalfBody,        // half-answer
    kHalfBodyReset,   // half-answer-reset
    kLengthTooLong,   // length-too-long
    kLengthTooShort,  // length-too-short
    kTrickle,         // trickle[=INTERVAL]: 16 bytes each
    kCloseAnnounced,  // close-after: with "Connection: close"
    kCloseSilently,   // close-silently: after the whole answer, not announced
    kResetSilently,   // reset-silently
  };
  // What the answer says.
  enum class Content {
    kProper,
    kHtml,      // html-STATUS
    kNotJson,   // not-json
    kNotUtf8,   // not-utf8
    kNoCode,    // no-code
    kEmptyId,   // empty-id
    kDeep,      // deep
    kTooLarge,  // too-large
    kRedirect,  // redirect
    kData,      // data=TEXT, data-absent, data-null, data-object: success with this as data
  };

  std::string name;  // as given, without "xN"
  Wire wire = Wire::kProper;
  Content content = Content::kProper;
  std::chrono::milliseconds trickle_interval{20};
  std::optional<std::string> data;         // JSON text, with kData; nothing: the member is absent
  std::optional<int> http_status;          // http-STATUS, html-STATUS
  std::optional<int> code;                 // code-N
  std::optional<std::string> retry_after;  // retry-after=VALUE
  std::optional<Latency> latency;          // latency=DURATION or a range
  std::optional<bool> executes;            // "before": the flow is not started; "after": it is
  std::optional<std::uint64_t> times;      // xN: only the first so many; nothing: always
};

// KIND[+KIND...][xN] as above, for example "http-503+retry-after=2x1" or "reset+before". The error
// says what is not understood.
absl::StatusOr<Fault> ParseFault(std::string_view text);

// Whether a client that gets this answer rightly believes that the flow was started: it then must
// have been.
bool AnswersSuccess(const Fault& fault);
// Whether a client that gets this answer rightly believes that it was not.
bool AnswersRefusal(const Fault& fault);

// Where neither "before" nor "after" was said: refusals come before the flow is started, all else
// after, because that is the harder case for a client.
bool RunsFlow(const Fault& fault);

// One line per kind, for --help.
std::string FaultKindsHelp();

}  // namespace enos::sandbox

#endif  // ENOS_SANDBOX_FAULTS_FAULT_H_
