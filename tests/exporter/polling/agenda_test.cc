// Whose turn it is, and what follows from a turn, without a Kubecost.
// Also tests exporter/polling/pace.h
// Also tests exporter/polling/support.h
#include "exporter/polling/agenda.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "exporter/polling/day_book.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;

constexpr absl::Duration kNow = absl::Hours(5);

absl::Duration Minutes(double minutes) { return minutes * absl::Minutes(1); }

Outcome Ended(Ending ending, std::optional<ErrorReason> reason = {}) {
  Outcome outcome;
  outcome.ending = ending;
  if (reason.has_value()) outcome.status = kubecost::ApiError(*reason, "simulated");
  return outcome;
}

// "good answered 0 -": view_up, up, failures in a row, and the wait where a back-off sets it.
std::string Judged(View view, const Outcome& outcome, int failures) {
  Schedule before;
  before.failures = failures;
  const Schedule after = Judge(view, outcome, before, kNow, 1);
  EXPECT_TRUE(after.was_polled);
  return absl::StrCat(after.is_good ? "good " : "bad ", after.is_answered ? "answered " : "silent ", after.failures,
                      " ", after.due == before.due ? "-" : absl::FormatDuration(after.due - kNow));
}

TEST(JudgeTest, EveryEnding) {
  const struct {
    View view;
    Ending ending;
    std::optional<ErrorReason> reason;
    int failures;
    absl::string_view judged;
  } cases[] = {
      {View::kDay, Ending::kGood, {}, 0, "good answered 0 -"},
      {View::kDay, Ending::kGood, {}, 7, "good answered 0 -"},
      {View::kBackfill, Ending::kNothing, ErrorReason::kEmpty, 2, "good answered 0 -"},
      {View::kDay, Ending::kDoubted, ErrorReason::kShrunken, 0, "bad answered 0 -"},
      {View::kDay, Ending::kDoubted, ErrorReason::kInconsistent, 3, "bad answered 0 -"},
      {View::kHour, Ending::kAbsent, ErrorReason::kHttp4xx, 0, "bad answered 0 -"},
      {View::kDay, Ending::kFailed, ErrorReason::kRefused, 0, "bad silent 1 15s"},
      {View::kDay, Ending::kFailed, ErrorReason::kEmpty, 1, "bad silent 2 30s"},
      {View::kHour, Ending::kFailed, ErrorReason::kHttp5xx, 4, "bad silent 5 4m"},
      {View::kDay, Ending::kFailed, ErrorReason::kInconsistent, 5, "bad answered 6 8m"},
      {View::kClusterInfo, Ending::kFailed, ErrorReason::kNotFound, 6, "bad answered 7 10m"},
      {View::kClusterInfo, Ending::kFailed, ErrorReason::kHttp5xx, 99, "bad silent 100 10m"},
      {View::kDay, Ending::kFailed, ErrorReason::kNotFound, 0, "bad silent 1 15s"},
      {View::kCurrency, Ending::kFailed, {}, 0, "bad silent 1 15s"},
  };
  for (const auto& [view, ending, reason, failures, judged] : cases) {
    EXPECT_EQ(Judged(view, Ended(ending, reason), failures), judged) << SpecOf(view).name << " " << failures;
  }
}

TEST(PaceTest, WaitsOfThePollerAndOfOnce) {
  EXPECT_EQ(RestAfter(absl::Seconds(3)), absl::Seconds(30));
  EXPECT_EQ(Backoff(3, 0.8), absl::Seconds(48));
  EXPECT_EQ(Backoff(1000, 1.2), absl::Minutes(12)) << "the jitter comes last";
  EXPECT_EQ(RetryWait(1, absl::Seconds(1)), absl::Seconds(15));
  EXPECT_EQ(RetryWait(2, absl::Seconds(1)), absl::Seconds(30));
  EXPECT_EQ(RetryWait(3, absl::Seconds(1)), absl::Seconds(45));
  EXPECT_EQ(RetryWait(1, absl::Seconds(50)), absl::Seconds(500));
  EXPECT_EQ(RetryWait(1, absl::Minutes(2)), absl::Minutes(10));
  Jitter jitter;
  for (int i = 0; i < 1000; ++i) {
    const double factor = jitter.Next();
    EXPECT_TRUE(factor >= 0.8 && factor <= 1.2) << factor;
  }
}

// What a view goes through, an hour apart: 'f' a failure, 'd' a day was read, 's' a success; "off" or "on" at the end.
std::string Supported(absl::string_view events) {
  Support support;
  absl::Duration elapsed = kNow;
  for (const char event : events) {
    if (event == 'f') support.TakeFailure(2);
    if (event == 'd') support.TakeDay(elapsed);
    if (event == 's') support.TakeSuccess();
    elapsed += absl::Hours(1);
  }
  return support.is_off() ? "off" : "on";
}

TEST(SupportTest, AFailureCountsWhenADayWasReadAfterIt) {
  EXPECT_EQ(Supported("ffffffffff"), "on") << "a server that is starting";
  EXPECT_EQ(Supported("dddffffff"), "on");
  EXPECT_EQ(Supported("fdfdf"), "off");
  EXPECT_EQ(Supported("fdddddf"), "on") << "one failure counts once";
  EXPECT_EQ(Supported("ffdfd"), "on");
  EXPECT_EQ(Supported("fdfdfs"), "on");
  EXPECT_EQ(Supported("fdfsdf"), "on");
  EXPECT_EQ(Supported("fdfdfdd"), "off") << "until it works";
  Support support;
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(support.TakeFailure(2));
    EXPECT_EQ(support.TakeDay(kNow + i * absl::Minutes(5)), i == 0) << "one an hour at most";
  }
}

class AgendaTest : public testing::Test {
 protected:
  AgendaTest() {
    agenda_.Set({{View::kClusterInfo, &info_.schedule, &info_},
                 {View::kDay, &newest_.schedule, &newest_},
                 {View::kDay, &older_.schedule, &older_},
                 {View::kBackfill, &find_.schedule, &find_},
                 {View::kBackfill, &oldest_.schedule, &oldest_}});
  }

  // Whose turn it is at kNow: "info", "newest", ...; "-" when it is nobody's.
  std::string Next() const {
    const std::optional<Task> task = agenda_.Next(kNow);
    if (!task.has_value()) return "-";
    if (task->schedule == &info_.schedule) return "info";
    if (task->schedule == &newest_.schedule) return "newest";
    if (task->schedule == &older_.schedule) return "older";
    return task->schedule == &find_.schedule ? "find" : "oldest";
  }

  // Ends the turn of the task whose turn it is after `took`, at kNow.
  void Conclude(const Outcome& outcome, absl::Duration took = absl::ZeroDuration()) {
    const Task task = *agenda_.Next(kNow);
    if (outcome.is_good()) task.schedule->due = absl::InfiniteDuration();
    agenda_.Conclude(task, outcome, kNow - took, kNow);
  }

  ClusterInfo info_;
  Day newest_, older_, oldest_;
  FindDays find_;
  Agenda agenda_;
};

TEST_F(AgendaTest, WhatHasWaitedLongestIsNextAndOfTwoAlikeTheFirst) {
  std::string order;
  for (; Next() != "-"; Conclude(Ended(Ending::kGood))) absl::StrAppend(&order, Next(), " ");
  EXPECT_EQ(order, "info newest older find oldest ");
  info_.schedule.due = Minutes(3);
  older_.schedule.due = Minutes(2);
  EXPECT_EQ(Next(), "older");
  older_.schedule.due = kNow + absl::Seconds(1);
  EXPECT_EQ(Next(), "info");
  EXPECT_EQ(agenda_.Due(), kNow) << "not before the last turn's end";
  EXPECT_EQ(agenda_.Due(View::kDay), kNow + absl::Seconds(1));
  EXPECT_EQ(agenda_.Due(View::kToday), absl::InfiniteDuration());
}

TEST_F(AgendaTest, BackfillHasNoTwoTurnsInARowWhileOthersWait) {
  info_.schedule.due = newest_.schedule.due = absl::Hours(9);
  older_.schedule.due = Minutes(4);
  find_.schedule.due = Minutes(1);
  oldest_.schedule.due = Minutes(2);
  std::string order;
  for (; Next() != "-"; Conclude(Ended(Ending::kGood))) absl::StrAppend(&order, Next(), " ");
  EXPECT_EQ(order, "find older oldest ");
  oldest_.schedule.due = find_.schedule.due = Minutes(1);
  EXPECT_EQ(Next(), "find") << "nothing else waits";
}

TEST_F(AgendaTest, NoTurnOfCostsBeginsBeforeTenTimesWhatTheLastOneTook) {
  Conclude(Ended(Ending::kFailed, ErrorReason::kReadTimeout), absl::Seconds(60));
  EXPECT_EQ(agenda_.DueOf(agenda_.tasks()[0]), kNow + absl::Seconds(600));
  EXPECT_EQ(Next(), "newest") << "a slow side question holds back no costs";
  Conclude(Ended(Ending::kGood), absl::Seconds(20));
  EXPECT_EQ(Next(), "-") << "neither the next day nor back-fill";
  EXPECT_EQ(agenda_.Due(), kNow + absl::Seconds(200));
  EXPECT_EQ(agenda_.DueOf(agenda_.tasks()[2]), kNow + absl::Seconds(200));
  EXPECT_TRUE(agenda_.Next(kNow + absl::Seconds(200)).has_value());
  info_.schedule.due = absl::ZeroDuration();
  EXPECT_EQ(agenda_.DueOf(agenda_.tasks()[0]), kNow + absl::Seconds(600)) << "and costs no side question";
  Currency currency;
  agenda_.Set({{View::kCurrency, &currency.schedule, &currency}});
  EXPECT_EQ(agenda_.Due(), absl::ZeroDuration()) << "nor one side question another";
}

TEST_F(AgendaTest, NobodyHasATurnWhileTheServerWantsNotToBeAsked) {
  agenda_.HoldBack(kNow + absl::Seconds(120));
  agenda_.HoldBack(kNow + absl::Seconds(60));
  EXPECT_EQ(Next(), "-");
  EXPECT_EQ(agenda_.Due(), kNow + absl::Seconds(120));
  EXPECT_EQ(agenda_.Due(View::kClusterInfo), kNow + absl::Seconds(120));
  EXPECT_TRUE(agenda_.Next(kNow + absl::Seconds(120)).has_value());
}

TEST_F(AgendaTest, WhenOneWorksAgainThoseThatFailedAreDueAtOnce) {
  for (int i = 0; i < 3; ++i) Conclude(Ended(Ending::kFailed, ErrorReason::kRefused));
  EXPECT_GE(newest_.schedule.due, kNow + absl::Seconds(12));
  EXPECT_LE(newest_.schedule.due, kNow + absl::Seconds(18));
  Conclude(Ended(Ending::kGood));
  EXPECT_GT(newest_.schedule.due, kNow) << "back-fill had not failed";
  info_.schedule.due = absl::ZeroDuration();
  oldest_.schedule.due = kNow + Minutes(7);
  Conclude(Ended(Ending::kGood));
  EXPECT_EQ(newest_.schedule.due, kNow);
  EXPECT_EQ(older_.schedule.due, kNow);
  EXPECT_EQ(oldest_.schedule.due, kNow + Minutes(7));
}

TEST_F(AgendaTest, WhatTheServerMayNotHaveIsTriedAgainOnceADayWasRead) {
  Currency currency;
  agenda_.Set({{View::kCurrency, &currency.schedule, &currency}, {View::kDay, &newest_.schedule, &newest_}});
  currency.schedule.support.TakeFailure(1);
  currency.schedule.due = absl::Hours(9);
  Conclude(Ended(Ending::kFailed, ErrorReason::kHttp5xx));
  EXPECT_EQ(currency.schedule.due, absl::Hours(9));
  newest_.schedule.due = absl::ZeroDuration();
  Conclude(Ended(Ending::kGood));
  EXPECT_EQ(currency.schedule.due, kNow);
}

}  // namespace
}  // namespace polling
