// ReadInstanceAnswer keeps its promises whatever the answer's bytes are; so do the other readers of
// answers to calls that start nothing.
#include <string>
#include <string_view>

#include "server/base/utf8.h"
#include "server/contract/rich_status.h"
#include "server/enos/enos_time.h"
#include "server/enos/instance_answer.h"
#include "server/enos/time_answer.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"

namespace enos::gateway {
namespace {

using dataflow::v1::FlowInstance;

constexpr std::string_view kId = "7-20191122012300";
constexpr std::string_view kSecret = "s3cret";

void CheckRefused(const Refusal& refused, int http_status) {
  const CallError& error = refused.error;
  FUZZ_CHECK(error.code != absl::StatusCode::kOk);
  FUZZ_CHECK(error.http_status == http_status);
  FUZZ_CHECK(!error.message.empty());
  const grpc::Status status = ToGrpcStatus(error);
  FUZZ_CHECK(IsValidUtf8(status.error_message()));
  FUZZ_CHECK(status.error_message().find(kSecret) == std::string::npos);
  FUZZ_CHECK(status.error_details().find(kSecret) == std::string::npos);
  FUZZ_CHECK(status.error_message().size() + status.error_details().size() < 4096);
}

void CheckTime(const std::string& text) {
  FUZZ_CHECK(text.empty() || ParseEnosTime(text, absl::UTCTimeZone()).has_value());
}

void CheckRun(InstanceAnswer answer, int http_status) {
  FUZZ_CHECK(http_status >= 200 && http_status < 300);
  FlowInstance& run = answer.instance;
  FUZZ_CHECK(run.flow_instance_id() == kId);
  FUZZ_CHECK(run.flow_id() == 7);
  FUZZ_CHECK(run.tasks_size() <= kMaxTasks);
  FUZZ_CHECK(!run.ended() || run.state() != dataflow::v1::FLOW_INSTANCE_STATE_UNSPECIFIED);
  for (const int count : answer.unreadable) FUZZ_CHECK(count >= 0);
  for (const std::string* time : {&answer.trigger_time, &answer.start_time, &answer.end_time})
    CheckTime(*time);
  SetTimes(absl::FixedTimeZone(8 * 3600), answer);
  FUZZ_CHECK(run.has_end_time() <= !answer.end_time.empty());
  // The parser refuses what is not UTF-8.
  FlowInstance sent;
  FUZZ_CHECK(sent.ParseFromString(run.SerializeAsString()));
}

void CheckInstance(const FuzzAnswer& input) {
  auto answer = ReadInstanceAnswer(input.http_status, input.body, kId, {kSecret});
  if (auto* run = std::get_if<InstanceAnswer>(&answer)) {
    CheckRun(std::move(*run), input.http_status);
  } else {
    CheckRefused(std::get<Refusal>(answer), input.http_status);
  }
}

void CheckOthers(const FuzzAnswer& input) {
  std::string request_id;
  if (const auto refused = ReadCancelAnswer(input.http_status, input.body, {kSecret}, &request_id))
    CheckRefused(*refused, input.http_status);
  std::optional<absl::TimeZone> zone;
  const auto no_zone = ReadZoneAnswer(input.http_status, input.body, {kSecret}, &zone);
  FUZZ_CHECK(no_zone.has_value() != zone.has_value());
  std::optional<WallTime> time;
  const auto no_time = ReadCurrentTimeAnswer(input.http_status, input.body, {kSecret}, &time);
  FUZZ_CHECK(no_time.has_value() != time.has_value());
}

}  // namespace
}  // namespace enos::gateway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const enos::gateway::FuzzAnswer input = enos::gateway::ToAnswer(data, size);
  enos::gateway::CheckInstance(input);
  enos::gateway::CheckOthers(input);
  return 0;
}
