#include "base/day.h"

#include <gtest/gtest.h>

#include <string>

namespace base {
namespace {

TEST(ParseRfc3339Test, EveryFormOfTheSameMoment) {
  const absl::Time moment = absl::FromUnixSeconds(1795082400);
  for (const char* text :
       {"2026-11-19T10:00:00Z", "2026-11-19T10:00:00.000Z", "2026-11-19T11:00:00+01:00", "2026-11-19T02:00:00-08:00"}) {
    EXPECT_EQ(ParseRfc3339(text), moment) << text;
  }
}

TEST(ParseRfc3339Test, AgreesWithTheLibraryOnEveryDay) {
  for (int64_t seconds = -62135596800; seconds < 253402300800; seconds += 86399 * 97) {
    const absl::Time time = absl::FromUnixSeconds(seconds);
    EXPECT_EQ(ParseRfc3339(absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone())), time) << seconds;
  }
}

TEST(ParseRfc3339Test, WhatIsNoTimeIsNothing) {
  for (const char* text :
       {"", "null", "2026-11-19", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-19T24:30:00Z",
        "2026-11-19T10:61:00Z", "2026-11-19T10-00-00Z", "2026-1a-19T10:00:00Z", "2026-11-19T10:00:00X"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace base
