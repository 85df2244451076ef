#include "server/contract/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/contract/rich_status.h"

namespace enos::gateway {
namespace {

using dataflow::v1::UpdateAndTriggerFlowRequest;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

UpdateAndTriggerFlowRequest ValidRequest() {
  UpdateAndTriggerFlowRequest request;
  request.set_user_id("user-1");
  request.set_org_id("org-1");
  request.set_flow_id(3377);
  request.mutable_trigger_time()->set_seconds(1574385824);
  auto* parameter = request.add_parameters();
  parameter->set_key("REPLACE");
  parameter->set_value("ddee");
  return request;
}

auto IsViolation(const std::string& field, const std::string& description) {
  return AllOf(Field("field", &FieldViolation::field, field),
               Field("description", &FieldViolation::description, description));
}

// A change to a valid request, and the one violation that it makes (none: field is empty).
struct Case {
  std::string name;
  std::function<void(UpdateAndTriggerFlowRequest&)> change;
  std::string field;
  std::string description;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ValidateRequestTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateRequestTest, FindsExactlyWhatIsWrong) {
  UpdateAndTriggerFlowRequest request = ValidRequest();
  GetParam().change(request);
  const std::optional<CallError> error = ValidateRequest(request);
  if (GetParam().field.empty()) {
    EXPECT_FALSE(error.has_value());
    return;
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error->reason, Reason::INVALID_REQUEST);
  EXPECT_EQ(error->execution, Execution::kNotExecuted);
  EXPECT_THAT(error->violations,
              ElementsAre(IsViolation(GetParam().field, GetParam().description)));
  EXPECT_EQ(error->message, "the request is not valid: " + GetParam().field + " " +
                                GetParam().description + " (1 violation).");
}

using Request = UpdateAndTriggerFlowRequest;

void AddParameters(Request& request, int total) {
  while (request.parameters_size() < total) request.add_parameters()->set_key("k");
}

INSTANTIATE_TEST_SUITE_P(
    Valid, ValidateRequestTest,
    testing::Values(
        Case{"Sample", [](Request&) {}, "", ""},
        Case{"NoParameters", [](Request& r) { r.clear_parameters(); }, "", ""},
        Case{"LongestUser", [](Request& r) { r.set_user_id(std::string(256, 'u')); }, "", ""},
        Case{"LongestOrg", [](Request& r) { r.set_org_id(std::string(256, 'o')); }, "", ""},
        Case{"SmallestFlow", [](Request& r) { r.set_flow_id(1); }, "", ""},
        Case{"LargestFlow", [](Request& r) { r.set_flow_id(INT32_MAX); }, "", ""},
        Case{"Epoch", [](Request& r) { r.mutable_trigger_time()->Clear(); }, "", ""},
        Case{"LastSecond", [](Request& r) { r.mutable_trigger_time()->set_seconds(253402300799); },
             "", ""},
        Case{"LastNano", [](Request& r) { r.mutable_trigger_time()->set_nanos(999999999); }, "",
             ""},
        Case{"LongestKey",
             [](Request& r) { r.mutable_parameters(0)->set_key(std::string(1024, 'k')); }, "", ""},
        Case{"LongestValue",
             [](Request& r) { r.mutable_parameters(0)->set_value(std::string(65536, 'v')); }, "",
             ""},
        Case{"LongestIdempotencyKey",
             [](Request& r) { r.set_idempotency_key("!~" + std::string(126, 'k')); }, "", ""},
        Case{"EmptyValue", [](Request& r) { r.mutable_parameters(0)->clear_value(); }, "", ""},
        Case{"DuplicateKeys", [](Request& r) { *r.add_parameters() = r.parameters(0); }, "", ""},
        Case{"MostParameters", [](Request& r) { AddParameters(r, 10'000); }, "", ""}),
    [](const auto& param_info) { return param_info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Broken, ValidateRequestTest,
    testing::Values(
        Case{"NoUser", [](Request& r) { r.clear_user_id(); }, "user_id", "is missing"},
        Case{"LongUser", [](Request& r) { r.set_user_id(std::string(257, 'u')); }, "user_id",
             "must be at most 256 bytes long, got 257"},
        Case{"BytesNotCharactersCount",
             [](Request& r) { r.set_user_id(std::string(254, 'u') + "界"); }, "user_id",
             "must be at most 256 bytes long, got 257"},
        Case{"NoOrg", [](Request& r) { r.clear_org_id(); }, "org_id", "is missing"},
        Case{"LongOrg", [](Request& r) { r.set_org_id(std::string(1000, 'o')); }, "org_id",
             "must be at most 256 bytes long, got 1000"},
        Case{"NoFlow", [](Request& r) { r.clear_flow_id(); }, "flow_id",
             "must be greater than 0, got 0"},
        Case{"NegativeFlow", [](Request& r) { r.set_flow_id(-1); }, "flow_id",
             "must be greater than 0, got -1"},
        Case{"SmallestInt", [](Request& r) { r.set_flow_id(INT32_MIN); }, "flow_id",
             "must be greater than 0, got -2147483648"},
        Case{"NoTime", [](Request& r) { r.clear_trigger_time(); }, "trigger_time", "is missing"},
        Case{"Before1970", [](Request& r) { r.mutable_trigger_time()->set_seconds(-1); },
             "trigger_time", "must not be before 1970-01-01T00:00:00Z, got Unix time -1"},
        Case{"LongBefore1970", [](Request& r) { r.mutable_trigger_time()->set_seconds(INT64_MIN); },
             "trigger_time",
             "must not be before 1970-01-01T00:00:00Z, got Unix time -9223372036854775808"},
        Case{"After9999", [](Request& r) { r.mutable_trigger_time()->set_seconds(253402300800); },
             "trigger_time", "must not be after the year 9999, got Unix time 253402300800"},
        Case{"LongAfter9999", [](Request& r) { r.mutable_trigger_time()->set_seconds(INT64_MAX); },
             "trigger_time", "must not be after the year 9999, got Unix time 9223372036854775807"},
        Case{"NegativeNanos", [](Request& r) { r.mutable_trigger_time()->set_nanos(-1); },
             "trigger_time.nanos", "must be from 0 to 999999999, got -1"},
        Case{"TooManyNanos", [](Request& r) { r.mutable_trigger_time()->set_nanos(1'000'000'000); },
             "trigger_time.nanos", "must be from 0 to 999999999, got 1000000000"},
        Case{"NoKey", [](Request& r) { r.mutable_parameters(0)->clear_key(); }, "parameters[0].key",
             "is missing"},
        Case{"LongKey",
             [](Request& r) {
               AddParameters(r, 4);
               r.mutable_parameters(3)->set_key(std::string(1025, 'k'));
             },
             "parameters[3].key", "must be at most 1024 bytes long, got 1025"},
        Case{"LongValue",
             [](Request& r) { r.mutable_parameters(0)->set_value(std::string(65537, 'v')); },
             "parameters[0].value", "must be at most 65536 bytes long, got 65537"},
        Case{"LongIdempotencyKey", [](Request& r) { r.set_idempotency_key(std::string(129, 'k')); },
             "idempotency_key", "must be at most 128 bytes long, got 129"},
        Case{"IdempotencyKeyWithASpace", [](Request& r) { r.set_idempotency_key("a b"); },
             "idempotency_key", "must be printable ASCII characters without spaces"},
        Case{"IdempotencyKeyBeyondAscii", [](Request& r) { r.set_idempotency_key("clé"); },
             "idempotency_key", "must be printable ASCII characters without spaces"},
        Case{"TooManyParameters", [](Request& r) { AddParameters(r, 10'001); }, "parameters",
             "must be at most 10000, got 10001"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(ValidateRequestAll, EmptyRequestBreaksEveryRequiredField) {
  const auto error = ValidateRequest(UpdateAndTriggerFlowRequest());
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->violations,
              ElementsAre(IsViolation("user_id", "is missing"), IsViolation("org_id", "is missing"),
                          IsViolation("flow_id", "must be greater than 0, got 0"),
                          IsViolation("trigger_time", "is missing")));
  EXPECT_EQ(error->message,
            "the request is not valid: user_id is missing; org_id is missing; flow_id must be "
            "greater than 0, got 0; trigger_time is missing (4 violations).");
}

TEST(ValidateRequestAll, EverythingWrongAtOnceIsReportedAtOnce) {
  Request request;
  request.set_user_id(std::string(257, 'u'));
  request.set_flow_id(-5);
  request.mutable_trigger_time()->set_seconds(-1);
  request.mutable_trigger_time()->set_nanos(-1);
  request.add_parameters()->set_value(std::string(65537, 'v'));
  request.add_parameters()->set_key("fine");
  request.add_parameters()->set_key(std::string(1025, 'k'));
  const auto error = ValidateRequest(request);
  ASSERT_TRUE(error.has_value());
  std::vector<std::string> fields;
  for (const FieldViolation& violation : error->violations) fields.push_back(violation.field);
  EXPECT_THAT(fields,
              ElementsAre("user_id", "org_id", "flow_id", "trigger_time", "trigger_time.nanos",
                          "parameters[0].key", "parameters[0].value", "parameters[2].key"));
  EXPECT_THAT(error->message, EndsWith("; and more (8 violations)."));
}

TEST(ValidateRequestAll, TenThousandBadParametersGiveABoundedStatusWithTheTotal) {
  Request request = ValidRequest();
  request.clear_parameters();
  for (int i = 0; i < 10'000; ++i) request.add_parameters();
  const auto error = ValidateRequest(request);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->violations.size(), 10'000u);
  EXPECT_THAT(error->message, EndsWith("(10000 violations)."));

  const grpc::Status status = ToGrpcStatus(*error);
  EXPECT_LT(status.error_message().size() + status.error_details().size(), 4096u);
  EXPECT_THAT(status.error_message(), EndsWith("(10000 violations). The flow was not started."));
}

// The worst that this code can make: the longest names and descriptions, all of them.
TEST(ValidateRequestAll, TwentyLongestViolationsFitIntoTheStatus) {
  Request request;
  request.set_user_id(std::string(1'000'000, 'u'));
  request.set_org_id(std::string(1'000'000, 'o'));
  request.set_flow_id(INT32_MIN);
  request.mutable_trigger_time()->set_seconds(INT64_MIN);
  request.mutable_trigger_time()->set_nanos(INT32_MIN);
  AddParameters(request, 10'001);
  for (int i = 9'000; i < 9'100; ++i) {
    request.mutable_parameters(i)->set_value(std::string(70'000, 'v'));
    request.mutable_parameters(i)->set_key(std::string(70'000, 'v'));
  }
  const auto error = ValidateRequest(request);
  ASSERT_TRUE(error.has_value());
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(ToGrpcStatus(*error).error_details()));
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::BadRequest bad_request;
  ASSERT_TRUE(details.details(1).UnpackTo(&bad_request));
  EXPECT_EQ(bad_request.field_violations_size(), 20);
}

TEST(ValidateRequestAll, HalfAMillionEmptyParametersMakeBoundedWork) {
  Request request = ValidRequest();
  for (int i = 0; i < 500'000; ++i) request.add_parameters();
  const auto error = ValidateRequest(request);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->violations.size(), 10'000u);  // the number, and 9,999 of the first 10,000
  EXPECT_EQ(error->violations[0].field, "parameters");
}

TEST(ValidateRequestAll, TextsOfTheRequestAreNeverRepeated) {
  Request request;
  const std::string text = "s3cret-in-a-value";
  std::string longer;
  while (longer.size() <= 65536) longer += text;
  request.set_user_id(longer);
  request.set_org_id(longer);
  auto* parameter = request.add_parameters();
  parameter->set_key(longer);
  parameter->set_value(longer);
  const auto error = ValidateRequest(request);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->violations.size(), 6u);
  EXPECT_THAT(error->message, Not(HasSubstr(text)));
  for (const FieldViolation& violation : error->violations) {
    EXPECT_THAT(violation.field + violation.description, Not(HasSubstr(text)));
  }
}

// The three requests about a run have the same fields and rules.
template <typename T>
class ValidateInstanceRequest : public testing::Test {};

using InstanceRequests =
    testing::Types<dataflow::v1::GetFlowInstanceRequest, dataflow::v1::WatchFlowInstanceRequest,
                   dataflow::v1::CancelFlowInstanceRequest>;
TYPED_TEST_SUITE(ValidateInstanceRequest, InstanceRequests, );  // clang wants all three

template <typename T>
T InstanceRequest(const std::string& user, const std::string& org, const std::string& id) {
  T request;
  request.set_user_id(user);
  request.set_org_id(org);
  request.set_flow_instance_id(id);
  return request;
}

constexpr char kNoInstanceId[] =
    "must be a flow id from 1 to 2147483647, a hyphen, and 1 to 240 printable ASCII characters "
    "without spaces";

TYPED_TEST(ValidateInstanceRequest, ValidOnes_HaveNoError) {
  EXPECT_FALSE(ValidateRequest(InstanceRequest<TypeParam>("u", "o", "7-1")).has_value());
  EXPECT_FALSE(
      ValidateRequest(InstanceRequest<TypeParam>(std::string(256, 'u'), std::string(256, 'o'),
                                                 "2147483647-" + std::string(240, '~')))
          .has_value());
}

TYPED_TEST(ValidateInstanceRequest, EmptyOne_BreaksEveryRule) {
  const auto error = ValidateRequest(TypeParam());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error->reason, Reason::INVALID_REQUEST);
  EXPECT_THAT(error->violations,
              ElementsAre(IsViolation("user_id", "is missing"), IsViolation("org_id", "is missing"),
                          IsViolation("flow_instance_id", "is missing")));
}

TYPED_TEST(ValidateInstanceRequest, EverythingWrong_IsReportedAtOnceAndNotRepeated) {
  const std::string text(1'000'000, 'x');
  const auto error = ValidateRequest(InstanceRequest<TypeParam>(text, text, text));
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->violations,
              ElementsAre(IsViolation("user_id", "must be at most 256 bytes long, got 1000000"),
                          IsViolation("org_id", "must be at most 256 bytes long, got 1000000"),
                          IsViolation("flow_instance_id", kNoInstanceId)));
  EXPECT_THAT(error->message, Not(HasSubstr("xxx")));
}

struct InstanceIdCase {
  std::string name;
  std::string id;
  int32_t flow_id;  // 0: it is not valid
};

void PrintTo(const InstanceIdCase& c, std::ostream* out) { *out << c.name; }

class InstanceIds : public testing::TestWithParam<InstanceIdCase> {};

TEST_P(InstanceIds, BeginWithTheirFlow) {
  EXPECT_EQ(FlowOfInstance(GetParam().id), GetParam().flow_id);
  const auto error = ValidateRequest(
      InstanceRequest<dataflow::v1::GetFlowInstanceRequest>("u", "o", GetParam().id));
  EXPECT_EQ(error.has_value(), GetParam().flow_id == 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, InstanceIds,
    testing::Values(
        InstanceIdCase{"Usual", "3377-20191122012300", 3377},
        InstanceIdCase{"Schedule", "1-2019", 1}, InstanceIdCase{"Shortest", "1-1", 1},
        InstanceIdCase{"LargestFlow", "2147483647-1", 2147483647},
        InstanceIdCase{"AllPrintables", R"(7-!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~)", 7},
        InstanceIdCase{"TwoHyphens", "7--1", 7},
        InstanceIdCase{"Longest", "7-" + std::string(240, '9'), 7},
        InstanceIdCase{"TooLong", "7-" + std::string(241, '9'), 0},
        InstanceIdCase{"NoHyphen", "7", 0}, InstanceIdCase{"NothingBehind", "7-", 0},
        InstanceIdCase{"NoFlow", "-1", 0}, InstanceIdCase{"HyphenAlone", "-", 0},
        InstanceIdCase{"FlowZero", "0-1", 0}, InstanceIdCase{"LeadingZero", "07-1", 0},
        InstanceIdCase{"Negative", "-7-1", 0}, InstanceIdCase{"Plus", "+7-1", 0},
        InstanceIdCase{"FlowTooLarge", "2147483648-1", 0},
        InstanceIdCase{"FlowFarTooLarge", std::string(200, '9') + "-1", 0},
        InstanceIdCase{"Words", "x-1", 0}, InstanceIdCase{"Hex", "0x7-1", 0},
        InstanceIdCase{"SpaceBefore", " 7-1", 0}, InstanceIdCase{"SpaceBehindTheFlow", "7 -1", 0},
        InstanceIdCase{"SpaceInside", "7-1 2", 0}, InstanceIdCase{"LineBreak", "7-1\n", 0},
        InstanceIdCase{"Delete", "7-\x7F", 0}, InstanceIdCase{"Nul", std::string("7-1\0", 4), 0},
        InstanceIdCase{"OtherScript", "7-实例", 0}, InstanceIdCase{"OtherHyphen", "7‐1", 0}),
    [](const auto& param_info) { return param_info.param.name; });

// Why ValidateRequest need not look at encodings.
TEST(ValidateRequestUtf8, IsCheckedByTheParserBeforehand) {
  Request request = ValidRequest();
  request.set_user_id("aaaa");
  std::string bytes = request.SerializeAsString();
  bytes.replace(bytes.find("aaaa"), 4,
                "aa\xFF"
                "a");
  EXPECT_FALSE(Request().ParseFromString(bytes));
}

}  // namespace
}  // namespace enos::gateway
