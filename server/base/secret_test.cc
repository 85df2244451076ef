#include "server/base/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <sstream>
#include <type_traits>
#include <utility>

namespace enos::gateway {
namespace {

template <typename T, typename = void>
struct IsStreamable : std::false_type {};
template <typename T>
struct IsStreamable<
    T, std::void_t<decltype(std::declval<std::ostringstream&>() << std::declval<const T&>())>>
    : std::true_type {};

static_assert(IsStreamable<int>::value);
static_assert(!IsStreamable<Secret>::value);
static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

TEST(Secret, Default_IsEmpty) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret().Reveal(), "");
  EXPECT_TRUE(Secret("").empty());
}

TEST(Secret, HoldsValue_RevealsIt) {
  EXPECT_EQ(Secret("s3cr3t").Reveal(), "s3cr3t");
  EXPECT_EQ(Secret(std::string_view("a\0b", 3)).Reveal(), std::string_view("a\0b", 3));
}

TEST(Secret, MovedFrom_IsEmptyAndBytesStayAtTheirPlace) {
  Secret first("short");
  const char* bytes = first.Reveal().data();
  Secret second(std::move(first));
  EXPECT_EQ(second.Reveal(), "short");
  EXPECT_EQ(second.Reveal().data(), bytes);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the promise under test
}

TEST(Secret, MoveAssigned_TakesTheValueOver) {
  Secret target("old");
  Secret source("new");
  target = std::move(source);
  EXPECT_EQ(target.Reveal(), "new");
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): the promise under test
}

TEST(Secret, TakenFromString_StringIsWiped) {
  std::string source = "value";
  const char* bytes = source.data();  // in the string itself: a short one
  const Secret secret = Secret::TakeFrom(source);
  EXPECT_EQ(secret.Reveal(), "value");
  EXPECT_TRUE(source.empty());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bytes[i], '\0') << "byte " << i;
}

}  // namespace
}  // namespace enos::gateway
