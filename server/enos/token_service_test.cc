#include "server/enos/token_service.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "server/enos/signature.h"

namespace enos::gateway {
namespace {

using std::chrono::seconds;

TEST(EncodeTokenRequestTest, GetHasThreeMembers) {
  EXPECT_EQ(EncodeTokenRequest("my-access-key", "my-secret-key", 1572574909697, std::nullopt),
            R"({"appKey":"my-access-key","timestamp":1572574909697,"encryption":")" +
                SignTokenRequest("my-access-key", 1572574909697, "my-secret-key") + R"("})");
}

TEST(EncodeTokenRequestTest, RefreshAddsTheToken) {
  EXPECT_EQ(EncodeTokenRequest("key", "secret", 1, "tok/en=="),
            R"({"appKey":"key","timestamp":1,"encryption":")" +
                SignTokenRequest("key", 1, "secret") + R"(","accessToken":"tok/en=="})");
}

TEST(EncodeTokenRequestTest, KeysAreEscapedForJson) {
  const std::string body = EncodeTokenRequest("a\"b\\c\n", "secret", 1, std::nullopt);
  EXPECT_EQ(body.substr(0, body.find(",\"timestamp")), R"({"appKey":"a\"b\\c\n")");
}

TEST(EncodeTokenRequestTest, NeverHoldsTheSecret) {
  EXPECT_EQ(EncodeTokenRequest("key", "my-secret-key", 1, "token").find("my-secret-key"),
            std::string::npos);
}

struct TokenCase {
  std::string name;
  int http_status;
  std::string body;
  TokenVerdict verdict;
  std::string token = "";
  seconds lifetime{};
  std::optional<int64_t> enos_code = std::nullopt;
};

void PrintTo(const TokenCase& c, std::ostream* out) { *out << c.name; }

class DecodeTokenAnswerTest : public testing::TestWithParam<TokenCase> {};

TEST_P(DecodeTokenAnswerTest, MeansThis) {
  const TokenAnswer answer = DecodeTokenAnswer(GetParam().http_status, GetParam().body);
  EXPECT_EQ(answer.verdict, GetParam().verdict);
  EXPECT_EQ(answer.token, GetParam().token);
  EXPECT_EQ(answer.lifetime, GetParam().lifetime);
  EXPECT_EQ(answer.enos_code, GetParam().enos_code);
}

constexpr auto kToken = TokenVerdict::kToken;
constexpr auto kRepeated = TokenVerdict::kRepeatedRequest;
constexpr auto kRefused = TokenVerdict::kCredentialsRefused;
constexpr auto kFailed = TokenVerdict::kFailed;

std::string Answer(const std::string& token, const std::string& expire) {
  return R"({"status":0,"data":{"accessToken":)" + token + R"(,"expire":)" + expire + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    Tokens, DecodeTokenAnswerTest,
    testing::Values(
        TokenCase{
            "Documented", 200,
            R"({"status":0,"msg":"SUCCESS","business":"apim-token-service","data":{"accessToken":"tok-1","expire":7200}})",
            kToken, "tok-1", seconds(7200), 0},
        TokenCase{"VendorsTypo", 200, R"({"stauts":0,"data":{"accessToken":"t","expire":7200}})",
                  kToken, "t", seconds(7200), 0},
        TokenCase{"Code", 200, R"({"code":0,"data":{"accessToken":"t","expire":7200}})", kToken,
                  "t", seconds(7200), 0},
        TokenCase{"CodeInString", 200, R"({"code":"0","data":{"accessToken":"t","expire":7200}})",
                  kToken, "t", seconds(7200), 0},
        TokenCase{"DataBeforeCode", 200, R"({"data":{"expire":1,"accessToken":"t"},"status":0})",
                  kToken, "t", seconds(1), 0},
        TokenCase{"Http201", 201, Answer(R"("t")", "5"), kToken, "t", seconds(5), 0},
        TokenCase{"ExpireInString", 200, Answer(R"("t")", R"("7200")"), kToken, "t", seconds(7200),
                  0},
        TokenCase{"ExpireWithFraction", 200, Answer(R"("t")", "7200.9"), kToken, "t", seconds(7200),
                  0},
        TokenCase{"ExpireTenYears", 200, Answer(R"("t")", "315360000"), kToken, "t",
                  seconds(315'360'000), 0},
        TokenCase{"ExpireLonger", 200, Answer(R"("t")", "315360001"), kToken, "t",
                  seconds(315'360'000), 0},
        TokenCase{"ExpireLargestInteger", 200, Answer(R"("t")", "9223372036854775807"), kToken, "t",
                  seconds(315'360'000), 0},
        TokenCase{"ExpireBeyondIntegers", 200, Answer(R"("t")", "1e300"), kToken, "t",
                  seconds(315'360'000), 0},
        TokenCase{"TokenWithAllPrintables", 200, Answer(R"("a/b+c=!~")", "9"), kToken, "a/b+c=!~",
                  seconds(9), 0},
        TokenCase{"LongestToken", 200, Answer('"' + std::string(4096, 't') + '"', "9"), kToken,
                  std::string(4096, 't'), seconds(9), 0}),
    [](const auto& param_info) { return param_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refusals, DecodeTokenAnswerTest,
    testing::Values(
        TokenCase{"Repeated", 200, R"({"status":1001,"msg":"repeated"})", kRepeated, "", {}, 1001},
        TokenCase{"RepeatedUnderHttp400", 400, R"({"code":1001})", kRepeated, "", {}, 1001},
        TokenCase{"RepeatedSpeltStauts", 200, R"({"stauts":"1001"})", kRepeated, "", {}, 1001},
        TokenCase{"UnknownKey", 200, R"({"status":1002})", kRefused, "", {}, 1002},
        TokenCase{"BadEncryption", 200, R"({"status":1003})", kRefused, "", {}, 1003},
        TokenCase{"BadEncryptionUnder401", 401, R"({"status":1003})", kRefused, "", {}, 1003},
        TokenCase{"InvalidParameter", 200, R"({"status":1004})", kFailed, "", {}, 1004},
        TokenCase{"InternalException", 200, R"({"status":1005})", kFailed, "", {}, 1005},
        TokenCase{"EmptyParameter", 200, R"({"status":1202})", kFailed, "", {}, 1202},
        TokenCase{"TokenExpired", 200, R"({"status":1203})", kFailed, "", {}, 1203},
        TokenCase{"RefreshFailed", 200, R"({"status":1204})", kFailed, "", {}, 1204},
        TokenCase{"NegativeOne", 200, R"({"status":-1})", kFailed, "", {}, -1},
        TokenCase{"TheCodeThatIsNotZeroDecides",
                  200,
                  R"({"code":0,"status":1003,"data":{"accessToken":"t","expire":7200}})",
                  kRefused,
                  "",
                  {},
                  1003}),
    [](const auto& param_info) { return param_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Nonsense, DecodeTokenAnswerTest,
    testing::Values(
        TokenCase{"Empty", 200, "", kFailed}, TokenCase{"Html", 502, "<html></html>", kFailed},
        TokenCase{"Array", 200, "[0]", kFailed},
        TokenCase{"NoCode", 200, R"({"data":{"accessToken":"t","expire":7200}})", kFailed},
        TokenCase{"Truncated", 200, R"({"status":0,"data":{"accessToken":"t","expire":72)",
                  kFailed},
        TokenCase{"SuccessUnderHttp500", 500, Answer(R"("t")", "7200"), kFailed, "", {}, 0},
        TokenCase{"SuccessUnderRedirect", 302, Answer(R"("t")", "7200"), kFailed, "", {}, 0},
        TokenCase{"NoData", 200, R"({"status":0})", kFailed, "", {}, 0},
        TokenCase{"DataNull", 200, R"({"status":0,"data":null})", kFailed, "", {}, 0},
        TokenCase{"TokenNumber", 200, Answer("5", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenEmpty", 200, Answer(R"("")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenWithSpace", 200, Answer(R"("a b")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenWithLineBreak", 200, Answer(R"("a\r\nX: y")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenWithNul", 200, Answer(R"("a\u0000b")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenNotAscii", 200, Answer(R"("ü")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenTooLong",
                  200,
                  Answer('"' + std::string(4097, 't') + '"', "7200"),
                  kFailed,
                  "",
                  {},
                  0},
        TokenCase{"ExpireZero", 200, Answer(R"("t")", "0"), kFailed, "", {}, 0},
        TokenCase{"ExpireLessThanASecond", 200, Answer(R"("t")", "0.9"), kFailed, "", {}, 0},
        TokenCase{"ExpireNegative", 200, Answer(R"("t")", "-1"), kFailed, "", {}, 0},
        TokenCase{"ExpireVeryNegative", 200, Answer(R"("t")", "-1e300"), kFailed, "", {}, 0},
        TokenCase{"ExpireText", 200, Answer(R"("t")", R"("soon")"), kFailed, "", {}, 0},
        TokenCase{"ExpireNull", 200, Answer(R"("t")", "null"), kFailed, "", {}, 0},
        TokenCase{"ExpireTooBig", 200, Answer(R"("t")", "1e999"), kFailed, "", {}, 0},
        TokenCase{"TokenNotUtf8", 200, Answer("\"t\xFF\"", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenWithRawLineBreak", 200, Answer("\"t\n\"", "7200"), kFailed, "", {}, 0},
        TokenCase{"TokenWithHalfAPair", 200, Answer(R"("t\ud83d")", "7200"), kFailed, "", {}, 0},
        TokenCase{"TruncatedAfterSpoiltText", 200, R"({"status":0,"msg":"\ud83d")", kFailed}),
    [](const auto& param_info) { return param_info.param.name; });

// A JSON value that cannot be read, in a place where it is not needed.
class SpoiltTokenAnswerTest : public testing::TestWithParam<std::string> {};

TEST_P(SpoiltTokenAnswerTest, LeavesATokenAToken) {
  const TokenAnswer answer =
      DecodeTokenAnswer(200, R"({"msg":)" + GetParam() + R"(,"status":0,"data":{"x":)" +
                                 GetParam() + R"(,"accessToken":"t","expire":7200}})");
  EXPECT_EQ(answer.verdict, kToken);
  EXPECT_EQ(answer.token, "t");
  EXPECT_EQ(answer.lifetime, seconds(7200));
}

TEST_P(SpoiltTokenAnswerTest, LeavesARefusalThatRefusal) {
  EXPECT_EQ(DecodeTokenAnswer(200, R"({"status":1002,"msg":)" + GetParam() + "}").verdict,
            kRefused);
  EXPECT_EQ(DecodeTokenAnswer(400, R"({"data":)" + GetParam() + R"(,"code":1001})").verdict,
            kRepeated);
}

INSTANTIATE_TEST_SUITE_P(Parts, SpoiltTokenAnswerTest,
                         testing::Values(R"("\ud83d")", "\"a\nb\"", R"("\x41")", "\"\xFF\"",
                                         "1e999", "{\"\\ud83d\":\"\xFF\"}"));

TEST(DecodeTokenAnswerMessage, IsEnosWordsAsTheyCame) {
  EXPECT_EQ(DecodeTokenAnswer(200, R"({"status":1002,"msg":" no such\nkey"})").enos_message,
            " no such\nkey");
}

}  // namespace
}  // namespace enos::gateway
