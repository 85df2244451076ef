#include "server/idempotency/start_key.h"

#include <charconv>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/enos/enos_time.h"
#include "server/enos/flow_call.h"
#include "server/enos/signature.h"

namespace enos::gateway {
namespace {

using dataflow::v1::UpdateAndTriggerFlowRequest;

// Each text after its length, so that no two lists of texts are written alike.
void Append(std::string& out, std::string_view text) {
  out.append(std::to_string(text.size())).append(":").append(text);
}

std::string Fingerprint(const UpdateAndTriggerFlowRequest& request, int64_t trigger_time_ms) {
  std::string text;
  Append(text, request.user_id());
  Append(text, request.org_id());
  absl::StrAppend(&text, request.flow_id(), ";", trigger_time_ms, ";");
  for (const auto& parameter : request.parameters()) {
    Append(text, parameter.key());
    Append(text, parameter.value());
  }
  return Sha256Hex({text});
}

// A UUIDv7's record begins with its time: those that are made at about the same time share pages of
// the store's index, instead of each changing one of its own.
std::string RecordId(std::string_view org_id, std::string_view key,
                     std::optional<int64_t> key_time_ms) {
  std::string text;
  Append(text, org_id);
  Append(text, key);
  std::string id = Sha256Hex({text});
  if (key_time_ms) {
    const std::string time = absl::StrCat(absl::Hex(*key_time_ms, absl::kZeroPad12));
    id.replace(0, time.size(), time);
  }
  return id;
}

}  // namespace

StartKey StartKeyOf(const UpdateAndTriggerFlowRequest& request) {
  StartKey key;
  key.note.key = request.idempotency_key();
  key.note.org_id = request.org_id();
  key.note.flow_id = request.flow_id();
  key.note.trigger_time_ms = TriggerTimeMs(request);
  key.note.likely_flow_instance_id = LikelyInstanceId(request.flow_id(), key.note.trigger_time_ms);
  key.ref.key_time_ms = TimeOfUuidV7(request.idempotency_key());
  key.ref.id = RecordId(request.org_id(), request.idempotency_key(), key.ref.key_time_ms);
  key.ref.fingerprint = Fingerprint(request, key.note.trigger_time_ms);
  return key;
}

std::optional<int64_t> TimeOfUuidV7(std::string_view key) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-7xxx-vxxx-xxxxxxxxxxxx";
  if (key.size() != kForm.size()) return std::nullopt;
  std::string digits;
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(key[i]));
    const bool is_digit = absl::ascii_isxdigit(static_cast<unsigned char>(c));
    const bool fits = kForm[i] == 'x'   ? is_digit
                      : kForm[i] == 'v' ? c == '8' || c == '9' || c == 'a' || c == 'b'
                                        : c == kForm[i];
    if (!fits) return std::nullopt;
    if (c != '-') digits.push_back(c);
  }
  int64_t milliseconds = 0;
  constexpr size_t kTimeDigits = 12;
  constexpr int kHexadecimal = 16;
  std::from_chars(digits.data(), digits.data() + kTimeDigits, milliseconds, kHexadecimal);
  return milliseconds;
}

}  // namespace enos::gateway
