#include "server/standard/reflection_service.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/testing/queue_server.h"

namespace enos::gateway {
namespace {

using grpc::StatusCode;
using grpc::reflection::v1::ServerReflection;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using Rest = QueueServer::Rest;

// In case a test hangs.
constexpr std::chrono::seconds kGuard{60};

// A client's stream.
class Asking {
 public:
  explicit Asking(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(ServerReflection::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kGuard);
    stream_ = stub_->ServerReflectionInfo(&context_);
  }
  ~Asking() {
    if (stream_ == nullptr) return;
    context_.TryCancel();
    End();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  void Ask(const std::string& symbol) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(symbol);
    stream_->Write(request);
  }
  void WaitForHeaders() { stream_->WaitForInitialMetadata(); }
  void AskNoMore() { stream_->WritesDone(); }
  // The next answer, or nothing if there is none.
  std::optional<ServerReflectionResponse> Next() {
    ServerReflectionResponse response;
    return stream_->Read(&response) ? std::make_optional(response) : std::nullopt;
  }
  bool Answers() {
    Ask("grpc.health.v1.none");
    return Next().has_value();
  }
  grpc::Status End() {
    while (Next()) {
    }
    return std::exchange(stream_, nullptr)->Finish();
  }

 private:
  std::unique_ptr<ServerReflection::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>>
      stream_;
};

class ReflectionServiceTest : public testing::Test {
 protected:
  explicit ReflectionServiceTest(size_t max_streams = ReflectionService::kMaxStreams)
      : reflection_({"a.Service"}, max_streams) {
    reflection_.Offer(server_.queue());
    server_.Serve();
  }
  ~ReflectionServiceTest() override {
    server_.Shutdown(Rest::kCancel);
    reflection_.WaitForNone();
    server_.Stop();
  }

  ReflectionService reflection_;
  QueueServer server_{[this](grpc::ServerBuilder& builder) { reflection_.Register(builder); }};
  std::shared_ptr<grpc::Channel> channel_ = server_.NewChannel();
};

TEST_F(ReflectionServiceTest, ManyQuestionsOnOneStream_AreAnsweredInOrder) {
  Asking client(channel_);
  constexpr int kQuestions = 20;
  for (int i = 0; i < kQuestions; ++i) client.Ask("symbol" + std::to_string(i));
  client.AskNoMore();
  for (int i = 0; i < kQuestions; ++i) {
    const auto answer = client.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->original_request().file_containing_symbol(), "symbol" + std::to_string(i));
    EXPECT_EQ(answer->error_response().error_code(), StatusCode::NOT_FOUND);
  }
  EXPECT_EQ(client.Next(), std::nullopt);
  EXPECT_TRUE(client.End().ok());
}

TEST_F(ReflectionServiceTest, SymbolOfThisProgram_IsFound) {
  Asking client(channel_);
  client.Ask("grpc.reflection.v1.ServerReflection.ServerReflectionInfo");
  EXPECT_EQ(client.Next()->file_descriptor_response().file_descriptor_proto_size(), 1);
}

TEST_F(ReflectionServiceTest, OlderName_AnswersTheSame) {
  namespace v1alpha = grpc::reflection::v1alpha;
  const auto stub = v1alpha::ServerReflection::NewStub(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kGuard);
  const auto stream = stub->ServerReflectionInfo(&context);
  v1alpha::ServerReflectionRequest request;
  request.set_file_containing_symbol("grpc.health.v1.none");
  stream->Write(request);
  v1alpha::ServerReflectionResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.original_request().file_containing_symbol(), "grpc.health.v1.none");
  EXPECT_EQ(response.error_response().error_code(), StatusCode::NOT_FOUND);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ReflectionServiceTest, StreamWithoutAQuestion_EndsWell) {
  Asking client(channel_);
  client.AskNoMore();
  EXPECT_TRUE(client.End().ok());
}

TEST_F(ReflectionServiceTest, StreamAfterStream_AreAllServed) {
  for (int i = 0; i < 50; ++i) {
    Asking client(channel_);
    EXPECT_TRUE(client.Answers()) << i;
    client.AskNoMore();
    EXPECT_TRUE(client.End().ok());
  }
}

TEST_F(ReflectionServiceTest, EndStreams_EndsThoseThatRunAndThoseToCome) {
  Asking early(channel_);
  EXPECT_TRUE(early.Answers());
  reflection_.EndStreams();
  EXPECT_EQ(early.End().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(Asking(channel_).End().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(ReflectionServiceTest, EndStreams_LetsTheServerShutDownWithoutForce) {
  Asking client(channel_);
  EXPECT_TRUE(client.Answers());
  reflection_.EndStreams();
  server_.Shutdown(Rest::kWait);
  EXPECT_EQ(client.End().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(ReflectionServiceTest, Shutdown_CancelsStreamsThatWereNotEnded) {
  Asking client(channel_);
  EXPECT_TRUE(client.Answers());
  server_.Shutdown(Rest::kCancel);
  reflection_.WaitForNone();
  EXPECT_FALSE(client.End().ok());
}

// Each asks more than it waits for, so that answers are being sent when the end comes.
TEST_F(ReflectionServiceTest, EndWhileClientsAsk_EndsThemAll) {
  std::vector<std::unique_ptr<Asking>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Asking>(server_.NewChannel()));
    EXPECT_TRUE(clients.back()->Answers());
  }
  for (const auto& client : clients) {
    for (int i = 0; i < 20; ++i) client->Ask("grpc.reflection.v1.ServerReflection");
  }
  reflection_.EndStreams();
  for (const auto& client : clients) {
    EXPECT_EQ(client->End().error_code(), StatusCode::UNAVAILABLE);
  }
}

TEST_F(ReflectionServiceTest, Shutdown_CancelsAStreamThatDoesNotRead) {
  Asking client(server_.NewSlowChannel());
  client.Ask("grpc.health.v1.Health");
  client.WaitForHeaders();   // the answer is being sent
  reflection_.EndStreams();  // waits for the client to read
  server_.Shutdown(Rest::kCancel);
  reflection_.WaitForNone();
  EXPECT_FALSE(client.End().ok());
}

class ReflectionServiceLimitTest : public ReflectionServiceTest {
 protected:
  ReflectionServiceLimitTest() : ReflectionServiceTest(2) {}
};

TEST_F(ReflectionServiceLimitTest, OneStreamTooMany_IsRefusedUntilAnotherEnds) {
  Asking first(channel_);
  EXPECT_TRUE(first.Answers());
  auto second = std::make_unique<Asking>(channel_);
  EXPECT_TRUE(second->Answers());
  EXPECT_EQ(Asking(channel_).End().error_code(), StatusCode::RESOURCE_EXHAUSTED);

  second.reset();
  // The server learns of it a little later.
  const auto guard = std::chrono::steady_clock::now() + kGuard;
  bool answered = false;
  while (!answered && std::chrono::steady_clock::now() < guard) {
    answered = Asking(channel_).Answers();
  }
  EXPECT_TRUE(answered);
  EXPECT_TRUE(first.Answers());
}

}  // namespace
}  // namespace enos::gateway
