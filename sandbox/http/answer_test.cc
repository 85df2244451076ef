#include "sandbox/http/answer.h"

#include <gtest/gtest.h>

namespace enos::sandbox {
namespace {

TEST(FindHeader, IgnoresCaseAndTakesTheFirst) {
  const HttpHeaders headers = {{"X-One", "1"}, {"x-one", "2"}};
  EXPECT_EQ(FindHeader(headers, "x-ONE"), "1");
  EXPECT_EQ(FindHeader(headers, "x-two"), std::nullopt);
}

struct BytesCase {
  std::string name;
  Answer answer;
  bool head_only;
  bool keep_alive;
  std::string expected;
};

class AnswerBytesTest : public testing::TestWithParam<BytesCase> {};

TEST_P(AnswerBytesTest, AreAsOrdered) {
  const BytesCase& c = GetParam();
  EXPECT_EQ(AnswerBytes(c.answer, c.head_only, c.keep_alive), c.expected);
}

Answer Plain(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

Answer WithLength(std::uint64_t length) {
  Answer answer = Plain(200, "abc");
  answer.content_length = length;
  return answer;
}

Answer WithHeader(std::string name, std::string value) {
  Answer answer = Plain(200, "abc");
  answer.headers = {{std::move(name), std::move(value)}};
  return answer;
}

Answer Closing() {
  Answer answer = Plain(200, "abc");
  answer.keep_alive = false;
  return answer;
}

constexpr char kOk[] = "HTTP/1.1 200 OK\r\n";

INSTANTIATE_TEST_SUITE_P(
    All, AnswerBytesTest,
    testing::Values(
        BytesCase{"Plain", Plain(404, "abc"), false, true,
                  "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: "
                  "keep-alive\r\n\r\nabc"},
        BytesCase{"UnknownStatus", Plain(799, ""), false, true,
                  "HTTP/1.1 799 Unknown\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
        BytesCase{"Json", Answer::Json(200, "{}"), false, true,
                  std::string(kOk) +
                      "Content-Type: application/json;charset=UTF-8\r\nContent-Length: "
                      "2\r\nConnection: keep-alive\r\n\r\n{}"},
        BytesCase{"HeadOnly", Plain(200, "abc"), true, true,
                  std::string(kOk) + "Content-Length: 3\r\nConnection: keep-alive\r\n\r\n"},
        BytesCase{"ClosingByAnswer", Closing(), false, true,
                  std::string(kOk) + "Content-Length: 3\r\nConnection: close\r\n\r\nabc"},
        BytesCase{"ClosingByRequest", Plain(200, "abc"), false, false,
                  std::string(kOk) + "Content-Length: 3\r\nConnection: close\r\n\r\nabc"},
        BytesCase{"LengthTooLong", WithLength(9), false, true,
                  std::string(kOk) + "Content-Length: 9\r\nConnection: keep-alive\r\n\r\nabc"},
        BytesCase{"OwnLength", WithHeader("content-length", "x"), false, true,
                  std::string(kOk) + "content-length: x\r\nConnection: keep-alive\r\n\r\nabc"},
        BytesCase{"OwnConnection", WithHeader("Connection", "x"), false, true,
                  std::string(kOk) + "Connection: x\r\nContent-Length: 3\r\n\r\nabc"},
        BytesCase{"Raw", Answer::Raw("garbage", Ending::kClose), false, true, "garbage"},
        BytesCase{"Nothing", Answer::Nothing(Ending::kReset), false, true, ""},
        BytesCase{"Truncated", Answer::Truncated(Plain(200, "abc"), 7, Ending::kClose), false, true,
                  "HTTP/1."},
        BytesCase{"TruncatedBehindItsEnd", Answer::Truncated(Plain(200, ""), 999, Ending::kClose),
                  false, true,
                  std::string(kOk) + "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n"}),
    [](const auto& test) { return test.param.name; });

TEST(HeadSize, EndsBehindTheEmptyLine) {
  const Answer answer = Answer::Truncated(Plain(200, "abc"), 5, Ending::kClose);
  const std::string whole = AnswerBytes(Plain(200, "abc"), false, true);
  EXPECT_EQ(HeadSize(answer), whole.find("\r\n\r\n") + 4);
}

}  // namespace
}  // namespace enos::sandbox
