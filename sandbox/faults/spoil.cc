#include "sandbox/faults/spoil.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/enos/result_code.h"

namespace enos::sandbox {
namespace {

using Wire = Fault::Wire;
using Content = Fault::Content;

// Larger than any client should take for an answer of some hundred bytes.
constexpr std::size_t kTooLarge = 2 * 1024 * 1024;
constexpr std::size_t kDeep = 100'000;
constexpr char kNotUtf8[] = "\xff\xfe";
// How far a wrong Content-Length is off.
constexpr std::size_t kLengthError = 10;

Answer Html(int status) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Content-Type", "text/html"}};
  answer.body = absl::StrCat("<html><head><title>", status, "</title></head><body><h1>", status,
                             "</h1><hr>proxy</body></html>\n");
  return answer;
}

Answer Redirect(const std::string& target) {
  Answer answer;
  answer.status = 307;
  answer.headers = {{"Location", target}};
  return answer;
}

std::string CodeBody(const SpoilContext& context, int code) {
  return absl::StrCat(R"({")", context.code_member, R"(":)", code, R"(,"msg":")", MessageOf(code),
                      R"("})");
}

Answer WithoutContentFault(Answer proper, const Fault& fault, const SpoilContext& context) {
  if (fault.code.has_value()) {
    return Answer::Json(fault.http_status.value_or(200), CodeBody(context, *fault.code));
  }
  if (fault.http_status.has_value()) return Answer::Text(*fault.http_status, "injected fault\n");
  return proper;
}

Answer ApplyContent(Answer proper, const Fault& fault, const SpoilContext& context) {
  const int status = fault.http_status.value_or(200);
  const std::string success = absl::StrCat("{\"", context.code_member, "\":0,");
  switch (fault.content) {
    case Content::kProper:
      return WithoutContentFault(std::move(proper), fault, context);
    case Content::kHtml:
      return Html(status);
    case Content::kNotJson:
      return Answer::Text(status, "success!\n");
    case Content::kNotUtf8:
      return Answer::Json(status, success + R"("msg":")" + kNotUtf8 +
                                      R"(","data":{"flowInstanceId":")" + kNotUtf8 + R"("}})");
    case Content::kNoCode:
      return Answer::Json(status, R"({"msg":"OK","data":{"flowInstanceId":"1-20200101000000"}})");
    case Content::kEmptyId:
      return Answer::Json(status, success + R"("msg":"OK","data":{"flowInstanceId":""}})");
    case Content::kDeep:
      return Answer::Json(status, success + "\"data\":" + std::string(kDeep, '['));
    case Content::kTooLarge:
      return Answer::Json(status, success + R"("msg":")" + std::string(kTooLarge, 'x') +
                                      R"(","data":{"flowInstanceId":"1-20200101000000"}})");
    case Content::kRedirect:
      return Redirect(context.target);
    case Content::kData:
      return Answer::Json(
          status, success + R"("msg":"OK")" + (fault.data ? ",\"data\":" + *fault.data : "") + "}");
  }
  return proper;
}

void ApplyWire(Answer& answer, const Fault& fault) {
  const std::size_t head = HeadSize(answer);
  const std::size_t half_body = head + answer.body.size() / 2;
  switch (fault.wire) {
    case Wire::kProper:
      return;
    case Wire::kReset:
      answer = Answer::Nothing(Ending::kReset);
      return;
    case Wire::kClose:
      answer = Answer::Nothing(Ending::kClose);
      return;
    case Wire::kHang:
      answer = Answer::Nothing(Ending::kHold);
      return;
    case Wire::kHalfHead:
      answer = Answer::Truncated(std::move(answer), head / 2, Ending::kClose);
      return;
    case Wire::kHalfBody:
      answer = Answer::Truncated(std::move(answer), half_body, Ending::kClose);
      return;
    case Wire::kHalfBodyReset:
      answer = Answer::Truncated(std::move(answer), half_body, Ending::kReset);
      return;
    case Wire::kLengthTooLong:
      answer.content_length = answer.body.size() + kLengthError;
      answer.ending = Ending::kClose;
      return;
    case Wire::kLengthTooShort:
      answer.content_length = answer.body.size() - std::min(kLengthError, answer.body.size());
      answer.ending = Ending::kClose;
      return;
    case Wire::kTrickle:
      answer.trickle_bytes = 16;
      answer.trickle_interval = fault.trickle_interval;
      return;
    case Wire::kCloseAnnounced:
      answer.keep_alive = false;
      return;
    case Wire::kCloseSilently:
      answer.ending = Ending::kClose;
      return;
    case Wire::kResetSilently:
      answer.ending = Ending::kReset;
      return;
  }
}

}  // namespace

Answer Spoil(Answer proper, const Fault& fault, const SpoilContext& context) {
  const std::string date(FindHeader(proper.headers, "Date").value_or(""));
  Answer answer = ApplyContent(std::move(proper), fault, context);
  if (!date.empty() && !FindHeader(answer.headers, "Date")) {
    answer.headers.emplace_back("Date", date);
  }
  if (fault.retry_after.has_value()) {
    answer.headers.emplace_back("Retry-After", *fault.retry_after);
  }
  ApplyWire(answer, fault);
  return answer;
}

}  // namespace enos::sandbox
