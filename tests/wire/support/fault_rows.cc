#include "tests/wire/support/fault_rows.h"

#include <utility>

#include "tests/support/fake_enos.h"

namespace enos::gateway::testing {
namespace {

using sandbox::Answer;
using sandbox::Ending;
using Head = sandbox::HeadDecision::Kind;

constexpr char kLost[] = "UNKNOWN ENOS_CONNECTION_LOST UNKNOWN";
constexpr char kMalformed[] = "INTERNAL ENOS_MALFORMED_RESPONSE UNKNOWN";
constexpr char kTimeout[] = "DEADLINE_EXCEEDED ENOS_TIMEOUT UNKNOWN";
constexpr char kUnknownError[] = "UNKNOWN ENOS_ERROR UNKNOWN";
constexpr char kRefusedKeys[] = "UNAUTHENTICATED ENOS_CREDENTIALS_REFUSED NOT_EXECUTED";
constexpr char kRateLimited[] = "RESOURCE_EXHAUSTED ENOS_RATE_LIMITED NOT_EXECUTED";

constexpr std::chrono::milliseconds kShort{500};
// Nearly the largest message: some of the body is still to be sent when the server goes.
constexpr std::size_t kLarge = 1'000'000;

Answer Ended(Answer answer, Ending ending) {
  answer.ending = ending;
  return answer;
}

Answer Cut(std::size_t bytes, Ending ending) {
  return Answer::Truncated(FlowStartedAnswer(), bytes, ending);
}

std::size_t HeadBytes() { return sandbox::HeadSize(FlowStartedAnswer()); }

Answer Counted(std::uint64_t length) {
  Answer answer = Ended(FlowStartedAnswer(), Ending::kClose);
  answer.content_length = length;
  return answer;
}

Answer Trickled() {
  Answer answer = FlowStartedAnswer();
  answer.trickle_bytes = 1;
  answer.trickle_interval = std::chrono::milliseconds(100);
  return answer;
}

Answer Code(int http_status, const std::string& code) {
  return Answer::Json(http_status, R"({"code":)" + code + R"(,"msg":"m","requestId":"r"})");
}

Answer Raw(std::string bytes) { return Answer::Raw(std::move(bytes), Ending::kClose); }

// A status without a body, with HTML, and with JSON that has no result code: all the same.
void AddStatus(std::vector<FaultRow>& rows, int status, const std::string& told,
               std::uint64_t calls = 1) {
  const std::string name = std::to_string(status);
  rows.push_back({name + "Empty", Answer::Json(status, ""), told, calls});
  rows.push_back({name + "Html", Answer::Text(status, "<html>no</html>"), told, calls});
  rows.push_back({name + "Json", Answer::Json(status, R"({"error":"no"})"), told, calls});
}

// A code under HTTP 200, and under the HTTP status that would say something else.
void AddCode(std::vector<FaultRow>& rows, int code, const std::string& told,
             std::uint64_t calls = 1) {
  const std::string name = std::to_string(code);
  const int other = code == 500 ? 404 : 500;
  rows.push_back({name, Code(200, name), told, calls});
  rows.push_back({name + "InAString", Code(200, "\"" + name + "\""), told, calls});
  rows.push_back({name + "UnderHttp" + std::to_string(other), Code(other, name), told, calls});
}

}  // namespace

std::vector<FaultRow> WireFaults() {
  return {
      {"ResetWhileSending", {}, kLost, 1, Head::kReset, kLarge},
      {"ClosedWhileSending", {}, kLost, 1, Head::kClose, kLarge},
      {"NotReadToTheEnd", {}, kTimeout, 1, Head::kStopReading, kLarge, kShort},
      {"ResetAfterSending", Answer::Nothing(Ending::kReset), kLost},
      {"ResetAfterSendingMuch", Answer::Nothing(Ending::kReset), kLost, 1, Head::kReadOn, kLarge},
      {"ClosedWithoutAnswer", Answer::Nothing(Ending::kClose), kLost},
      {"ClosedInStatusLine", Cut(10, Ending::kClose), kLost},
      {"ClosedInHeaders", Cut(HeadBytes() - 2, Ending::kClose), kLost},
      {"ResetInHeaders", Cut(HeadBytes() - 2, Ending::kReset), kLost},
      {"ClosedBeforeBody", Cut(HeadBytes(), Ending::kClose), kLost},
      {"ClosedInBody", Cut(HeadBytes() + 10, Ending::kClose), kLost},
      {"LengthTooLong", Counted(1000), kLost},
      {"LengthTooShort", Counted(10), kMalformed},
      {"ChunkCut", Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"status\""),
       kLost},
      {"NoAnswer", Answer::Nothing(Ending::kHold), kTimeout, 1, Head::kReadOn, 0, kShort},
      {"HeadersThenSilence", Cut(HeadBytes(), Ending::kHold), kTimeout, 1, Head::kReadOn, 0,
       kShort},
      {"SlowTrickle", Trickled(), kTimeout, 1, Head::kReadOn, 0, kShort},
      {"InterimAnswerOnly", Raw("HTTP/1.1 100 Continue\r\n\r\n"), kLost},
  };
}

std::vector<FaultRow> HttpStatusRows() {
  std::vector<FaultRow> rows;
  AddStatus(rows, 400, "INVALID_ARGUMENT ENOS_INVALID_ARGUMENT NOT_EXECUTED");
  AddStatus(rows, 401, kRefusedKeys, 2);
  AddStatus(rows, 403, "PERMISSION_DENIED ENOS_PERMISSION_DENIED NOT_EXECUTED");
  AddStatus(rows, 404, "NOT_FOUND ENOS_NOT_FOUND NOT_EXECUTED");
  AddStatus(rows, 405, "UNIMPLEMENTED ENOS_UNIMPLEMENTED NOT_EXECUTED");
  AddStatus(rows, 407, kUnknownError);
  AddStatus(rows, 408, kUnknownError);
  AddStatus(rows, 409, "ALREADY_EXISTS ENOS_ALREADY_EXISTS NOT_EXECUTED");
  AddStatus(rows, 413, "INVALID_ARGUMENT ENOS_INVALID_ARGUMENT NOT_EXECUTED");
  AddStatus(rows, 417, kUnknownError);
  AddStatus(rows, 421, kUnknownError);
  AddStatus(rows, 429, kRateLimited, 3);
  AddStatus(rows, 499, kUnknownError);
  AddStatus(rows, 500, "INTERNAL ENOS_INTERNAL UNKNOWN");
  AddStatus(rows, 501, "UNIMPLEMENTED ENOS_UNIMPLEMENTED NOT_EXECUTED");
  AddStatus(rows, 502, kLost);
  AddStatus(rows, 503, "UNKNOWN ENOS_UNAVAILABLE UNKNOWN");
  AddStatus(rows, 504, kTimeout);
  AddStatus(rows, 505, kUnknownError);
  return rows;
}

std::vector<FaultRow> ResultCodeRows() {
  std::vector<FaultRow> rows;
  for (const int code : {62101, 62102, 99400, 400, 413})
    AddCode(rows, code, "INVALID_ARGUMENT ENOS_INVALID_ARGUMENT NOT_EXECUTED");
  for (const int code : {62103, 99403, 498, 403})
    AddCode(rows, code, "PERMISSION_DENIED ENOS_PERMISSION_DENIED NOT_EXECUTED");
  AddCode(rows, 62104, "FAILED_PRECONDITION FLOW_HAS_NO_TASK NOT_EXECUTED");
  AddCode(rows, 62105, "FAILED_PRECONDITION ENOS_LOCKED NOT_EXECUTED");
  for (const int code : {99404, 404}) AddCode(rows, code, "NOT_FOUND ENOS_NOT_FOUND NOT_EXECUTED");
  for (const int code : {405, 501})
    AddCode(rows, code, "UNIMPLEMENTED ENOS_UNIMPLEMENTED NOT_EXECUTED");
  AddCode(rows, 409, "ALREADY_EXISTS ENOS_ALREADY_EXISTS NOT_EXECUTED");
  AddCode(rows, 415, "OUT_OF_RANGE ENOS_OUT_OF_RANGE NOT_EXECUTED");
  for (const int code : {401, 497, 1203}) AddCode(rows, code, kRefusedKeys, 2);
  AddCode(rows, 429, kRateLimited, 3);
  AddCode(rows, 503, "UNKNOWN ENOS_UNAVAILABLE UNKNOWN");
  for (const int code : {62109, 99500, 500}) AddCode(rows, code, "INTERNAL ENOS_INTERNAL UNKNOWN");
  AddCode(rows, 504, kTimeout);
  for (const auto& [name, part] :
       {std::pair{"HalfAPair", R"("\ud83d")"}, std::pair{"RawLineBreak", "\"a\nb\""},
        std::pair{"NotUtf8", "\"\xFF\""}, std::pair{"NumberTooBig", "1e999"}}) {
    const std::string body = R"({"msg":)" + std::string(part) + R"(,"status":62104})";
    rows.push_back({"62104Beside" + std::string(name), Answer::Json(200, body),
                    "FAILED_PRECONDITION FLOW_HAS_NO_TASK NOT_EXECUTED"});
  }
  for (const int code : {502, 499, 1, -1, 12345}) {
    const std::string name = code < 0 ? "Minus" + std::to_string(-code) : std::to_string(code);
    rows.push_back({name, Code(200, std::to_string(code)), kUnknownError});
  }
  return rows;
}

std::vector<FaultRow> MalformedRows() {
  const auto ok = [](const std::string& body) { return Answer::Json(200, body); };
  const auto with_id = [](const std::string& id) {
    return R"({"status":0,"data":{"flowInstanceId":")" + id + R"("}})";
  };
  Answer redirect = Answer::Text(302, "");
  redirect.headers.emplace_back("Location", "/elsewhere");
  Answer redirect_307 = Answer::Text(307, "");
  redirect_307.headers.emplace_back("Location", "/elsewhere");
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::vector<std::pair<std::string, Answer>> answers = {
      {"Empty", ok("")},
      {"NotJson", ok("hello")},
      {"Html", Answer::Text(200, "<html><body>Welcome</body></html>")},
      {"Truncated", ok(R"({"status":0,"data":{"flowInstanceId":"1-2")")},
      {"Trailing", ok(R"({"status":0,"data":{"flowInstanceId":"1"}}{)")},
      {"DeepArrays", ok(deep)},
      {"DeepInside", ok(R"({"status":0,"data":)" + deep + "}")},
      {"Array", ok("[0]")},
      {"CodeOfWrongType", ok(R"({"code":{},"data":{"flowInstanceId":"1"}})")},
      {"CodeIsAFraction", ok(R"({"code":0.5,"data":{"flowInstanceId":"1"}})")},
      {"NoCode", ok(R"({"data":{"flowInstanceId":"1"}})")},
      {"NoData", ok(R"({"status":0})")},
      {"EmptyId", ok(R"({"status":0,"data":{"flowInstanceId":""}})")},
      {"NumberAsId", ok(R"({"status":0,"data":{"flowInstanceId":7}})")},
      {"IdNotUtf8", ok("{\"status\":0,\"data\":{\"flowInstanceId\":\"\xff\xfe\"}}")},
      {"IdNotAscii", ok(with_id("实例-1"))},
      {"IdOf257", ok(with_id(std::string(257, '1')))},
      {"IdOf900000", ok(with_id(std::string(900'000, '1')))},
      {"IdWithControls", ok(with_id(R"(1-2\u001b[2J\r\n)"))},
      {"IdWithRawLineBreak", ok(with_id("1-2\n"))},
      {"IdWithSpace", ok(with_id("1 2"))},
      {"IdWithHalfAPair", ok(with_id(R"(1-2\ud83d)"))},
      {"TruncatedAfterHalfAPair",
       ok(R"({"status":0,"msg":"\ud83d","data":{"flowInstanceId":"1-2")")},
      {"CodeTooBig", ok(R"({"code":1e999,"data":{"flowInstanceId":"1"}})")},
      {"NotUtf8", ok("\xff\xfe\x00")},
      {"Redirect302", redirect},
      {"Redirect307", redirect_307},
      {"NotModified304", Answer::Text(304, "")},
      {"SuccessUnderHttp500", Answer::Json(500, FlowStartedAnswer().body)},
      {"TooLarge", ok(R"({"status":0,"x":")" + std::string(std::size_t{1} << 20, 'x') + "\"}")},
      {"NotHttp", Raw("SSH-2.0-OpenSSH_9.2\r\n")},
      {"Http09", Raw("<html>hello</html>")},
      {"HeadersTooLarge", Raw("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n{}")},
  };
  std::vector<FaultRow> rows;
  for (auto& [name, answer] : answers) rows.push_back({name, std::move(answer), kMalformed});
  return rows;
}

}  // namespace enos::gateway::testing
