#include "server/http/host_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>
#include <vector>

namespace enos::gateway {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A clock that the test moves.
class StillClock final : public Scheduler {
 public:
  SteadyTime Now() const override { return now; }
  WallTime WallNow() const override { return {}; }
  TimerId RunAt(SteadyTime, Task) override { return 0; }
  void Cancel(TimerId) override {}

  SteadyTime now{seconds(1000)};
};

class HostAddressesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"})
      unsetenv(name);
  }

  HostAddresses For(const std::string& url) {
    return HostAddresses(clock_,
                         [this](const std::string& host, EventLoop::ResolveCallback done) {
                           lookups_.emplace_back(host, std::move(done));
                         },
                         url, {HostAddressesOptions().refresh_after, [this] { ++changes_; }});
  }

  bool Known(HostAddresses& addresses) {
    return addresses.Known([this](const std::string& error) { told_.push_back(error); });
  }

  void EndLookup(const std::vector<std::string>& addresses, const std::string& error = {}) {
    auto done = std::move(lookups_.back().second);
    done(addresses, error);
  }

  static std::string Text(const HostAddresses& addresses) {
    return addresses.List() ? addresses.List()->data : "";
  }

  StillClock clock_;
  std::vector<std::pair<std::string, EventLoop::ResolveCallback>> lookups_;
  int changes_ = 0;
  std::vector<std::string> told_;
};

class NoLookUpTest : public HostAddressesTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(NoLookUpTest, IsNeededSoAllIsKnownAtOnce) {
  HostAddresses addresses = For(GetParam());
  EXPECT_TRUE(Known(addresses));
  EXPECT_THAT(lookups_, IsEmpty());
  EXPECT_EQ(addresses.List(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, NoLookUpTest,
                         ::testing::Values("http://127.0.0.1:80", "https://127.0.0.1",
                                           "http://[::1]:8080", "http://localhost:1"));

TEST_F(HostAddressesTest, FirstCallStartsOneLookUpForAllThatWait) {
  HostAddresses addresses = For("https://enos.example");
  EXPECT_FALSE(Known(addresses));
  EXPECT_FALSE(Known(addresses));
  EXPECT_FALSE(Known(addresses));
  ASSERT_EQ(lookups_.size(), 1U);
  EXPECT_EQ(lookups_[0].first, "enos.example");
  EXPECT_THAT(told_, IsEmpty());

  EndLookup({"192.0.2.1", "2001:db8::1"});
  EXPECT_THAT(told_, ElementsAre(""));
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(Text(addresses), "enos.example:443:192.0.2.1,2001:db8::1");
}

TEST_F(HostAddressesTest, FailedFirstLookUpTellsWhyAndTheNextCallLooksAgain) {
  HostAddresses addresses = For("http://enos.example:8080");
  EXPECT_FALSE(Known(addresses));
  EndLookup({}, "Host not found");
  EXPECT_THAT(told_, ElementsAre("cannot resolve enos.example: Host not found"));
  EXPECT_EQ(lookups_.size(), 1U);

  EXPECT_FALSE(Known(addresses));
  EXPECT_EQ(lookups_.size(), 2U);
  EndLookup({"192.0.2.1"});
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(Text(addresses), "enos.example:8080:192.0.2.1");
}

TEST_F(HostAddressesTest, KnownAddressesAreUsedOnWhileTheyAreRenewed) {
  HostAddresses addresses = For("https://enos.example");
  Known(addresses);
  EndLookup({"192.0.2.1"});
  clock_.now += HostAddressesOptions().refresh_after - std::chrono::milliseconds(1);
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(lookups_.size(), 1U);

  clock_.now += std::chrono::milliseconds(1);
  EXPECT_TRUE(Known(addresses));
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(lookups_.size(), 2U);
  EXPECT_EQ(Text(addresses), "enos.example:443:192.0.2.1");

  EndLookup({"192.0.2.2"});
  EXPECT_EQ(Text(addresses), "enos.example:443:192.0.2.2");
  EXPECT_THAT(told_, ElementsAre(""));  // nobody waited for the second
}

TEST_F(HostAddressesTest, RenewalThatFailsKeepsTheAddressesAndIsTriedAgainInTime) {
  HostAddresses addresses = For("https://enos.example");
  Known(addresses);
  EndLookup({"192.0.2.1"});
  clock_.now += HostAddressesOptions().refresh_after;
  EXPECT_TRUE(Known(addresses));
  EndLookup({}, "Host not found (try again later)");
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(Text(addresses), "enos.example:443:192.0.2.1");
  EXPECT_EQ(lookups_.size(), 2U);

  clock_.now += HostAddressesOptions().refresh_after;
  EXPECT_TRUE(Known(addresses));
  EXPECT_EQ(lookups_.size(), 3U);
}

TEST_F(HostAddressesTest, ListOutlivesItsRenewalForWhoHoldsIt) {
  HostAddresses addresses = For("https://enos.example");
  Known(addresses);
  EndLookup({"192.0.2.1"});
  const auto held = addresses.List();
  clock_.now += HostAddressesOptions().refresh_after;
  Known(addresses);
  EndLookup({"192.0.2.2"});
  EXPECT_STREQ(held->data, "enos.example:443:192.0.2.1");
}

TEST_F(HostAddressesTest, AnswerThatComesAfterItsEndIsIgnored) {
  {
    HostAddresses addresses = For("https://enos.example");
    Known(addresses);
  }
  EndLookup({"192.0.2.1"});
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(HostAddressesTest, ChangeIsToldAndAnotherOrderIsNone) {
  HostAddresses addresses = For("https://enos.example");
  const auto look_up = [&](const std::vector<std::string>& found) {
    clock_.now += HostAddressesOptions().refresh_after;
    Known(addresses);
    EndLookup(found);
    return changes_;
  };
  EXPECT_EQ(look_up({"192.0.2.1", "192.0.2.2"}), 1);
  EXPECT_EQ(look_up({"192.0.2.2", "192.0.2.1"}), 1);
  EXPECT_EQ(look_up({}), 1);
  EXPECT_EQ(look_up({"192.0.2.2"}), 2);
  EXPECT_THAT(addresses.Current(), ElementsAre("192.0.2.2"));
}

TEST_F(HostAddressesTest, ProxyLooksTheNameUpItself) {
  setenv("https_proxy", "http://proxy.example:3128", 1);
  HostAddresses addresses = For("https://enos.example");
  unsetenv("https_proxy");
  EXPECT_TRUE(Known(addresses));
  EXPECT_THAT(lookups_, IsEmpty());
}

}  // namespace
}  // namespace enos::gateway
