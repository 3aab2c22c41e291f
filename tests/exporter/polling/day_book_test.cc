// Also tests exporter/polling/closed_day.h
// Also tests exporter/polling/delivery.h
// Also tests exporter/polling/turns.h
#include "exporter/polling/day_book.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

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

  void Restart(Ledger ledger) {
    book_ = std::make_unique<DayBook>(options_);
    book_->SetLedger(std::move(ledger));
  }
  // As the file keeps it.
  void Restart() { Restart(*ParseLedger(FormatLedger(book_->ledger(), "\"\""), "\"\"")); }

  // A cluster whose days are known to be like Generation().
  static Ledger Known(std::initializer_list<int> days, absl::string_view cluster = "c") {
    Ledger ledger;
    for (const int day : days) {
      Record& record = ledger.days[November(day)][std::string(cluster)];
      record.believed = {SummaryOf(*Facts({November(day), November(day + 1)}, {}, true, cluster)), nullptr};
      record.believed_at = November(day + 1, 3);
    }
    return ledger;
  }

  static absl::Duration Elapsed(absl::Time now) { return now - November(1); }
  bool AdvanceTo(absl::Time now) {
    now_ = now;
    return book_->Advance({now, Elapsed(now), ahead_});
  }
  // Scrapes every half hour until then.
  void ScrapeTo(absl::Time time, metrics::Selection selection = metrics::Selection::All(), bool has_consumer = false) {
    const auto daily = std::make_shared<const metrics::DailyFacts>(book_->Served(), false);
    metrics::ScrapeLog log;
    for (absl::Time now = now_; now <= time; now += absl::Minutes(30)) {
      log.Add(daily, selection, has_consumer, Elapsed(now));
    }
    book_->TakeScrapes(log.Take());
    AdvanceTo(time);
  }

  static std::shared_ptr<const metrics::DayFacts> Facts(const Window& window, const Generation& generation,
                                                        bool has_pods, absl::string_view cluster = "c") {
    metrics::LevelTables tables;
    for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
      if (level == Level::kPod && !has_pods) continue;
      metrics::TableBuilder builder(level, "", 0);
      kubecost::Allocation row;
      row.properties = {std::string(cluster), "node", "n", "", "", "p"};
      row.total_cost = level == Level::kPod && generation.pod_cost >= 0 ? generation.pod_cost : generation.cost;
      row.window = window;
      row.extent = {window.start, window.start + generation.hours * absl::Hours(1)};
      builder.Add(row);
      tables.table(level) = builder.Build();
    }
    const std::string date = base::DateText(window, absl::ZeroDuration());
    return metrics::SplitByCluster(window, date, has_pods, std::move(tables)).front();
  }

  Verdict Take(int day_of_month, const Generation& generation = {}, absl::string_view cluster = "c") {
    Day& day = DayOf(day_of_month);
    const auto facts = Facts(day.window, generation, book_->PodsOf(day).has_value(), cluster);
    const Verdict verdict = book_->Take(day, facts, {now_, Elapsed(now_), ahead_}).judgement.verdict;
    book_->Conclude(day, verdict != Verdict::kNotTaken, Elapsed(now_));
    return verdict;
  }
  void TakeAll(std::initializer_list<int> days) {
    for (const int day : days) Take(day);
  }

  Day& DayOf(int day_of_month) { return book_->days().at(November(day_of_month)); }
  const Record& RecordOf(int day_of_month, const std::string& cluster = "c") const {
    return book_->ledger().days.at(November(day_of_month)).at(cluster);
  }
  bool Has(int day_of_month) const { return book_->days().contains(November(day_of_month)); }
  absl::Time DueOf(int day_of_month) {
    const absl::Duration due = DayOf(day_of_month).schedule.due;
    return due == absl::InfiniteDuration() ? absl::InfiniteFuture() : November(1) + due;
  }

  // "18 19 20*": the days wanted, those that are served with a star, back-filled ones in parentheses.
  std::string Days() const {
    std::string text;
    for (const auto& [start, day] : book_->days()) {
      const std::string number = absl::FormatTime("%d", start, absl::UTCTimeZone());
      absl::StrAppend(&text, text.empty() ? "" : " ", day.is_backfill() ? absl::StrCat("(", number, ")") : number,
                      book_->IsServed(day) ? "*" : "");
    }
    return text;
  }

  double CostOf(int day_of_month) const {
    return RecordOf(day_of_month).served->table(Level::kCluster).column(metrics::Column::kTotal)[0];
  }
  std::string PlainDate() const {
    const metrics::ClusterFacts plain = book_->Plain();
    return plain.empty() ? "" : plain.front()->date;
  }
  // "05 complete settled doubted(shrunken)" for each day and cluster.
  std::vector<std::string> Statuses() const {
    std::vector<std::string> statuses;
    for (const metrics::ServedDay& day : book_->Served()) {
      statuses.push_back(absl::StrCat(day.cluster, day.date.substr(8), day.facts == nullptr ? " not served" : "",
                                      day.complete ? " complete" : "", day.settled ? " settled" : "",
                                      day.doubt.empty() ? "" : absl::StrCat(" doubted(", day.doubt, ")"),
                                      day.revised ? " revised" : ""));
    }
    return statuses;
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
  std::optional<absl::Duration> ahead_;
};

using Lines = std::vector<std::string>;

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
  TakeAll({17, 18, 19});
  AdvanceTo(November(21, 3));
  EXPECT_EQ(Days(), "17* 18* 19* 20");
  EXPECT_EQ(PlainDate(), "2026-11-19");
  // Kubecost stays away for days.
  AdvanceTo(November(24, 3));
  EXPECT_EQ(Days(), "17* 18* 19* 21 22 23");
  Take(23);
  EXPECT_TRUE(AdvanceTo(November(24, 3)));
  EXPECT_EQ(Days(), "(17)* (18)* (19)* 21 22 23*") << "nobody has scraped them";
  EXPECT_EQ(PlainDate(), "2026-11-23");
}

TEST_F(DayBookTest, ADayReadWhileTheClockWasAheadIsWithdrawn) {
  Restart(Known({16, 17, 18}));
  AdvanceTo(November(21, 3));
  EXPECT_EQ(Take(20, {1, 23}), Verdict::kBelieved);
  EXPECT_TRUE(AdvanceTo(November(20, 3)));
  EXPECT_EQ(Days(), "17 18 19");
  EXPECT_FALSE(book_->ledger().days.contains(November(20)));
}

TEST_F(DayBookTest, AClockThatIsNotSetYetForgetsNothing) {
  Restart(Known({16, 17, 18}));
  AdvanceTo(absl::UnixEpoch() + absl::Hours(1));
  AdvanceTo(absl::FromUnixSeconds(4'000'000'000));
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Take(19), Verdict::kBelieved);
  EXPECT_EQ(Take(18), Verdict::kSame);
}

TEST_F(DayBookTest, ADayIsOverWhenBothClocksSaySo) {
  ahead_ = absl::Hours(24);
  AdvanceTo(November(21, 3));
  EXPECT_EQ(Days(), "17 18 19") << "Kubecost's clock is a day behind";
  Take(19);
  ahead_ = -absl::Hours(24);
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Days(), "17 18 19*") << "Kubecost's clock is a day ahead";
  // This machine's clock was set back; Kubecost's knows better.
  AdvanceTo(November(19, 3));
  EXPECT_EQ(Days(), "17 18 19*");
}

TEST_F(DayBookTest, ClocksThatDifferByLessThanAMinuteAreAlike) {
  ahead_ = absl::Seconds(59);
  AdvanceTo(November(20, 2));
  EXPECT_EQ(Days(), "17 18 19");
}

TEST_F(DayBookTest, TheWaitDoublesWhileNothingChanges) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  Take(19);
  EXPECT_EQ(DueOf(19), November(20, 4));
  for (const double hour : {4, 6, 10, 16}) {
    AdvanceTo(November(20, hour));
    EXPECT_EQ(Take(19), Verdict::kSame);
  }
  EXPECT_EQ(DueOf(19), November(20, 22)) << "six hours at most";
  AdvanceTo(November(20, 22));
  EXPECT_EQ(Take(19, {1.1}), Verdict::kBelieved);
  EXPECT_EQ(DueOf(19), November(20, 23)) << "a change sets it back";
}

TEST_F(DayBookTest, ADayIsReadWhenItSettles) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 23.5));
  TakeAll({17, 18});
  EXPECT_EQ(Statuses(), (Lines{"c17 complete settled", "c18 complete"}));
  EXPECT_EQ(DueOf(18), November(21)) << "the 18th settles at midnight";
  AdvanceTo(November(21));
  Take(18);
  EXPECT_EQ(Statuses(), (Lines{"c17 complete settled", "c18 complete settled"}));
}

TEST_F(DayBookTest, WithoutMemoryADayIsCompleteSixHoursLater) {
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Take(19), Verdict::kUnproven);
  EXPECT_EQ(Statuses(), (Lines{"c19"}));
  AdvanceTo(November(20, 8));
  EXPECT_EQ(Take(19), Verdict::kUnproven);
  EXPECT_EQ(DueOf(19), November(20, 9)) << "when it can be proven";
  AdvanceTo(November(20, 9));
  EXPECT_EQ(Take(19), Verdict::kBelieved);
  EXPECT_EQ(Statuses(), (Lines{"c19 complete"}));
}

TEST_F(DayBookTest, WhatKnowsLessIsKeptOut) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  Take(19);
  for (int hour = 4; hour < 16; ++hour) {
    AdvanceTo(November(20, hour));
    EXPECT_EQ(Take(19, {0.5, 12}), Verdict::kDoubted);
    EXPECT_EQ(CostOf(19), 1);
    EXPECT_EQ(Statuses(), (Lines{"c19 complete doubted(shrunken)"}));
    EXPECT_EQ(DueOf(19), November(20, hour < 15 ? hour + 1 : hour + 6)) << "hourly twelve times, then less often";
  }
  EXPECT_EQ(Take(19), Verdict::kSame);
  EXPECT_EQ(Statuses(), (Lines{"c19 complete"}));
}

TEST_F(DayBookTest, ADiscountIsARevision) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  Take(19);
  for (int hour = 4; hour < 7; ++hour) {
    AdvanceTo(November(20, hour));
    EXPECT_EQ(Take(19, {0.3}), Verdict::kDoubted);
  }
  AdvanceTo(November(20, 7));
  EXPECT_EQ(Take(19, {0.3}), Verdict::kRevised);
  EXPECT_EQ(CostOf(19), 0.3);
  EXPECT_EQ(Statuses(), (Lines{"c19 complete revised"}));
  EXPECT_FALSE(AdvanceTo(November(21, 1)));
  EXPECT_TRUE(AdvanceTo(November(21, 7)));
  EXPECT_EQ(Statuses(), (Lines{"c19 complete"})) << "for a day";
}

TEST_F(DayBookTest, OnlyTheNewestDoubtIsAskedForHourly) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({17, 18, 19});
  AdvanceTo(November(20, 4));
  for (const int day : {17, 18, 19}) Take(day, {0.5, 12});
  EXPECT_EQ(DueOf(19), November(20, 5));
  EXPECT_EQ(DueOf(18), November(20, 10));
  EXPECT_EQ(DueOf(17), November(20, 10));
  AdvanceTo(November(20, 5));
  Take(19);
  EXPECT_EQ(DueOf(18), November(20, 5)) << "the next one's turn";
  EXPECT_EQ(DueOf(17), November(20, 10));
}

TEST_F(DayBookTest, AfterARestartTheLedgerSpeaks) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({18, 19});
  Restart();
  AdvanceTo(November(20, 4));
  EXPECT_EQ(Take(19, {0.5, 12}), Verdict::kDoubted);
  EXPECT_EQ(Take(18), Verdict::kSame);
  EXPECT_EQ(Statuses(), (Lines{"c18 complete", "c19 not served doubted(shrunken)"}));
  EXPECT_EQ(Take(19), Verdict::kSame);
  EXPECT_EQ(Statuses(), (Lines{"c18 complete", "c19 complete"}));
}

TEST_F(DayBookTest, ClustersAreJudgedAlone) {
  Restart(Known({14, 15, 16}, "a"));
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Take(19, {}, "a"), Verdict::kBelieved);
  EXPECT_EQ(Take(19, {}, "b"), Verdict::kUnproven);
  AdvanceTo(November(20, 4));
  EXPECT_EQ(Take(19, {0.5, 12}, "a"), Verdict::kDoubted);
  EXPECT_EQ(Take(19, {1, 24}, "b"), Verdict::kUnproven);
  EXPECT_EQ(Statuses(), (Lines{"a19 complete doubted(shrunken)", "b19"}));
  EXPECT_EQ(book_->Plain().size(), 2U);
}

TEST_F(DayBookTest, ThePlainFamiliesWaitForAllClustersButNotForLong) {
  AdvanceTo(November(20, 3));
  for (const char* cluster : {"a", "b"}) Take(19, {}, cluster);
  EXPECT_EQ(PlainDate(), "2026-11-19");
  AdvanceTo(November(21, 1));
  Take(19, {}, "b");
  AdvanceTo(November(21, 3));
  Take(20, {}, "a");
  AdvanceTo(November(21, 14.9));
  EXPECT_EQ(PlainDate(), "2026-11-19") << "b may come yet";
  AdvanceTo(November(21, 15));
  EXPECT_EQ(PlainDate(), "2026-11-20");
  EXPECT_EQ(book_->Plain().size(), 1U);
  Take(20, {}, "b");
  EXPECT_EQ(book_->Plain().size(), 2U);
}

TEST_F(DayBookTest, AClusterThatDoesNotAddUpIsServedTheThirdTimeWithoutBeingComplete) {
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Take(19, {10, 24, 9}), Verdict::kNotTaken);
  EXPECT_EQ(DueOf(19), November(20, 3.25)) << "read again soon";
  EXPECT_EQ(Days(), "17 18 19");
  EXPECT_EQ(Take(19, {10, 24, 9}), Verdict::kNotTaken);
  EXPECT_EQ(Take(19, {10, 24, 9}), Verdict::kUnproven);
  EXPECT_EQ(Statuses(), (Lines{"c19"}));
}

TEST_F(DayBookTest, OnlyTheNewestDayIsReadInFull) {
  AdvanceTo(November(20, 3));
  EXPECT_EQ(book_->PodsOf(DayOf(19)), metrics::Columns::kAll);
  EXPECT_EQ(book_->PodsOf(DayOf(18)), metrics::Columns::kTotal);
  options_.day_pod_resources = true;
  EXPECT_EQ(book_->PodsOf(DayOf(18)), metrics::Columns::kCosts);
  Take(18);
  EXPECT_EQ(PlainDate(), "") << "the plain families never show a day but the newest complete one";
  Take(19);
  AdvanceTo(November(21, 3));
  // Kubecost has nothing of the 20th yet: the 19th stays, whole, however often it is read.
  EXPECT_EQ(book_->PodsOf(DayOf(19)), metrics::Columns::kAll);
  Take(19);
  EXPECT_EQ(PlainDate(), "2026-11-19");
}

TEST_F(DayBookTest, BackfillsWhatIsNeitherKeptNorDelivered) {
  Ledger ledger = Known({10, 11});
  for (auto& [start, clusters] : ledger.days) clusters["c"].is_delivered = true;
  ledger.days[November(10)]["c"].has_delivered_pods = true;
  Restart(ledger);
  AdvanceTo(November(20, 3));
  EXPECT_EQ(book_->BackfillSpan(), (Window{November(5), November(17)}));
  EXPECT_EQ(Backfill(1, 20), 10U);
  EXPECT_EQ(Days(), "(05) (06) (07) (08) (09) (12) (13) (14) (15) (16) 17 18 19");
  EXPECT_EQ(Backfill(1, 20), 0U) << "none twice";
  options_.backfill_pods = true;
  EXPECT_EQ(Backfill(1, 20), 1U) << "the pods of the 11th were not delivered";
}

TEST_F(DayBookTest, DaysCanBeDeliveredAgain) {
  Ledger ledger = Known({9, 10, 11});
  for (auto& [start, clusters] : ledger.days) clusters["c"].is_delivered = true;
  DeliverAgain(ledger, {absl::CivilDay(2026, 11, 10), absl::CivilDay(2026, 11, 11)}, absl::ZeroDuration());
  Restart(ledger);
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Backfill(9, 11), 2U);
  EXPECT_EQ(Days(), "(10) (11) 17 18 19");
}

TEST_F(DayBookTest, ABackfilledDayLeavesWhenItWasScraped) {
  Restart(Known({5, 6, 7}));
  AdvanceTo(November(20, 3));
  Backfill(7, 16);
  EXPECT_EQ(book_->PodsOf(DayOf(7)), std::nullopt);
  EXPECT_EQ(Take(7), Verdict::kSame);
  EXPECT_EQ(DueOf(7), November(20, 9)) << "once more, to be sure";
  AdvanceTo(November(20, 9));
  Take(7);
  EXPECT_EQ(DueOf(7), absl::InfiniteFuture());
  // Four days without a scrape.
  AdvanceTo(November(24, 3));
  EXPECT_TRUE(Has(7));
  ScrapeTo(November(25, 4.5));
  EXPECT_TRUE(Has(7));
  ScrapeTo(November(25, 5));
  EXPECT_TRUE(Has(7)) << "read once more before it leaves";
  EXPECT_LE(DueOf(7), now_);
  EXPECT_EQ(Take(7), Verdict::kSame);
  EXPECT_TRUE(AdvanceTo(November(25, 5.1)));
  EXPECT_FALSE(Has(7));
}

TEST_F(DayBookTest, CreditIsKeptOverARestart) {
  Restart(Known({7, 8, 9}));
  AdvanceTo(November(20, 3));
  Backfill(9, 9);
  Take(9);
  ScrapeTo(November(20, 23));
  EXPECT_EQ(RecordOf(9).credit[0], absl::Hours(20));
  Restart();
  AdvanceTo(November(21, 0.1));
  Backfill(9, 9);
  Take(9);
  EXPECT_FALSE(RecordOf(9).is_delivered);
  ScrapeTo(November(21, 6.2));
  EXPECT_TRUE(RecordOf(9).is_delivered);
}

TEST_F(DayBookTest, OnlyScrapesOfItsLevelsCount) {
  Restart(Known({7, 8, 9}));
  options_.backfill_pods = true;
  AdvanceTo(November(20, 3));
  Backfill(9, 9);
  Take(9);
  metrics::Selection without_pods = metrics::Selection::None();
  without_pods.Add(metrics::Collector::kCluster);
  without_pods.Add(metrics::Collector::kNamespace);
  ScrapeTo(November(21, 6), without_pods);
  EXPECT_EQ(RecordOf(9).credit[0], absl::Hours(27));
  EXPECT_EQ(RecordOf(9).credit[2], absl::ZeroDuration());
  EXPECT_FALSE(RecordOf(9).is_delivered);
}

TEST_F(DayBookTest, AGapBetweenScrapesCountsForAnHour) {
  Restart(Known({7, 8, 9}));
  AdvanceTo(November(20, 3));
  Backfill(9, 9);
  Take(9);
  ScrapeTo(now_);
  AdvanceTo(November(20, 9));
  ScrapeTo(now_);
  EXPECT_EQ(RecordOf(9).credit[0], absl::Hours(1));
}

TEST_F(DayBookTest, OnceAConsumerIsNamedOthersDoNotCount) {
  Restart(Known({7, 8, 9}));
  AdvanceTo(November(20, 3));
  Backfill(9, 9);
  Take(9);
  ScrapeTo(November(20, 5));
  ScrapeTo(November(20, 6), metrics::Selection::All(), true);
  EXPECT_EQ(RecordOf(9).credit[0], absl::Hours(3));
  ScrapeTo(November(20, 8));
  EXPECT_EQ(RecordOf(9).credit[0], absl::Hours(3));
  Restart();
  EXPECT_TRUE(book_->ledger().has_consumer);
}

TEST_F(DayBookTest, ACorrectionBeginsTheDeliveryAnew) {
  Restart(Known({14, 15, 16, 17}));
  AdvanceTo(November(20, 3));
  Take(17);
  ScrapeTo(November(20, 13));
  EXPECT_EQ(RecordOf(17).credit[2], absl::Hours(10));
  Take(17, {1.04});
  EXPECT_EQ(Take(17, {1.04}), Verdict::kBelieved) << "settled: the second time";
  EXPECT_EQ(RecordOf(17).credit[2], absl::ZeroDuration());
}

TEST_F(DayBookTest, ADayThatIsNotSettledEarnsNothing) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  Take(19);
  ScrapeTo(November(21, 2));
  EXPECT_EQ(RecordOf(19).credit[0], absl::ZeroDuration());
}

TEST_F(DayBookTest, PodsOfAFewDaysAtATimeOldestFirst) {
  options_.backfill_pods = true;
  Restart(Known({5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}));
  AdvanceTo(November(20, 3));
  Backfill(5, 16);
  for (int day = 5; day <= 16; ++day) Take(day);
  EXPECT_EQ(DaysServingPods(), 5);
  EXPECT_EQ(book_->Served().size(), 12U) << "namespaces and clusters all together";
  for (const int day : {5, 6, 7, 8, 9}) EXPECT_TRUE(DayOf(day).has_turn) << day;
  ScrapeTo(November(21, 6));
  for (const int day : {5, 6, 7, 8, 9}) Take(day);
  EXPECT_TRUE(AdvanceTo(November(21, 6.1)));
  EXPECT_EQ(DaysServingPods(), 5);
  EXPECT_EQ(book_->Served().size(), 7U);
  // After a restart those are first that were served least.
  ScrapeTo(November(21, 16));
  Restart();
  AdvanceTo(November(21, 17));
  Backfill(10, 16);
  for (int day = 10; day <= 16; ++day) Take(day);
  EXPECT_TRUE(DayOf(15).has_turn);
  EXPECT_TRUE(DayOf(16).has_turn);
  EXPECT_FALSE(DayOf(14).has_turn);
}

TEST_F(DayBookTest, AKeptDayIsDeliveredAfterADayAsSettled) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({17, 18, 19});
  ScrapeTo(November(21, 2.1));
  EXPECT_FALSE(RecordOf(17).is_delivered) << "23 hours";
  ScrapeTo(November(21, 3.1));
  EXPECT_TRUE(RecordOf(17).is_delivered);
  Take(20);
  AdvanceTo(November(21, 3.2));
  EXPECT_EQ(Days(), "18* 19* 20*");
  EXPECT_EQ(Backfill(17, 17), 0U);
}

TEST_F(DayBookTest, AKeptDayThatNobodyScrapedGoesOnWithItsPods) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({17, 18, 19});
  AdvanceTo(November(24, 3));
  TakeAll({21, 22, 23});
  AdvanceTo(November(24, 3));
  EXPECT_EQ(Days(), "(17)* (18)* (19)* 21* 22* 23*") << "a store that was down for four days";
  EXPECT_EQ(DaysServingPods(), 6);
  EXPECT_EQ(book_->PodsOf(DayOf(17)), metrics::Columns::kTotal);
  TakeAll({18, 19});
  ScrapeTo(November(25, 5.1));
  TakeAll({17, 18, 19});
  AdvanceTo(November(25, 5.2));
  EXPECT_EQ(Days(), "21* 22* 23* 24");
}

TEST_F(DayBookTest, LateDaysShareTheTurnsWithBackfill) {
  options_.backfill_parallel_days = 2;
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({17, 18, 19});
  AdvanceTo(November(24, 3));
  Take(23);
  AdvanceTo(November(24, 3));
  EXPECT_EQ(DaysServingPods(), 1 + 2);
}

TEST_F(DayBookTest, ADayAtTheEdgeOfTheSpanIsProvenAllTheSame) {
  AdvanceTo(November(20, 23));
  Backfill(5, 6);
  EXPECT_EQ(Take(5), Verdict::kUnproven);
  AdvanceTo(November(21, 5));
  EXPECT_TRUE(Has(5)) << "the last 15 days begin with the 6th by now";
  EXPECT_EQ(Take(5), Verdict::kBelieved);
  AdvanceTo(November(21, 6));
  Backfill(6, 6);
  EXPECT_EQ(Take(6), Verdict::kUnproven);
  AdvanceTo(November(23, 3));
  EXPECT_TRUE(Has(5)) << "settled, and not delivered";
  EXPECT_FALSE(Has(6)) << "never proven";
}

TEST_F(DayBookTest, ADayThatIsNotDeliveredDoesNotStayForEver) {
  Restart(Known({14, 15, 16}));
  AdvanceTo(November(20, 3));
  TakeAll({17, 18, 19});
  AdvanceTo(November(22, 3));
  TakeAll({20, 21});
  AdvanceTo(November(30, 3));
  Take(29);
  AdvanceTo(November(39, 2));
  EXPECT_TRUE(Has(17));
  AdvanceTo(November(40, 3));
  Take(39);
  AdvanceTo(November(40, 3));
  EXPECT_FALSE(Has(17));
}

TEST_F(DayBookTest, ThePlainFamiliesOutliveAnOutageWhateverIsReadFirst) {
  AdvanceTo(November(20, 3));
  Take(19);
  AdvanceTo(November(26, 3));
  Take(23);
  AdvanceTo(November(26, 3));
  EXPECT_EQ(PlainDate(), "2026-11-19");
  Take(25);
  AdvanceTo(November(26, 3));
  EXPECT_EQ(PlainDate(), "2026-11-25");
  EXPECT_EQ(Days(), "(19)* 23* 24 25*");
}

TEST_F(DayBookTest, TheEndOfKubecostsMemoryEndsTheQuestions) {
  Restart(Known({5, 6, 7}));
  AdvanceTo(November(20, 3));
  Backfill(5, 6);
  book_->TakeNothing(DayOf(5), Elapsed(now_));
  Take(6);
  Day& day = DayOf(6);
  const Window late = {November(6, 8), November(7)};
  EXPECT_EQ(book_->Take(day, Facts(late, {0.6, 16}, false), {now_, Elapsed(now_)}).judgement.verdict, Verdict::kDoubted)
      << "read as another day";
}

TEST_F(DayBookTest, AmountsOfAnotherCurrencyAreProvenAnew) {
  Ledger ledger = Known({14, 15, 16});
  ledger.currency = "USD";
  Restart(ledger);
  AdvanceTo(November(20, 3));
  Take(19);
  EXPECT_FALSE(book_->SetCurrency("USD"));
  EXPECT_EQ(Statuses(), (Lines{"c19 complete"}));
  EXPECT_TRUE(book_->SetCurrency("EUR"));
  EXPECT_EQ(Statuses(), (Lines{"c19"}));
  EXPECT_EQ(Take(19), Verdict::kUnproven);
}

TEST_F(DayBookTest, NothingForADay) {
  AdvanceTo(November(20, 3));
  Backfill(16, 16);
  book_->TakeNothing(DayOf(16), Elapsed(now_));
  book_->TakeNothing(DayOf(17), Elapsed(now_));
  AdvanceTo(November(20, 3));
  EXPECT_EQ(Days(), "17 18 19");
  EXPECT_EQ(DueOf(17), November(20, 4));
}

TEST_F(DayBookTest, StatesOfADay) {
  options_.day_keep = 1;
  const auto state_of = [this](int day) { return DayOf(day).state; };
  AdvanceTo(November(20, 3));
  Backfill(17, 18);
  EXPECT_EQ(state_of(19), DayState::kWaiting);
  EXPECT_EQ(state_of(18), DayState::kFound);
  TakeAll({18, 19});
  book_->TakeNothing(DayOf(17), Elapsed(now_));
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
  for (const int day : {16, 17}) book_->TakeNothing(DayOf(day), Elapsed(now_));
  EXPECT_EQ(due(), Elapsed(November(21, 4))) << "it may have been about to start";
  Backfill(16, 16);
  book_->TakeNothing(DayOf(16), Elapsed(now_));
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
