#include "tests/soak/keys/language_caller.h"

#include <fcntl.h>
#include <grpcpp/server_builder.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "enos/dataflow/v1/flow_service.grpc.pb.h"

namespace enos::soak {
namespace {

using std::chrono::milliseconds;

// Beyond a call's own time: a virtual machine starts.
constexpr milliseconds kPatience{30'000};

class Refusing final : public dataflow::v1::FlowService::Service {
 public:
  int calls() const { return calls_; }

 private:
  grpc::Status UpdateAndTriggerFlow(grpc::ServerContext*,
                                    const dataflow::v1::UpdateAndTriggerFlowRequest*,
                                    dataflow::v1::UpdateAndTriggerFlowResponse*) override {
    ++calls_;
    return {grpc::StatusCode::UNAVAILABLE, "no"};
  }

  std::atomic<int> calls_{0};
};

// False: it is none.
bool ReadAnswer(const std::string& line, int& code, std::string& told) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  return words.size() == 2 && absl::SimpleAtoi(words[0], &code) &&
         (words[1] == "-" || absl::Base64Unescape(words[1], &told));
}

flow::FlowResult ToResult(int code, const std::string& told) {
  if (code != 0) {
    return flow::FlowErrorFromStatus(
        grpc::Status(static_cast<grpc::StatusCode>(code), "of a library", told));
  }
  dataflow::v1::UpdateAndTriggerFlowResponse response;
  response.ParseFromString(told);
  return flow::TriggeredFlow{response.flow_instance_id(), {}, response.replayed()};
}

}  // namespace

const char kEagerServiceConfig[] =
    R"({"methodConfig": [{"name": [{"service": "enos.dataflow.v1.FlowService"}], "retryPolicy": {
    "maxAttempts": 5, "initialBackoff": "0.02s", "maxBackoff": "0.5s", "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED", "ABORTED", "INTERNAL",
                             "RESOURCE_EXHAUSTED", "CANCELLED"]}}]})";

LanguageCaller::LanguageCaller(const std::string& command) {
  std::pair<std::string, std::string> parts = absl::StrSplit(command, absl::MaxSplits('=', 1));
  language_ = std::move(parts.first);
  Start(parts.second);
}

LanguageCaller::~LanguageCaller() {
  if (in_ >= 0) close(in_);
  if (out_ >= 0) close(out_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void LanguageCaller::Start(const std::string& program) {
  std::array<int, 2> in{-1, -1};
  std::array<int, 2> out{-1, -1};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::string path = program;
  std::string config = absl::StrCat("SERVICE_CONFIG=", kEagerServiceConfig);
  std::string search = "PATH=/usr/local/bin:/usr/bin:/bin";
  std::string go = "GRPC_GO_RETRY=on";
  std::array<char*, 2> arguments{path.data(), nullptr};
  std::array<char*, 4> environment{config.data(), search.data(), go.data(), nullptr};
  if (posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments.data(), environment.data()) !=
      0) {
    pid_ = -1;
    broken_ = true;
  }
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
}

std::string LanguageCaller::ReadLine(milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  std::string text;
  while (std::chrono::steady_clock::now() < give_up) {
    pollfd one{out_, POLLIN, 0};
    if (poll(&one, 1, 100) <= 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t count = read(out_, bytes.data(), bytes.size());
    if (count <= 0) return {};
    text.append(bytes.data(), static_cast<std::size_t>(count));
    // It has nothing to say until it is asked again.
    if (text.back() == '\n') return std::string(absl::StripSuffix(text, "\n"));
  }
  return {};
}

flow::FlowResult LanguageCaller::Call(const std::string& address, const flow::FlowRequest& request,
                                      milliseconds timeout) {
  if (broken_ || address.empty()) return flow::FlowError();
  ++calls_;
  const std::string line = absl::StrCat(address, " ", timeout.count(), " ",
                                        absl::Base64Escape(request.SerializeAsString()), "\n");
  int code = 0;
  std::string told;
  broken_ = write(in_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
            !ReadAnswer(ReadLine(timeout + kPatience), code, told);
  if (broken_) return flow::FlowError();
  return ToResult(code, told);
}

int LanguageCaller::AttemptsPerCall() {
  Refusing service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  flow::FlowRequest request;
  request.set_user_id("u");
  Call(absl::StrCat("127.0.0.1:", port), request, kPatience);
  server->Shutdown();
  return service.calls();
}

}  // namespace enos::soak
