#include "server/access/access_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/policy/parse_policy.h"
#include "server/testing/token_maker.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kNow = 1'800'000'000;
const FlowAccess kAccess{"o15", "alice", 3377};

const TokenMaker& Maker() {
  static const auto& maker = *new TokenMaker(TokenMaker::Ec());
  return maker;
}

std::string Token(const std::string& subject, int64_t expires_at = kNow + 60) {
  return Maker().Sign(R"({"iss":"issuer","sub":")" + subject + R"(","aud":"gateway","exp":)" +
                          std::to_string(expires_at) + "}",
                      "");
}

std::shared_ptr<const Policy> PolicyFor(const std::string& caller) {
  return std::make_shared<const Policy>(
      *ParsePolicy(R"({"rules":[{"callers":[")" + caller +
                   R"("],"org_ids":["o15"],"user_ids":["*"],"flow_ids":["*"]}]})"));
}

std::shared_ptr<TokenVerifier> Tokens() {
  return std::make_shared<TokenVerifier>(*ParseJwtKeys(KeySet(Maker().Jwk(""))),
                                         TokenRules{"issuer", "gateway"});
}

class AccessControlTest : public testing::Test {
 protected:
  // "" if the caller was identified, otherwise the cause.
  std::string Identify(const PresentedIdentity& presented) {
    identities_.clear();
    refusal_ = access_.Identify(presented, &identities_);
    return refusal_ ? std::string(refusal_->cause) : "";
  }
  std::string IdentifyToken(const std::string& authorization) {
    return Identify({{authorization}, {}});
  }

  AccessControl access_{[] { return kNow; }};
  std::vector<std::string> identities_;
  std::optional<AccessRefusal> refusal_;
};

TEST_F(AccessControlTest, WithoutAPolicy_EverybodyMayDoEverything) {
  EXPECT_EQ(Identify({}), "");
  EXPECT_THAT(identities_, IsEmpty());
  EXPECT_EQ(IdentifyToken("Basic whatever"), "");
  EXPECT_EQ(Identify({{}, {"dns:a"}}), "");
  EXPECT_THAT(identities_, ElementsAre("dns:a"));
  EXPECT_FALSE(access_.Authorize({}, kAccess));
}

TEST_F(AccessControlTest, WithAPolicy_NobodyIsRefused) {
  access_.SetPolicy(PolicyFor("*"));
  EXPECT_EQ(Identify({}), "no identity");
  EXPECT_EQ(refusal_->error.reason, Reason::CALLER_UNAUTHENTICATED);
  EXPECT_THAT(refusal_->error.message, HasSubstr("client certificate"));
  access_.SetTokens(Tokens());
  EXPECT_EQ(Identify({}), "no identity");
  EXPECT_THAT(refusal_->error.message, HasSubstr("bearer token"));
}

TEST_F(AccessControlTest, Certificate_GivesAllItsNames) {
  access_.SetPolicy(PolicyFor("dns:b"));
  EXPECT_EQ(Identify({{}, {"uri:a", "dns:b"}}), "");
  EXPECT_THAT(identities_, ElementsAre("uri:a", "dns:b"));
  EXPECT_FALSE(access_.Authorize(identities_, kAccess));
}

TEST_F(AccessControlTest, Token_StandsBeforeTheCertificate) {
  access_.SetPolicy(PolicyFor("sub:alice"));
  access_.SetTokens(Tokens());
  const std::string good = "Bearer " + Token("alice");
  EXPECT_EQ(Identify({{good}, {"dns:b"}}), "");
  EXPECT_THAT(identities_, ElementsAre("sub:alice"));
  // Nor does a bad token fall back to the certificate.
  EXPECT_EQ(Identify({{"Bearer x"}, {"dns:b"}}), "token malformed");
}

TEST_F(AccessControlTest, SeveralOrOtherAuthorizations_AreRefused) {
  access_.SetPolicy(PolicyFor("*"));
  access_.SetTokens(Tokens());
  const std::string good = "Bearer " + Token("alice");
  EXPECT_EQ(Identify({{good, good}, {}}), "several authorizations");
  EXPECT_EQ(IdentifyToken("Basic " + Token("alice")), "authorization is not a bearer token");
  EXPECT_EQ(IdentifyToken(Token("alice")), "authorization is not a bearer token");
  EXPECT_EQ(IdentifyToken(""), "authorization is not a bearer token");
}

TEST_F(AccessControlTest, ExpiredToken_IsToldSo) {
  access_.SetPolicy(PolicyFor("*"));
  access_.SetTokens(Tokens());
  EXPECT_EQ(IdentifyToken("Bearer " + Token("alice", kNow - 60)), "token expired");
  EXPECT_EQ(refusal_->error.code, absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(refusal_->error.execution, Execution::kNotExecuted);
  EXPECT_THAT(refusal_->error.message, HasSubstr("has expired"));
}

TEST_F(AccessControlTest, OtherFaults_AreForTheLogOnly) {
  access_.SetPolicy(PolicyFor("*"));
  access_.SetTokens(Tokens());
  std::string token = Token("alice");
  token.back() = token.back() == 'A' ? 'Q' : 'A';
  EXPECT_EQ(IdentifyToken("Bearer " + token), "token signature wrong");
  EXPECT_THAT(refusal_->error.message, Not(HasSubstr("signature")));
  EXPECT_THAT(refusal_->error.message, Not(HasSubstr(token)));
}

TEST_F(AccessControlTest, WhatThePolicyDoesNotAllow_IsRefused) {
  access_.SetPolicy(PolicyFor("sub:alice"));
  const auto refusal = access_.Authorize({"sub:alice"}, {"o16", "alice", 1});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->cause, "org_id not allowed");
  EXPECT_EQ(refusal->error.code, absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(refusal->error.reason, Reason::CALLER_NOT_ALLOWED);
  EXPECT_EQ(refusal->error.execution, Execution::kNotExecuted);
  EXPECT_EQ(access_.Authorize({"sub:bob"}, kAccess)->cause, "no rule names the caller");
  access_.SetPolicy(PolicyFor("sub:bob"));
  EXPECT_FALSE(access_.Authorize({"sub:bob"}, kAccess));
}

TEST_F(AccessControlTest, NameThatThePolicyMatched_IsTold) {
  const std::vector<std::string> names = {"uri:a", "dns:b"};
  size_t matched = 99;
  EXPECT_FALSE(access_.Authorize(names, kAccess, &matched));
  EXPECT_EQ(matched, 0U);  // no policy
  access_.SetPolicy(PolicyFor("dns:b"));
  EXPECT_FALSE(access_.Authorize(names, kAccess, &matched));
  EXPECT_EQ(matched, 1U);
  EXPECT_TRUE(access_.Authorize({"uri:a", "dns:c"}, kAccess, &matched));
  EXPECT_EQ(matched, 0U);  // no rule has any of them
}

TEST(BearerToken, SchemeInAnyCase_IsTakenOff) {
  EXPECT_EQ(BearerToken("Bearer abc"), "abc");
  EXPECT_EQ(BearerToken("bearer  abc"), "abc");
  EXPECT_EQ(BearerToken("BEARER a b"), "a b");
  EXPECT_EQ(BearerToken("Bearer"), std::nullopt);
  EXPECT_EQ(BearerToken("Bearer "), std::nullopt);
  EXPECT_EQ(BearerToken("Bearerabc"), std::nullopt);
  EXPECT_EQ(BearerToken("Token abc"), std::nullopt);
}

}  // namespace
}  // namespace enos::gateway
