#include "exporter/web/password_hash.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace web {
namespace {

struct Case {
  const char* hash;
  const char* password;
  bool matches;
};

class PasswordHashTest : public testing::TestWithParam<Case> {};

TEST_P(PasswordHashTest, Matches) {
  EXPECT_TRUE(CheckPasswordHash(GetParam().hash).ok()) << CheckPasswordHash(GetParam().hash);
  EXPECT_EQ(PasswordMatches(GetParam().password, GetParam().hash), GetParam().matches);
}

// Known answers from the test vectors that bcrypt's implementations share.
INSTANTIATE_TEST_SUITE_P(
    Known, PasswordHashTest,
    testing::Values(Case{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", true},
                    Case{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*V", false},
                    Case{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "", false},
                    Case{"$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*", true},
                    Case{"$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U", true},
                    Case{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "", true}));

TEST(PasswordHashFormTest, WhatIsNoHashIsRefusedWithoutBeingRepeated) {
  const std::string good = "$2y$05$LhayLxezLhK1LhWvKxCyLOj0j1u.Kj0jZ0pEmm134uzrQlFvQJLF6";
  for (const std::string& bad : {std::string(), std::string("hunter2"), good.substr(1), good.substr(0, 59), good + "a",
                                 std::string("$2x") + good.substr(3), std::string("$1$") + good, std::string(60, '$'),
                                 "$2y$0a$" + good.substr(7), good.substr(0, 30) + "!" + good.substr(31),
                                 good.substr(0, 30) + "\n" + good.substr(31)}) {
    EXPECT_FALSE(CheckPasswordHash(bad).ok()) << bad;
    EXPECT_FALSE(!bad.empty() && absl::StrContains(CheckPasswordHash(bad).message(), bad)) << bad;
  }
  for (const char* cost : {"00", "03", "16", "31", "99"}) {
    EXPECT_FALSE(CheckPasswordHash(absl::StrCat("$2y$", cost, good.substr(6))).ok()) << cost;
  }
  for (const char* cost : {"04", "10", "15"}) {
    EXPECT_TRUE(CheckPasswordHash(absl::StrCat("$2y$", cost, good.substr(6))).ok()) << cost;
  }
}

TEST(PasswordHashFormTest, WhatBcryptCannotTakeWholeIsWrong) {
  const char* hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_FALSE(PasswordMatches(std::string("U*U\0", 4), hash));
  EXPECT_FALSE(PasswordMatches(std::string("U*U\0tail", 8), hash));
  EXPECT_FALSE(PasswordMatches(std::string(512, 'a'), hash));
  EXPECT_FALSE(PasswordMatches(std::string(1 << 20, 'a'), hash));
}

// Other programs leave bits in the last character of the salt that say nothing.
TEST(PasswordHashFormTest, UnusedBitsOfTheSaltDoNotMatter) {
  EXPECT_TRUE(PasswordMatches("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  EXPECT_TRUE(PasswordMatches("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(PasswordHashFormTest, NobodyKnowsThePasswordOfAnUnknownUser) {
  for (const int cost : {4, 6}) {
    const std::string hash = UnknownPasswordHash(cost);
    EXPECT_TRUE(CheckPasswordHash(hash).ok());
    EXPECT_EQ(BcryptCost(hash), cost);
    EXPECT_FALSE(PasswordMatches("", hash));
    EXPECT_FALSE(PasswordMatches("hunter2", hash));
  }
}

}  // namespace
}  // namespace web
