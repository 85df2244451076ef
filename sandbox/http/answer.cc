#include "sandbox/http/answer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sandbox/http/reason_phrase.h"

namespace enos::sandbox {

std::optional<std::string_view> FindHeader(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, absl::string_view(name.data(), name.size()))) return value;
  }
  return std::nullopt;
}

Answer Answer::Json(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Content-Type", "application/json;charset=UTF-8"}};
  answer.body = std::move(body);
  return answer;
}

Answer Answer::Text(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  answer.body = std::move(body);
  return answer;
}

Answer Answer::Raw(std::string bytes, Ending ending) {
  Answer answer;
  answer.raw = std::move(bytes);
  answer.ending = ending;
  return answer;
}

Answer Answer::Nothing(Ending ending) { return Raw(std::string(), ending); }

Answer Answer::Truncated(Answer whole, std::size_t bytes, Ending ending) {
  whole.truncate_after = bytes;
  whole.ending = ending;
  return whole;
}

std::string AnswerBytes(const Answer& answer, bool head_only, bool keep_alive) {
  std::string bytes;
  if (answer.raw.has_value()) {
    bytes = *answer.raw;
  } else {
    bytes = absl::StrCat("HTTP/1.1 ", answer.status, " ", ReasonPhrase(answer.status), "\r\n");
    for (const auto& [name, value] : answer.headers) {
      absl::StrAppend(&bytes, name, ": ", value, "\r\n");
    }
    if (!FindHeader(answer.headers, "Content-Length") &&
        !FindHeader(answer.headers, "Transfer-Encoding")) {
      absl::StrAppend(
          &bytes, "Content-Length: ", answer.content_length.value_or(answer.body.size()), "\r\n");
    }
    if (!FindHeader(answer.headers, "Connection")) {
      absl::StrAppend(
          &bytes, "Connection: ", answer.keep_alive && keep_alive ? "keep-alive" : "close", "\r\n");
    }
    bytes += "\r\n";
    if (!head_only) bytes += answer.body;
  }
  if (answer.truncate_after.has_value() && *answer.truncate_after < bytes.size()) {
    bytes.resize(*answer.truncate_after);
  }
  return bytes;
}

std::size_t HeadSize(const Answer& answer) {
  Answer whole = answer;
  whole.truncate_after.reset();
  return AnswerBytes(whole, /*head_only=*/true, /*keep_alive=*/true).size();
}

}  // namespace enos::sandbox
