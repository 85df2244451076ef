// ReadFlowAnswer keeps its promises whatever the answer's bytes are.
#include <algorithm>
#include <string>
#include <string_view>

#include "server/base/utf8.h"
#include "server/contract/rich_status.h"
#include "server/enos/answer_json.h"
#include "server/enos/flow_answer.h"
#include "server/enos/mend_json.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"

namespace enos::gateway {
namespace {

constexpr std::string_view kSecret = "s3cret";

bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void CheckRequestId(const std::string& id) {
  FUZZ_CHECK(id.size() <= 128);
  FUZZ_CHECK(std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c <= 0x7E; }));
  FUZZ_CHECK(!Holds(id, kSecret));
}

void CheckStarted(const FlowStarted& started, int http_status) {
  FUZZ_CHECK(http_status >= 200 && http_status < 300);
  const std::string& id = started.flow_instance_id;
  FUZZ_CHECK(!id.empty() && id.size() <= 256);
  FUZZ_CHECK(std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x21 && c <= 0x7E; }));
  CheckRequestId(started.enos_request_id);
}

void CheckRefused(const Refusal& refused, int http_status) {
  const CallError& error = refused.error;
  FUZZ_CHECK(error.code != absl::StatusCode::kOk);
  FUZZ_CHECK(error.http_status == http_status);
  const bool not_executed = error.execution == Execution::kNotExecuted;
  FUZZ_CHECK(not_executed || error.code != absl::StatusCode::kUnavailable);
  FUZZ_CHECK(not_executed || refused.remedy == Remedy::kNone);
  FUZZ_CHECK(!(error.reason == Reason::ENOS_MALFORMED_RESPONSE && not_executed));
  FUZZ_CHECK(error.enos_message.size() <= 256);
  FUZZ_CHECK(IsValidUtf8(error.enos_message));
  FUZZ_CHECK(!Holds(error.enos_message, kSecret));
  FUZZ_CHECK(!error.message.empty());
  CheckRequestId(error.enos_request_id);

  const grpc::Status status = ToGrpcStatus(error);
  FUZZ_CHECK(!status.ok());
  FUZZ_CHECK(IsValidUtf8(status.error_message()));
  FUZZ_CHECK(!Holds(status.error_message(), kSecret));
  FUZZ_CHECK(!Holds(status.error_details(), kSecret));
  FUZZ_CHECK(status.error_message().size() + status.error_details().size() < 4096);
}

// Both readings of an answer agree on what the first one takes.
void CheckReadings(std::string_view body) {
  FUZZ_CHECK(ReadAnswerMembers(body) == ReadAnswerMembersLeniently(body));
  const std::string mended = MendJson(body);
  FUZZ_CHECK(mended.size() <= 2 * body.size());
  FUZZ_CHECK(MendJson(mended) == mended);
}

void Check(const FuzzAnswer& input, bool trust_503) {
  FlowAnswerOptions options;
  options.trust_503 = trust_503;
  const FlowAnswer answer = ReadFlowAnswer(input.http_status, input.body, options, {kSecret, ""});
  if (const auto* started = std::get_if<FlowStarted>(&answer)) {
    CheckStarted(*started, input.http_status);
  } else {
    CheckRefused(std::get<Refusal>(answer), input.http_status);
  }
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const enos::gateway::FuzzAnswer input = enos::gateway::ToAnswer(data, size);
  enos::gateway::CheckReadings(input.body);
  enos::gateway::Check(input, false);
  enos::gateway::Check(input, true);
  return 0;
}
