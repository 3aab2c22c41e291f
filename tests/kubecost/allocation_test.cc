// Also tests kubecost/resource.h
#include "kubecost/allocation.h"

#include <gtest/gtest.h>

#include "base/day.h"

namespace kubecost {
namespace {

TEST(AddCostsTest, SumsAreExactInDecimal) {
  EXPECT_EQ(AddCosts(0.1, 0.2), 0.3);
  EXPECT_EQ(AddCosts(0.00001, 0.00002), 0.00003);
  EXPECT_EQ(AddCosts(41.20731, -0.0321), 41.17521);
  EXPECT_EQ(AddCosts(1e9, 0.00001), 1000000000.00001);
}

TEST(AddCostsTest, SixDecimalsOfOldVersionsAreExactToo) { EXPECT_EQ(AddCosts(0.000001, 0.000002), 0.000003); }

TEST(AddCostsTest, TheOrderOfTermsDoesNotMatter) {
  const double parts[] = {0.1, 0.7, 0.3, -0.00001, 12.34567};
  double forward = 0;
  double backward = 0;
  for (int i = 0; i < 5; ++i) {
    forward = AddCosts(forward, parts[i]);
    backward = AddCosts(backward, parts[4 - i]);
  }
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward, 13.44566);
}

TEST(AddCostsTest, OffTheGridIsAddedAsDoubles) {
  EXPECT_EQ(AddCosts(0.1234567891, 0.2), 0.1234567891 + 0.2);
  EXPECT_EQ(AddCosts(1e300, 1e300), 2e300);
}

TEST(AddCostsTest, UnknownStaysUnknown) {
  EXPECT_FALSE(IsKnown(AddCosts(kUnknown, 1)));
  EXPECT_FALSE(IsKnown(AddCosts(1, kUnknown)));
  EXPECT_FALSE(IsKnown(AddCosts(kUnknown, 0)));
  EXPECT_FALSE(IsKnown(AddCosts(0, kUnknown)));
}

TEST(WindowTest, ContainsComparesInstants) {
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2026, 11, 19), absl::UTCTimeZone());
  const base::Window day = {midnight, midnight + absl::Hours(24)};
  EXPECT_TRUE(day.Contains(day));
  EXPECT_TRUE(day.Contains({midnight + absl::Hours(1), midnight + absl::Hours(2)}));
  EXPECT_FALSE(day.Contains({midnight - absl::Seconds(1), midnight + absl::Hours(2)}));
  EXPECT_FALSE(day.Contains({midnight, midnight + absl::Hours(25)}));
}

}  // namespace
}  // namespace kubecost
