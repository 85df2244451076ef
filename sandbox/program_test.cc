// The program enos-sandbox as a user meets it: its output, its exit statuses, its signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "sandbox/http/raw_client.h"

namespace enos::sandbox {
namespace {

using testing::HasSubstr;

// A child process whose standard output and error come back together.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    arguments.insert(arguments.begin(), ENOS_SANDBOX_PROGRAM);
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      close(ends[0]);
      close(ends[1]);
      execv(words[0], words.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(output_);
  }

  void Signal(int signal) const { kill(pid_, signal); }

  // Reads on until the text was seen, or the output's end.
  bool ReadUntil(const std::string& text) {
    std::array<char, 4096> bytes{};
    while (text.empty() || seen_.find(text) == std::string::npos) {
      const ssize_t size = read(output_, bytes.data(), bytes.size());
      if (size <= 0) return false;
      seen_.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return true;
  }

  // The exit status; -1 for a death by signal.
  int Wait() {
    ReadUntil("");
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string& seen() const { return seen_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string seen_;
};

int PortOf(const std::string& output) {
  const std::string before = "http://127.0.0.1:";
  const std::size_t at = output.find(before) + before.size();
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(output.substr(at, output.find('\n', at) - at), &port)) << output;
  return port;
}

class SandboxSignalTest : public testing::TestWithParam<int> {};

TEST_P(SandboxSignalTest, EndsTheProgramWell) {
  Program program({});
  ASSERT_TRUE(program.ReadUntil("ready\n")) << program.seen();
  EXPECT_THAT(program.seen(), HasSubstr("export ENOS_API_URL=http://127.0.0.1:"));
  EXPECT_THAT(program.seen(), HasSubstr("export ENOS_ACCESS_KEY='sandbox-key'\n"));
  EXPECT_THAT(program.seen(), HasSubstr("export ENOS_SECRET_KEY='sandbox-secret'\n"));
  RawClient client(static_cast<std::uint16_t>(PortOf(program.seen())));
  ASSERT_TRUE(client.Send("GET /_sandbox/stats HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(client.ReadUntil("\"received\":0"), RawClient::Outcome::kOpen);
  program.Signal(GetParam());
  EXPECT_EQ(program.Wait(), 0);
}

INSTANTIATE_TEST_SUITE_P(All, SandboxSignalTest, testing::Values(SIGTERM, SIGINT));

TEST(SandboxProgram, WrongFlagEndsWithStatusTwo) {
  Program program({"--latency=soon"});
  EXPECT_EQ(program.Wait(), 2);
  EXPECT_THAT(program.seen(), HasSubstr("--latency"));
}

TEST(SandboxProgram, TakenPortEndsWithStatusTwoAndOneLine) {
  Program first({});
  ASSERT_TRUE(first.ReadUntil("ready\n"));
  const std::string listen = "127.0.0.1:" + std::to_string(PortOf(first.seen()));
  Program second({"--listen=" + listen});
  EXPECT_EQ(second.Wait(), 2);
  EXPECT_EQ(second.seen(),
            "enos-sandbox: cannot listen on " + listen + ": Address already in use\n");
}

TEST(SandboxProgram, HelpEndsWithStatusZero) {
  Program program({"--help"});
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_THAT(program.seen(), HasSubstr("--token_lifetime"));
}

}  // namespace
}  // namespace enos::sandbox
