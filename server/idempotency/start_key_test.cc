#include "server/idempotency/start_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace enos::gateway {
namespace {

using dataflow::v1::UpdateAndTriggerFlowRequest;

UpdateAndTriggerFlowRequest Request() {
  UpdateAndTriggerFlowRequest request;
  request.set_user_id("user");
  request.set_org_id("org");
  request.set_flow_id(3377);
  request.mutable_trigger_time()->set_seconds(1'700'000'000);
  request.set_idempotency_key("key");
  auto* parameter = request.add_parameters();
  parameter->set_key("a");
  parameter->set_value("b");
  return request;
}

TEST(StartKeyTest, AnyFieldDiffers_OtherFingerprint) {
  std::set<std::string> seen{StartKeyOf(Request()).ref.fingerprint};
  const auto expect_new = [&](auto change) {
    UpdateAndTriggerFlowRequest request = Request();
    change(request);
    EXPECT_TRUE(seen.insert(StartKeyOf(request).ref.fingerprint).second) << request.DebugString();
  };
  expect_new([](auto& r) { r.set_user_id("use"); });
  expect_new([](auto& r) { r.mutable_user_id()->push_back('\0'); });
  expect_new([](auto& r) { r.set_org_id("org2"); });
  expect_new([](auto& r) { r.set_flow_id(337); });
  expect_new([](auto& r) { r.mutable_trigger_time()->set_nanos(1'000'000); });
  expect_new([](auto& r) { r.mutable_parameters(0)->set_key("ab"); });
  expect_new([](auto& r) { r.mutable_parameters(0)->set_value(""); });
  expect_new([](auto& r) { r.clear_parameters(); });
  expect_new([](auto& r) { r.add_parameters()->set_key("a"); });
  // The same characters, cut elsewhere.
  expect_new([](auto& r) {
    r.mutable_parameters(0)->set_key("a1:");
    r.mutable_parameters(0)->set_value("");
  });
}

TEST(StartKeyTest, WhatIsNotSent_SameFingerprint) {
  UpdateAndTriggerFlowRequest request = Request();
  request.mutable_trigger_time()->set_nanos(999'999);
  request.set_idempotency_key("another");
  EXPECT_EQ(StartKeyOf(request).ref.fingerprint, StartKeyOf(Request()).ref.fingerprint);
}

TEST(StartKeyTest, Record_OfOrganizationAndKey) {
  UpdateAndTriggerFlowRequest other_user = Request();
  other_user.set_user_id("somebody else");
  EXPECT_EQ(StartKeyOf(other_user).ref.id, StartKeyOf(Request()).ref.id);
  UpdateAndTriggerFlowRequest other_org = Request();
  other_org.set_org_id("org2");
  EXPECT_NE(StartKeyOf(other_org).ref.id, StartKeyOf(Request()).ref.id);
  EXPECT_EQ(StartKeyOf(Request()).ref.id.size(), 64U);
}

TEST(StartKeyTest, UuidV7_RecordBeginsWithItsTime) {
  UpdateAndTriggerFlowRequest request = Request();
  request.set_idempotency_key("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");
  const std::string id = StartKeyOf(request).ref.id;
  EXPECT_EQ(id.substr(0, 12), "017f22e279b0");
  EXPECT_EQ(id.size(), 64U);
  request.set_idempotency_key("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");  // another key
  EXPECT_NE(StartKeyOf(request).ref.id, id);
}

TEST(TimeOfUuidV7Test, VersionSeven_ItsTime) {
  // The example of RFC 9562, appendix A.6.
  EXPECT_EQ(TimeOfUuidV7("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), 1'645'557'742'000);
  EXPECT_EQ(TimeOfUuidV7("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), 1'645'557'742'000);
  EXPECT_EQ(TimeOfUuidV7("ffffffff-ffff-7fff-bfff-ffffffffffff"), 0xffffffffffff);
}

TEST(TimeOfUuidV7Test, AnythingElse_None) {
  for (const char* key :
       {"", "key", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_FALSE(TimeOfUuidV7(key)) << key;
  }
}

}  // namespace
}  // namespace enos::gateway
