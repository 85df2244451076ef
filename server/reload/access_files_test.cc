#include "server/reload/access_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "server/testing/log_capture.h"
#include "server/testing/mounted_files.h"
#include "server/testing/token_maker.h"

namespace enos::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string PolicyText(const std::string& caller) {
  return R"({"rules":[{"callers":[")" + caller +
         R"("],"org_ids":["*"],"user_ids":["*"],"flow_ids":["*"]}]})";
}

// The reloads that were reported; the test's thread waits for them.
class Reloads {
 public:
  AccessFiles::OnReload Listener() {
    return [this](AccessFile file, bool ok) {
      const std::lock_guard lock(mutex_);
      reloads_.push_back(std::string(file == AccessFile::kPolicy ? "policy" : "jwt_keys") +
                         (ok ? " good" : " bad"));
      changed_.notify_all();
    };
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(120), [&] { return reloads_.size() >= count; });
    return reloads_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> reloads_;
};

struct Rig {
  explicit Rig(const MountedFiles& mounted)
      : files(access, {mounted.path("policy.json"), mounted.path("keys.json"), {"i", "a"}},
              reloads.Listener()) {}

  bool Allows(const std::string& caller) { return !access.Authorize({caller}, {"o", "u", 1}); }
  bool Accepts(const TokenMaker& maker) {
    const std::string token =
        "Bearer " + maker.Sign(R"({"iss":"i","sub":"s","aud":"a","exp":100})", "");
    std::vector<std::string> identities;
    return !access.Identify({{token}, {}}, &identities);
  }

  Reloads reloads;
  AccessControl access{[] { return 50; }};
  AccessFiles files;
  FileWatcher watcher{std::chrono::milliseconds(5)};
};

TEST(AccessFiles, ChangedFiles_AreUsedAndBadOnesAreNot) {
  const TokenMaker old_key = TokenMaker::Ec();
  const TokenMaker new_key = TokenMaker::Ec();
  MountedFiles mounted(
      {{"policy.json", PolicyText("sub:old")}, {"keys.json", KeySet(old_key.Jwk("old"))}});
  LogCapture log;
  Rig rig(mounted);
  EXPECT_EQ(rig.files.Load(), std::nullopt);
  rig.files.Watch(rig.watcher);
  rig.watcher.Start();
  EXPECT_TRUE(rig.Allows("sub:old"));
  EXPECT_TRUE(rig.Accepts(old_key));

  mounted.Swap({{"policy.json", PolicyText("sub:new")}, {"keys.json", KeySet(old_key.Jwk("old"))}});
  EXPECT_THAT(rig.reloads.WaitFor(1), ElementsAre("policy good"));
  EXPECT_FALSE(rig.Allows("sub:old"));
  EXPECT_TRUE(rig.Allows("sub:new"));

  mounted.Swap({{"policy.json", R"({"rule": []})"}, {"keys.json", KeySet(old_key.Jwk("old"))}});
  EXPECT_EQ(rig.reloads.WaitFor(2).back(), "policy bad");
  EXPECT_TRUE(rig.Allows("sub:new"));

  mounted.Swap({{"policy.json", R"({"rule": []})"},
                {"keys.json", KeySet(old_key.Jwk("old") + "," + new_key.Jwk("new"))}});
  EXPECT_EQ(rig.reloads.WaitFor(3).back(), "jwt_keys good");
  // Tokens without a "kid" could now mean either.
  EXPECT_FALSE(rig.Accepts(new_key));
  mounted.Swap({{"policy.json", R"({"rule": []})"}, {"keys.json", KeySet(new_key.Jwk("new"))}});
  EXPECT_EQ(rig.reloads.WaitFor(4).back(), "jwt_keys good");
  EXPECT_TRUE(rig.Accepts(new_key));
  EXPECT_FALSE(rig.Accepts(old_key));

  rig.watcher.Stop();
  EXPECT_THAT(log.Text(),
              HasSubstr("warning policy not reloaded, the old one stays in use file=/"));
  EXPECT_THAT(log.Text(), HasSubstr("unknown member"));
}

struct BadStart {
  const char* name;
  const char* policy;
  const char* keys;
  const char* error;
};

class AccessFilesAtTheStart : public testing::TestWithParam<BadStart> {};

TEST_P(AccessFilesAtTheStart, BadFile_IsOneLine) {
  const MountedFiles mounted({{"policy.json", GetParam().policy}, {"keys.json", GetParam().keys}});
  Rig rig(mounted);
  const auto error = rig.files.Load();
  ASSERT_TRUE(error);
  EXPECT_THAT(*error, HasSubstr(GetParam().error));
  EXPECT_EQ(error->find('\n'), std::string::npos);
}

constexpr char kGoodPolicy[] = R"({"rules": []})";

INSTANTIATE_TEST_SUITE_P(
    Rows, AccessFilesAtTheStart,
    testing::Values(BadStart{"Policy", R"({"rules": [{}]})", "",
                             R"(policy.json" is not valid: $.rules[0]: member "callers" is)"},
                    BadStart{"PolicyEmpty", "", "", R"(is not valid: line 1, column 1)"},
                    BadStart{"Keys", kGoodPolicy, "{}",
                             R"(keys.json" is not valid: $: expected an object)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(AccessFiles, Pipe_IsNamedWithItsSetting) {
  const MountedFiles mounted(MountedFiles::Contents{{"policy.json", kGoodPolicy}});
  ASSERT_EQ(::mkfifo(mounted.path("pipe").c_str(), 0600), 0);
  const auto error_of = [](const std::string& policy, const std::string& keys) {
    AccessControl access([] { return 0; });
    AccessFiles files(access, {policy, keys, {}}, [](AccessFile, bool) {});
    return files.Load().value_or("no error");
  };
  const std::string pipe = mounted.path("pipe");
  EXPECT_EQ(error_of(pipe, ""),
            "--policy_file (ENOS_GATEWAY_POLICY_FILE): \"" + pipe + "\": not a regular file");
  EXPECT_EQ(error_of(mounted.path("policy.json"), pipe),
            "--jwt_keys_file (ENOS_GATEWAY_JWT_KEYS_FILE): \"" + pipe + "\": not a regular file");
}

TEST(AccessFiles, MissingFile_IsNamedWithItsSetting) {
  AccessControl access([] { return 0; });
  AccessFiles files(access, {"/nowhere/policy.json", "", {}}, [](AccessFile, bool) {});
  const auto error = files.Load();
  ASSERT_TRUE(error);
  EXPECT_THAT(*error, StartsWith("--policy_file (ENOS_GATEWAY_POLICY_FILE): "));
  EXPECT_THAT(*error, HasSubstr("/nowhere/policy.json"));
  EXPECT_THAT(*error, HasSubstr("No such file"));
}

}  // namespace
}  // namespace enos::gateway
