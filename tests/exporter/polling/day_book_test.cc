#include "exporter/polling/day_book.h"

#include <gtest/gtest.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "metrics/table_builder.h"

namespace polling {
namespace {

using base::Window;
using kubecost::Level;

absl::Time November(int day, double hour = 0) {
  return absl::FromCivil(absl::CivilDay(2026, 11, day), absl::UTCTimeZone()) + hour * absl::Hours(1);
}

struct Generation {
  double cost = 1;
  double hours = 24;
  double pod_cost = -1;  // negative: the cluster's
};

class DayBookTest : public testing::Test {
 protected:
  void SetUp() override { Restart({}); }

  void Restart(Delivered delivered) {
    book_ = std::make_unique<DayBook>(options_);
    book_->SetDelivered(std::move(delivered));
  }

  static absl::Duration Elapsed(absl::Time now) { return now - November(1); }
  bool AdvanceTo(absl::Time now) {
    now_ = now;
    return book_->Advance(now, Elapsed(now));
  }

  metrics::ClusterFacts Read(const Day& day, const Generation& generation) const {
    metrics::LevelTables read;
    const bool has_pods = book_->PodsOf(day).has_value();
    for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
      if (level == Level::kPod && !has_pods) continue;
      metrics::TableBuilder builder(level, "", 0);
      kubecost::Allocation row;
      row.properties = {"c", "node", "n", "", "", "p"};
      row.total_cost = level == Level::kPod && generation.pod_cost >= 0 ? generation.pod_cost : generation.cost;
      row.extent = {day.window.start, day.window.start + generation.hours * absl::Hours(1)};
      builder.Add(row);
      read.table(level) = builder.Build();
    }
    return metrics::SplitByCluster(day.window, base::DateText(day.window, absl::ZeroDuration()), has_pods,
                                   std::move(read));
  }

  bool Take(int day_of_month, const Generation& generation = {}) {
    Day& day = book_->days().at(November(day_of_month));
    return DayBook::IsServed(book_->Take(day, Read(day, generation), now_, Elapsed(now_)));
  }

  absl::Time DueOf(int day_of_month) const {
    const absl::Duration due = book_->days().at(November(day_of_month)).schedule.due;
    return due == absl::InfiniteDuration() ? absl::InfiniteFuture() : November(1) + due;
  }

  // "18 19 20*": the days wanted, those that have been read with a star, back-filled ones in parentheses.
  std::string Days() const {
    std::string text;
    for (const auto& [start, day] : book_->days()) {
      const std::string number = absl::FormatTime("%d", start, absl::UTCTimeZone());
      absl::StrAppend(&text, text.empty() ? "" : " ", day.is_backfill() ? absl::StrCat("(", number, ")") : number,
                      day.facts.empty() ? "" : "*");
    }
    return text;
  }

  double CostOf(int day_of_month) const {
    return book_->days()
        .at(November(day_of_month))
        .facts.front()
        ->table(Level::kCluster)
        .column(metrics::Column::kTotal)[0];
  }

  int DaysServingPods() const {
    int count = 0;
    for (const metrics::ServedDay& day : book_->Served()) count += day.has_pods() ? 1 : 0;
    return count;
  }

  size_t Backfill(int first, int last) {
    std::vector<Window> found;
    for (int day = first; day <= last; ++day) found.push_back({November(day), November(day + 1)});
    return book_->Backfill(found, Elapsed(now_));
  }

  Options options_;
  std::unique_ptr<DayBook> book_;
  absl::Time now_;
};

TEST_F(DayBookTest, KeepsTheLastClosedDays) {
  AdvanceTo(November(20, 1.9));
  EXPECT_EQ(Days(), "16 17 18") << "the 19th closes at 02:00";
  AdvanceTo(November(20, 2));
  EXPECT_EQ(Days(), "17 18 19");
  EXPECT_EQ(book_->newest().window.start, November(19));
  EXPECT_TRUE(book_->Served().empty());
}

TEST_F(DayBookTest, ADayGoesOnceANewerOneWasRead) {
  AdvanceTo(November(20, 3));
  for (const int day : {17, 18, 19}) EXPECT_TRUE(Take(day));
  AdvanceTo(November(21, 3));
  EXPECT_EQ(Days(), "17* 18* 19* 20");
  EXPECT_EQ(book_->Plain().front()->date, "2026-11-19");
  // Kubecost stays away for days.
  AdvanceTo(November(24, 3));
  EXPECT_EQ(Days(), "17* 18* 19* 21 22 23");
  Take(23);
  EXPECT_TRUE(AdvanceTo(November(24, 3)));
  EXPECT_EQ(Days(), "(18)* (19)* 21 22 23*");
  EXPECT_EQ(book_->Plain().front()->date, "2026-11-23");
}

TEST_F(DayBookTest, AClockSetBackBringsNoOlderDay) {
  AdvanceTo(November(20, 3));
  Take(19);
  AdvanceTo(November(15, 3));
  EXPECT_EQ(Days(), "17 18 19*");
}

TEST_F(DayBookTest, HourlyUntilSettledAndThenEverySixHours) {
  AdvanceTo(November(20, 3));
  Take(19);
  Take(17);
  EXPECT_EQ(DueOf(19), November(20, 4));
  EXPECT_EQ(DueOf(17), November(20, 9));
  EXPECT_TRUE(book_->days().at(November(17)).settled);
  EXPECT_FALSE(book_->days().at(November(19)).settled);
  // The 18th settles at midnight and is read right then.
  AdvanceTo(November(20, 23.5));
  Take(18);
  EXPECT_FALSE(book_->days().at(November(18)).settled);
  EXPECT_EQ(DueOf(18), November(21));
  AdvanceTo(November(21));
  Take(18);
  EXPECT_EQ(DueOf(18), November(21, 6));
  EXPECT_TRUE(book_->days().at(November(18)).settled);
}

TEST_F(DayBookTest, ADayThatCoversLessIsBelievedTheThirdTime) {
  AdvanceTo(November(20, 3));
  EXPECT_TRUE(Take(19, {10, 24}));
  EXPECT_FALSE(Take(19, {5, 12}));
  EXPECT_FALSE(Take(19, {5, 12}));
  EXPECT_FALSE(Take(19, {6, 13})) << "another one: it is still changing";
  EXPECT_EQ(CostOf(19), 10);
  EXPECT_TRUE(Take(19, {11, 24})) << "whole again";
  EXPECT_EQ(CostOf(19), 11);
  EXPECT_FALSE(Take(19, {5, 12}));
  EXPECT_FALSE(Take(19, {5, 12}));
  EXPECT_TRUE(Take(19, {5, 12}));
  EXPECT_EQ(CostOf(19), 5);
  EXPECT_EQ(DueOf(19), November(20, 4)) << "asked for as any other, not at once";
}

TEST_F(DayBookTest, ADayThatNoLongerReconcilesAsWell) {
  AdvanceTo(November(20, 3));
  EXPECT_TRUE(Take(19, {10, 24, 9})) << "the first is served as it is";
  EXPECT_TRUE(Take(19, {10, 24}));
  EXPECT_FALSE(Take(19, {10, 24, 9}));
  EXPECT_TRUE(Take(19, {9, 24})) << "a correction downward";
  EXPECT_EQ(CostOf(19), 9);
}

TEST_F(DayBookTest, OnlyTheNewestDayIsReadInFull) {
  AdvanceTo(November(20, 3));
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(19))), metrics::Columns::kAll);
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(18))), metrics::Columns::kTotal);
  options_.day_pod_resources = true;
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(18))), metrics::Columns::kCosts);
  Take(18);
  EXPECT_TRUE(book_->Plain().empty()) << "the plain families never show a day but the newest complete one";
  Take(19);
  AdvanceTo(November(21, 3));
  // Kubecost has nothing of the 20th yet: the 19th stays, whole, however often it is read.
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(19))), metrics::Columns::kAll);
  Take(19);
  EXPECT_EQ(book_->Plain().front()->date, "2026-11-19");
}

TEST_F(DayBookTest, BackfillsWhatIsNeitherKeptNorDelivered) {
  Restart({{November(10), true}, {November(11), false}});
  AdvanceTo(November(20, 3));
  EXPECT_EQ(book_->BackfillSpan(), (Window{November(5), November(17)}));
  EXPECT_EQ(Backfill(1, 20), 10U);
  EXPECT_EQ(Days(), "(05) (06) (07) (08) (09) (12) (13) (14) (15) (16) 17 18 19");
  EXPECT_EQ(Backfill(1, 20), 0U) << "none twice";
  options_.backfill_pods = true;
  EXPECT_EQ(Backfill(1, 20), 1U) << "the pods of the 11th were not delivered";
}

TEST_F(DayBookTest, ABackfilledDayIsReadOnceServedAndDelivered) {
  AdvanceTo(November(20, 3));
  Backfill(5, 16);
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(5))), std::nullopt);
  Take(5);
  EXPECT_EQ(DueOf(5), absl::InfiniteFuture());
  EXPECT_FALSE(AdvanceTo(November(21, 4.9)));
  EXPECT_TRUE(book_->days().contains(November(5)));
  EXPECT_TRUE(AdvanceTo(November(21, 5))) << "26 h later";
  EXPECT_FALSE(book_->days().contains(November(5)));
  EXPECT_EQ(book_->delivered(), Delivered()) << "the 5th is out of the last 15 days by now";
}

TEST_F(DayBookTest, ADayThatDoesNotReconcileIsReadAgain) {
  options_.backfill_pods = true;
  AdvanceTo(November(20, 3));
  Backfill(16, 16);
  Take(16, {10, 24, 9});
  EXPECT_EQ(DueOf(16), November(20, 4));
  Take(16);
  EXPECT_EQ(DueOf(16), absl::InfiniteFuture());
}

TEST_F(DayBookTest, PodsOfAFewDaysAtATimeOldestFirst) {
  options_.backfill_pods = true;
  AdvanceTo(November(20, 3));
  Backfill(5, 16);
  for (int day = 5; day <= 16; ++day) Take(day);
  EXPECT_EQ(DaysServingPods(), 5);
  EXPECT_EQ(book_->Served().size(), 12U) << "namespaces and clusters all together";
  EXPECT_FALSE(AdvanceTo(November(21, 1)));
  EXPECT_TRUE(AdvanceTo(November(21, 5)));
  EXPECT_EQ(DaysServingPods(), 5);
  EXPECT_EQ(book_->Served().size(), 7U);
  AdvanceTo(November(22, 7));
  EXPECT_EQ(DaysServingPods(), 2);
  AdvanceTo(November(23, 9));
  EXPECT_EQ(DaysServingPods(), 0);
  EXPECT_EQ(book_->delivered().size(), 9U) << "those of the last 15 days";
}

TEST_F(DayBookTest, AKeptDayIsDeliveredWhenItGoes) {
  AdvanceTo(November(20, 3));
  for (const int day : {17, 18, 19}) Take(day);
  AdvanceTo(November(21, 0.1));
  Take(18);
  AdvanceTo(November(22, 2.1));
  Take(21);
  AdvanceTo(November(22, 2.2));
  EXPECT_EQ(book_->delivered(), (Delivered{{November(17), true}, {November(18), true}}));
  EXPECT_EQ(Days(), "19* 20 21*");
  EXPECT_EQ(Backfill(17, 18), 0U);
}

TEST_F(DayBookTest, AKeptDayThatWasNotServedForLongGoesOnWithItsPods) {
  AdvanceTo(November(20, 3));
  for (const int day : {17, 18, 19}) Take(day);
  // The 17th was settled when it was read first, 23 hours ago.
  AdvanceTo(November(21, 2.1));
  Take(20);
  AdvanceTo(November(21, 2.2));
  EXPECT_EQ(Days(), "(17)* 18* 19* 20*");
  EXPECT_EQ(DaysServingPods(), 4);
  EXPECT_EQ(book_->PodsOf(book_->days().at(November(17))), metrics::Columns::kTotal);
  AdvanceTo(November(22, 4.3));
  EXPECT_EQ(book_->days().count(November(17)), 0U);
  EXPECT_TRUE(book_->delivered().at(November(17)));
}

TEST_F(DayBookTest, AfterAnOutageDaysThatHadNotSettledDoSo) {
  AdvanceTo(November(20, 3));
  for (const int day : {17, 18, 19}) Take(day);
  AdvanceTo(November(24, 3));
  Take(23);
  AdvanceTo(November(24, 3));
  EXPECT_EQ(Days(), "(18)* (19)* 21 22 23*") << "the 17th was settled all the while";
  EXPECT_LE(DueOf(19), November(24, 3)) << "to be read now";
  Take(19, {5});
  EXPECT_EQ(CostOf(19), 5);
  EXPECT_TRUE(book_->days().at(November(19)).settled);
  AdvanceTo(November(25, 4));
  EXPECT_TRUE(book_->days().contains(November(19)));
  AdvanceTo(November(25, 5));
  EXPECT_FALSE(book_->days().contains(November(19))) << "26 hours later";
}

TEST_F(DayBookTest, ThePlainFamiliesOutliveAnOutageWhateverIsReadFirst) {
  AdvanceTo(November(20, 3));
  Take(19);
  AdvanceTo(November(26, 3));
  Take(23);
  AdvanceTo(November(26, 3));
  ASSERT_FALSE(book_->Plain().empty());
  EXPECT_EQ(book_->Plain().front()->date, "2026-11-19");
  Take(25);
  AdvanceTo(November(26, 3));
  EXPECT_EQ(book_->Plain().front()->date, "2026-11-25");
  EXPECT_EQ(Days(), "(19)* 23* 24 25*");
}

TEST_F(DayBookTest, AClockThatWasInTheFutureLeavesNothingBehind) {
  AdvanceTo(November(20, 3));
  Take(19);
  AdvanceTo(November(27, 3));
  Backfill(20, 22);
  Take(20, {1, 10});
  AdvanceTo(November(20, 4));
  EXPECT_EQ(Days(), "17 18 19* (20)* (21) (22)");
  AdvanceTo(November(21, 3));
  EXPECT_EQ(Days(), "18 19* 20 (21) (22)") << "what was read of a day that had not been is forgotten";
}

TEST_F(DayBookTest, ServedMeansTheseCostsAndSettled) {
  options_.backfill_pods = true;
  AdvanceTo(November(20, 3));
  Backfill(10, 11);
  Take(10, {10, 24, 9});
  Take(11);
  AdvanceTo(November(21, 4));
  Take(10, {10, 24});
  AdvanceTo(November(21, 6));
  EXPECT_TRUE(book_->days().contains(November(10))) << "right for two hours only";
  EXPECT_EQ(book_->delivered(), (Delivered{{November(11), true}}));
  AdvanceTo(November(22, 7));
  EXPECT_TRUE(book_->delivered().contains(November(10)));
}

TEST_F(DayBookTest, ADayThatNeverAddsUpIsNotDelivered) {
  options_.backfill_pods = true;
  AdvanceTo(November(20, 3));
  Backfill(10, 10);
  Take(10, {10, 24, 9});
  AdvanceTo(November(21, 6));
  EXPECT_FALSE(book_->days().contains(November(10)));
  EXPECT_EQ(book_->delivered(), Delivered());
}

TEST_F(DayBookTest, NothingForADay) {
  AdvanceTo(November(20, 3));
  Backfill(16, 16);
  book_->TakeNothing(book_->days().at(November(16)), Elapsed(now_));
  book_->TakeNothing(book_->days().at(November(17)), Elapsed(now_));
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Days(), "17 18 19");
  EXPECT_EQ(DueOf(17), November(20, 4));
}

TEST_F(DayBookTest, StatesOfADay) {
  options_.day_keep = 1;
  const auto state_of = [this](int day) { return book_->days().at(November(day)).state; };
  AdvanceTo(November(20, 3));
  Backfill(17, 18);
  EXPECT_EQ(state_of(19), DayState::kWaiting);
  EXPECT_EQ(state_of(18), DayState::kFound);
  Take(18);
  Take(19);
  book_->TakeNothing(book_->days().at(November(17)), Elapsed(now_));
  EXPECT_EQ(state_of(17), DayState::kGone);
  EXPECT_EQ(state_of(18), DayState::kBackfilled);
  EXPECT_EQ(state_of(19), DayState::kKept);
  AdvanceTo(November(21, 3));
  Take(20);
  AdvanceTo(November(21, 3));
  EXPECT_EQ(state_of(19), DayState::kLate);
  EXPECT_EQ(Days(), "(18)* (19)* 20*");
}

TEST_F(DayBookTest, DaysAreLookedForWhenOneHasClosed) {
  const auto due = [this] { return book_->find_days().schedule.due; };
  AdvanceTo(November(20, 3));
  EXPECT_EQ(due(), absl::ZeroDuration());
  book_->Backfill({}, Elapsed(now_));
  EXPECT_EQ(due(), Elapsed(November(20, 4))) << "Kubecost has nothing at all, as one that has just started";
  AdvanceTo(November(21, 3));
  EXPECT_EQ(due(), Elapsed(November(20, 4)));
  Backfill(16, 17);
  EXPECT_EQ(due(), absl::InfiniteDuration());
  for (const int day : {16, 17}) book_->TakeNothing(book_->days().at(November(day)), Elapsed(now_));
  EXPECT_EQ(due(), Elapsed(November(21, 4))) << "it may have been about to start";
  Backfill(16, 16);
  book_->TakeNothing(book_->days().at(November(16)), Elapsed(now_));
  EXPECT_EQ(due(), absl::InfiniteDuration()) << "once a day";
  AdvanceTo(November(22, 3));
  EXPECT_EQ(due(), absl::ZeroDuration());
}

TEST_F(DayBookTest, BackfillCanBeOff) {
  options_.backfill_days = 0;
  AdvanceTo(November(20, 3));
  EXPECT_EQ(book_->BackfillSpan(), std::nullopt);
  options_.backfill_days = 3;
  EXPECT_EQ(book_->BackfillSpan(), std::nullopt) << "all of them are kept";
}

}  // namespace
}  // namespace polling
