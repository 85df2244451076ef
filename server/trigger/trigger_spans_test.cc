// What calls report as spans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "server/enos/api_version.h"
#include "server/testing/trigger_rig.h"

namespace enos::gateway {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

// A call whose RPC has the first span.
class TriggerSpans : public testing::Test {
 protected:
  TriggerRig::Call& StartTraced() {
    TriggerRig::Call& call = rig_.Prepare();
    call.job.record->span = tracer().StartServer("rpc", nullptr);
    call.job.headers = {"traceparent: of the call", "tracestate: a=1"};
    rig_.StartPrepared(call);
    return call;
  }
  FakeTracer& tracer() { return rig_.tracer; }
  const FakeTracer::Recorded& span(size_t number) { return tracer().spans.at(number); }

  TriggerRig rig_;
};

TEST_F(TriggerSpans, EachSend_HasItsOwnWithoutTheQuery) {
  tracer().spans.clear();  // that of the token request
  StartTraced();
  rig_.AnswerFlow(429);
  rig_.scheduler.Advance(seconds(1));
  rig_.Succeed();
  ASSERT_THAT(tracer().spans, SizeIs(3));
  EXPECT_EQ(span(1).name, "POST " + std::string(kFlows));
  EXPECT_EQ(span(1).parent, "rpc");
  EXPECT_THAT(span(1).attributes, Contains(Pair("http.response.status_code", "429")));
  EXPECT_THAT(span(1).attributes, Contains(Pair("error.type", "429")));
  EXPECT_TRUE(span(1).failed);
  EXPECT_TRUE(span(2).ended);
  EXPECT_FALSE(span(2).failed);
  EXPECT_THAT(
      span(2).attributes,
      ElementsAre(Pair("enos.code", "0"), Pair("enos.operation", "trigger"),
                  Pair("http.request.method", "POST"), Pair("http.request.resend_count", "1"),
                  Pair("http.response.status_code", "200"), Pair("server.address", "enos.test"),
                  Pair("server.port", "443"),
                  Pair("url.full", "https://enos.test" + std::string(kFlows)),
                  Pair("url.template", std::string(kFlows))));
  EXPECT_THAT(span(0).events, ElementsAre(HasSubstr("enos.retry error.type=ENOS_RATE_LIMITED "
                                                    "enos.wait_ms=")));
}

TEST_F(TriggerSpans, Send_IsTheParentThatEnosIsTold) {
  tracer().spans.clear();
  const TriggerRig::Call& call = StartTraced();
  EXPECT_THAT(rig_.SendsOf(call).at(0).request.headers,
              AllOf(Contains("traceparent: parent 2"), Contains("tracestate: a=1")));
}

TEST_F(TriggerSpans, CallThatIsNotSampled_HasNoneAndItsHeadersAsTheyAre) {
  tracer().spans.clear();
  tracer().sampled = false;
  const TriggerRig::Call& call = StartTraced();
  EXPECT_THAT(rig_.SendsOf(call).at(0).request.headers, Contains("traceparent: of the call"));
  EXPECT_THAT(tracer().spans, IsEmpty());
}

TEST_F(TriggerSpans, WithoutTheCallersTrace_EnosIsToldNone) {
  TriggerRig::Call& call = rig_.Prepare();
  call.job.record->span = tracer().StartServer("rpc", nullptr);
  rig_.StartPrepared(call);
  EXPECT_THAT(rig_.SendsOf(call).at(0).request.headers, Not(Contains(HasSubstr("traceparent"))));
}

TEST_F(TriggerSpans, TransferThatIsGivenUp_EndsAsAFailure) {
  TriggerRig::Call& call = StartTraced();
  rig_.http.MarkSent(rig_.TransferOf(call));
  rig_.scheduler.Advance(seconds(30));
  const auto& send = tracer().spans.back();
  EXPECT_TRUE(send.ended);
  EXPECT_TRUE(send.failed);
  EXPECT_THAT(send.attributes, Contains(Pair("error.type", "no_answer")));
}

TEST_F(TriggerSpans, ResultCodeOfARefusal_IsAFailureThoughTheStatusIs200) {
  StartTraced();
  rig_.AnswerFlow(200, FlowErrorJson(62104));
  EXPECT_THAT(tracer().spans.back().attributes, Contains(Pair("enos.code", "62104")));
  EXPECT_TRUE(tracer().spans.back().failed);
}

TEST_F(TriggerSpans, WaitForAToken_IsBetweenTwoEvents) {
  StartTraced();
  rig_.AnswerFlow(401);
  rig_.scheduler.Advance(Duration::zero());
  rig_.GiveToken("T2");
  const auto rpc = std::find_if(tracer().spans.begin(), tracer().spans.end(),
                                [](const auto& span) { return span.name == "rpc"; });
  EXPECT_THAT(rpc->events, ElementsAre(HasSubstr("enos.retry error.type=ENOS_CREDENTIALS_REFUSED"),
                                       "enos.token.wait", "enos.token.ready"));
}

TEST_F(TriggerSpans, TokenRequest_IsATraceOfItsOwn) {
  ASSERT_THAT(tracer().spans, SizeIs(1));
  EXPECT_EQ(span(0).parent, "");
  EXPECT_EQ(span(0).name, "POST " + std::string(kTokenGetPath));
  EXPECT_THAT(span(0).attributes, Contains(Pair("enos.operation", "token")));
  EXPECT_TRUE(span(0).ended);
}

}  // namespace
}  // namespace enos::gateway
