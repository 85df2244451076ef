#include "server/standard/reflection_answer.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace enos::gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;
using google::protobuf::TextFormat;
using grpc::StatusCode;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Two paths lead from top.proto to base.proto.
constexpr const char* kFiles[] = {
    R"(name: "base.proto" package: "t"
       message_type { name: "Base" extension_range { start: 100 end: 200 } }
       enum_type { name: "Kind" value { name: "NONE" number: 0 } })",
    R"(name: "left.proto" package: "t" dependency: "base.proto"
       extension { name: "left" number: 101 label: LABEL_OPTIONAL type: TYPE_INT32 extendee: ".t.Base" })",
    R"(name: "right.proto" package: "t" dependency: "base.proto"
       extension { name: "right" number: 102 label: LABEL_OPTIONAL type: TYPE_INT32 extendee: ".t.Base" })",
    R"(name: "top.proto" package: "t" dependency: "left.proto" dependency: "right.proto"
       dependency: "base.proto"
       message_type { name: "Ask" nested_type { name: "Inner" } }
       service { name: "Top" method { name: "Do" input_type: ".t.Ask" output_type: ".t.Base" } })",
};

class ReflectionAnswers {
 protected:
  ReflectionAnswers() {
    for (const char* text : kFiles) {
      FileDescriptorProto file;
      EXPECT_TRUE(TextFormat::ParseFromString(text, &file)) << text;
      EXPECT_NE(pool_.BuildFile(file), nullptr) << text;
    }
  }

  ServerReflectionResponse Answer(const std::string& request_text) const {
    ServerReflectionRequest request;
    EXPECT_TRUE(TextFormat::ParseFromString(request_text, &request)) << request_text;
    ServerReflectionResponse response = AnswerReflection(request, pool_, {"t.Top", "other.Other"});
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
    EXPECT_EQ(response.valid_host(), request.host());
    return response;
  }

  DescriptorPool pool_;
};

struct FileCase {
  const char* name;
  const char* request;
  std::vector<std::string> files;  // the requested one first
};

class ReflectionFileTest : public ReflectionAnswers, public testing::TestWithParam<FileCase> {};

TEST_P(ReflectionFileTest, Question_GetsTheFileAndItsImportsOnceEach) {
  const ServerReflectionResponse response = Answer(GetParam().request);
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
    FileDescriptorProto expected;
    pool_.FindFileByName(file.name())->CopyTo(&expected);
    EXPECT_EQ(bytes, expected.SerializeAsString());
  }
  EXPECT_EQ(names, GetParam().files) << response.ShortDebugString();
}

const std::vector<std::string>& AllFromTop() {
  static const std::vector<std::string>& names =
      *new std::vector<std::string>{"top.proto", "left.proto", "right.proto", "base.proto"};
  return names;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReflectionFileTest,
    testing::Values(
        FileCase{"ByName", R"(file_by_filename: "base.proto")", {"base.proto"}},
        FileCase{"WithImports", R"(file_by_filename: "top.proto" host: "h")", AllFromTop()},
        FileCase{"Service", R"(file_containing_symbol: "t.Top")", AllFromTop()},
        FileCase{"Method", R"(file_containing_symbol: "t.Top.Do")", AllFromTop()},
        FileCase{"Message", R"(file_containing_symbol: "t.Base")", {"base.proto"}},
        FileCase{"NestedMessage", R"(file_containing_symbol: "t.Ask.Inner")", AllFromTop()},
        FileCase{"Enum", R"(file_containing_symbol: "t.Kind")", {"base.proto"}},
        FileCase{"EnumValue", R"(file_containing_symbol: "t.NONE")", {"base.proto"}},
        FileCase{
            "ExtensionByName", R"(file_containing_symbol: "t.left")", {"left.proto", "base.proto"}},
        FileCase{"ExtensionByNumber",
                 R"(file_containing_extension { containing_type: "t.Base" extension_number: 102 })",
                 {"right.proto", "base.proto"}}),
    [](const auto& tested) { return tested.param.name; });

struct ErrorCase {
  const char* name;
  const char* request;
  StatusCode code;
};

class ReflectionErrorTest : public ReflectionAnswers, public testing::TestWithParam<ErrorCase> {};

TEST_P(ReflectionErrorTest, Question_GetsAnErrorResponse) {
  const ServerReflectionResponse response = Answer(GetParam().request);
  ASSERT_TRUE(response.has_error_response()) << response.ShortDebugString();
  EXPECT_EQ(response.error_response().error_code(), GetParam().code);
  EXPECT_NE(response.error_response().error_message(), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, ReflectionErrorTest,
    testing::Values(
        ErrorCase{"File", R"(file_by_filename: "none.proto")", StatusCode::NOT_FOUND},
        ErrorCase{"Symbol", R"(file_containing_symbol: "t.None")", StatusCode::NOT_FOUND},
        ErrorCase{"EmptySymbol", R"(file_containing_symbol: "")", StatusCode::NOT_FOUND},
        ErrorCase{"SymbolWithDot", R"(file_containing_symbol: ".t.Top")", StatusCode::NOT_FOUND},
        ErrorCase{"Package", R"(file_containing_symbol: "x")", StatusCode::NOT_FOUND},
        ErrorCase{
            "ExtensionNumber",
            R"(file_containing_extension { containing_type: "t.Base" extension_number: 103 })",
            StatusCode::NOT_FOUND},
        ErrorCase{"ExtensionType",
                  R"(file_containing_extension { containing_type: "t.None" extension_number: 1 })",
                  StatusCode::NOT_FOUND},
        ErrorCase{"NumbersOfNoType", R"(all_extension_numbers_of_type: "t.None")",
                  StatusCode::NOT_FOUND},
        ErrorCase{"NumbersOfAnEnum", R"(all_extension_numbers_of_type: "t.Kind")",
                  StatusCode::NOT_FOUND},
        ErrorCase{"Nothing", R"(host: "h")", StatusCode::INVALID_ARGUMENT}),
    [](const auto& tested) { return tested.param.name; });

class ReflectionAnswerTest : public ReflectionAnswers, public testing::Test {};

TEST_F(ReflectionAnswerTest, ListServices_GivesThemInOrder) {
  const ServerReflectionResponse response = Answer(R"(list_services: "whatever")");
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, ElementsAre("t.Top", "other.Other"));
}

TEST_F(ReflectionAnswerTest, ExtensionNumbers_OfATypeWithSome_AreGiven) {
  const auto answer =
      Answer(R"(all_extension_numbers_of_type: "t.Base")").all_extension_numbers_response();
  EXPECT_EQ(answer.base_type_name(), "t.Base");
  EXPECT_THAT(answer.extension_number(), UnorderedElementsAre(101, 102));
}

TEST_F(ReflectionAnswerTest, ExtensionNumbers_OfATypeWithNone_AreEmpty) {
  const auto answer =
      Answer(R"(all_extension_numbers_of_type: "t.Ask")").all_extension_numbers_response();
  EXPECT_EQ(answer.base_type_name(), "t.Ask");
  EXPECT_THAT(answer.extension_number(), IsEmpty());
}

}  // namespace
}  // namespace enos::gateway
