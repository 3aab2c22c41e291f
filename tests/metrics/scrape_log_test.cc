#include "metrics/scrape_log.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace metrics {
namespace {

std::shared_ptr<const DailyFacts> SomeDays() {
  return std::make_shared<const DailyFacts>(std::vector<ServedDay>(), false);
}

TEST(ScrapeLogTest, ScrapesOfOneKindAreOneEntry) {
  ScrapeLog log;
  const auto days = SomeDays();
  for (int minute = 0; minute <= 150; minute += 15) {
    log.Add(days, Selection::All(), false, absl::Minutes(minute));
    log.Add(days, Selection::None(), false, absl::Minutes(minute + 1));
  }
  log.Add(days, Selection::All(), true, absl::Minutes(150));
  log.Add(SomeDays(), Selection::All(), false, absl::Minutes(150));
  const std::vector<Scrapes> scrapes = log.Take();
  ASSERT_EQ(scrapes.size(), 4U);
  EXPECT_EQ(scrapes[0].first, absl::ZeroDuration());
  EXPECT_EQ(scrapes[0].last, absl::Minutes(150));
  EXPECT_EQ(scrapes[1].first, absl::Minutes(1));
  EXPECT_TRUE(scrapes[2].has_consumer);
  EXPECT_NE(scrapes[3].daily, days);
  EXPECT_TRUE(log.Take().empty()) << "each once";
}

TEST(ScrapeLogTest, AGapOfMoreThanAnHourBeginsAnew) {
  ScrapeLog log;
  const auto days = SomeDays();
  log.Add(days, Selection::All(), false, absl::Minutes(0));
  log.Add(days, Selection::All(), false, absl::Minutes(60));
  log.Add(days, Selection::All(), false, absl::Minutes(121));
  EXPECT_EQ(log.Take().size(), 2U);
}

TEST(ScrapeLogTest, BeforeTheFirstDayThereIsNothingToCount) {
  ScrapeLog log;
  log.Add(nullptr, Selection::All(), false, absl::Minutes(0));
  EXPECT_TRUE(log.Take().empty());
}

TEST(ScrapeLogTest, ItDoesNotGrowWithoutEnd) {
  ScrapeLog log;
  for (int i = 0; i < 10'000; ++i) log.Add(SomeDays(), Selection::All(), false, absl::Minutes(i));
  EXPECT_LE(log.Take().size(), 256U);
}

}  // namespace
}  // namespace metrics
