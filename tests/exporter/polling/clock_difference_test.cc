#include "exporter/polling/clock_difference.h"

#include <gtest/gtest.h>

namespace polling {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'790'000'000);

TEST(ClockDifferenceTest, NothingIsKnownBeforeAnAnswer) {
  EXPECT_EQ(ClockDifference().Ahead(kNoon, absl::Hours(1)), std::nullopt);
}

TEST(ClockDifferenceTest, TheLeastOfTheLastTenCounts) {
  ClockDifference difference;
  for (int i = 0; i < 20; ++i) {
    // An answer that was long on its way.
    const absl::Duration delay = absl::Seconds(i == 15 ? 1 : 30);
    difference.See(kNoon + absl::Minutes(i) - delay, absl::Minutes(i));
  }
  EXPECT_EQ(difference.Ahead(kNoon + absl::Minutes(20), absl::Minutes(20)), absl::Seconds(1));
  for (int i = 0; i < 10; ++i) difference.See(kNoon + absl::Minutes(i) - absl::Seconds(30), absl::Minutes(i));
  EXPECT_EQ(difference.Ahead(kNoon + absl::Minutes(20), absl::Minutes(20)), absl::Seconds(30));
}

TEST(ClockDifferenceTest, AJumpOfOurDateShowsAtOnce) {
  ClockDifference difference;
  for (int i = 0; i < 10; ++i) difference.See(kNoon, absl::ZeroDuration());
  EXPECT_EQ(difference.Ahead(kNoon + absl::Minutes(5), absl::Minutes(5)), absl::ZeroDuration());
  EXPECT_EQ(difference.Ahead(kNoon + absl::Hours(24), absl::Minutes(5)), absl::Hours(24) - absl::Minutes(5));
  EXPECT_EQ(difference.Ahead(kNoon - absl::Hours(24), absl::Minutes(5)), -absl::Hours(24) - absl::Minutes(5));
}

TEST(ClockDifferenceTest, AnAnswerWithoutADateEndsWhatWasKnown) {
  ClockDifference difference;
  difference.See(kNoon, absl::ZeroDuration());
  difference.See(std::nullopt, absl::ZeroDuration());
  EXPECT_EQ(difference.Ahead(kNoon, absl::ZeroDuration()), std::nullopt);
}

}  // namespace
}  // namespace polling
