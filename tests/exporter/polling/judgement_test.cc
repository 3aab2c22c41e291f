#include "exporter/polling/judgement.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "metrics/table_builder.h"

namespace polling {
namespace {

using kubecost::Level;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// A day of a cluster of 96 pod-hours that costs 100, 20 of it idle.
Summary Day(double total = 100) {
  Summary day;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    const size_t rows = level == Level::kCluster ? 1 : 5;
    day.levels[static_cast<size_t>(level)] = {rows, 7, rows, rows, total};
  }
  day.idle = 20;
  day.extent = metrics::Extent{{absl::UnixEpoch(), absl::UnixEpoch() + absl::Hours(24)}, absl::Hours(24)};
  day.ran = absl::Hours(96);
  return day;
}

template <typename Change>
Summary Changed(Change change) {
  Summary day = Day();
  change(day);
  return day;
}

void SetTotal(Summary& day, double total) {
  for (auto& level : day.levels) level->total = total;
}

TEST(JudgementTest, WhatIsTheSame) {
  const struct {
    const char* name;
    Summary after;
    bool same;
  } kCases[] = {
      {"equal", Day(), true},
      {"rounding of five amounts, read twice", Changed([](Summary& day) { SetTotal(day, 100 + 9e-6); }), true},
      {"more than rounding", Changed([](Summary& day) { SetTotal(day, 100.002); }), false},
      {"a row more", Changed([](Summary& day) { ++day.levels[2]->rows; }), false},
      {"other rows", Changed([](Summary& day) { day.levels[1]->identities = 8; }), false},
      {"a cost unknown", Changed([](Summary& day) { --day.levels[2]->known; }), false},
      {"a minute more", Changed([](Summary& day) { day.extent->covered += absl::Seconds(60); }), true},
      {"more than a minute", Changed([](Summary& day) { day.extent->covered += absl::Seconds(61); }), false},
      {"windows with a hole", Changed([](Summary& day) { day.is_whole = false; }), false},
      {"read without pods", Changed([](Summary& day) {
         day.levels[static_cast<size_t>(Level::kPod)].reset();
         day.extent->covered = absl::Hours(20);
       }),
       true},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ(Same({Day(), nullptr}, {each.after, nullptr}), each.same) << each.name;
    EXPECT_EQ(Same({each.after, nullptr}, {Day(), nullptr}), each.same) << each.name << ", the other way";
  }
}

TEST(JudgementTest, WhatIsDoubted) {
  const struct {
    const char* name;
    Summary after;
    const char* open;     // the doubt before the day has settled, empty for none
    const char* settled;  // and after
  } kCases[] = {
      {"equal", Day(), "", ""},
      {"a correction of 4 %", Day(96), "", ""},
      {"a correction of 6 %", Day(94), "", "total_changed"},
      {"a discount of 30 %", Day(70), "", "total_changed"},
      {"a discount of 31 %", Day(69), "total_changed", "total_changed"},
      {"1.4 times", Day(140), "", "total_changed"},
      {"more than 1.4 times", Day(141), "total_changed", "total_changed"},
      {"a quarter of an hour less", Changed([](Summary& day) { day.extent->covered -= absl::Minutes(15); }), "", ""},
      {"sixteen minutes less", Changed([](Summary& day) { day.extent->covered -= absl::Minutes(16); }), "shrunken",
       "shrunken"},
      {"1 % of the pod-minutes less", Changed([](Summary& day) { day.ran *= 0.99; }), "", ""},
      {"2 % of the pod-minutes less", Changed([](Summary& day) { day.ran *= 0.98; }), "shrunken", "shrunken"},
      {"no pod ran", Changed([](Summary& day) { day.extent.reset(); }), "shrunken", "shrunken"},
      {"a hole in its windows", Changed([](Summary& day) { day.is_whole = false; }), "shrunken", "shrunken"},
      {"nothing costs", Changed([](Summary& day) {
         SetTotal(day, 0);
         day.idle = 0;
       }),
       "zero_cost", "zero_cost"},
      {"levels that do not add up", Changed([](Summary& day) { day.reconciles = false; }), "inconsistent",
       "inconsistent"},
      {"a cost that is unknown", Changed([](Summary& day) { --day.levels[1]->known; }), "unknown_cost", "unknown_cost"},
      {"no total", Changed([](Summary& day) { day.levels[0]->total = kNothing; }), "total_changed", "total_changed"},
      {"idle gone", Changed([](Summary& day) { day.idle = 0; }), "idle_gone", "idle_gone"},
      {"half of the day", Changed([](Summary& day) {
         SetTotal(day, 50);
         day.extent->covered /= 2;
       }),
       "shrunken", "shrunken"},
  };
  for (const auto& each : kCases) {
    for (const bool is_settled : {false, true}) {
      const std::optional<Doubt> doubt = DoubtAbout({Day(), nullptr}, {each.after, nullptr}, is_settled);
      EXPECT_EQ(doubt.has_value() ? std::string(NameOf(*doubt)) : "", is_settled ? each.settled : each.open)
          << each.name << (is_settled ? ", settled" : "");
    }
  }
}

// A pod level of the given costs, each pod named by its number.
Reading Pods(const std::vector<double>& costs) {
  auto facts = std::make_shared<metrics::DayFacts>();
  double total = 0;
  metrics::TableBuilder pods(Level::kPod, "", 0);
  for (size_t pod = 0; pod < costs.size(); ++pod) {
    total += costs[pod];
    if (costs[pod] == 0) continue;  // not there
    kubecost::Allocation row;
    row.properties = {"c", "node", "n", "", "", std::string(1, static_cast<char>('a' + pod))};
    row.total_cost = costs[pod];
    pods.Add(row);
  }
  facts->table(Level::kPod) = pods.Build();
  return {Day(total), facts};
}

TEST(JudgementTest, RowsThatAreGone) {
  const Reading before = Pods({40, 40, 14, 6});
  EXPECT_EQ(DoubtAbout(before, Pods({40, 40, 14, 0}), false), Doubt::kRowsGone) << "6 % of the cost is gone";
  EXPECT_EQ(DoubtAbout(before, Pods({40, 40, 10, 6}), false), std::nullopt) << "a row that costs less is not gone";
  EXPECT_EQ(DoubtAbout(before, Pods({40, 40, 14, 0, 6}), false), std::nullopt) << "rows move while the total stays";
  EXPECT_EQ(DoubtAbout(Pods({40, 40, 16, 4}), Pods({40, 40, 16, 0}), false), std::nullopt) << "4 % may go";
}

TEST(JudgementTest, RowsThatChangeWhileTheSumStays) {
  EXPECT_TRUE(Same(Pods({40, 40, 20}), Pods({40, 40 + 1e-6, 20 - 1e-6})));
  EXPECT_FALSE(Same(Pods({40, 40, 20}), Pods({40, 41, 19})));
}

// The verdicts on readings of one day, one an hour or at the hours given.
class ReadingTest : public testing::Test {
 protected:
  Verdict Read(const Summary& summary, double hours_later = 1) {
    now_ += hours_later * absl::Hours(1);
    elapsed_ = hours_later * absl::Hours(1);
    const Reading reading = {summary, nullptr};
    candidate_ = Count(candidate_, reading, now_, elapsed_);
    const Judgement judgement = JudgeReading(evidence_, *candidate_);
    doubt_ = judgement.doubt;
    return judgement.verdict;
  }

  void Believe(const Reading& reading) {
    believed_ = reading;
    evidence_.believed = &believed_;
  }

  Evidence evidence_;
  Reading believed_;
  std::optional<Candidate> candidate_;
  std::optional<Doubt> doubt_;
  absl::Time now_ = absl::FromUnixSeconds(1'790'000'000);
  absl::Duration elapsed_;
};

TEST_F(ReadingTest, TheSameAgain) {
  Believe({Day(), nullptr});
  EXPECT_EQ(Read(Day()), Verdict::kSame);
}

TEST_F(ReadingTest, ACorrectionArrivesAtOnceUntilTheDayHasSettled) {
  Believe({Day(), nullptr});
  EXPECT_EQ(Read(Day(97)), Verdict::kBelieved);
  evidence_.is_settled = true;
  candidate_.reset();
  EXPECT_EQ(Read(Day(96)), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(96)), Verdict::kBelieved);
}

TEST_F(ReadingTest, ADiscountIsBelievedWhenItCameForThreeHours) {
  Believe({Day(), nullptr});
  EXPECT_EQ(Read(Day(30)), Verdict::kDoubted);
  EXPECT_EQ(doubt_, Doubt::kTotalChanged);
  EXPECT_EQ(Read(Day(30), 0.5), Verdict::kDoubted) << "too soon to count";
  EXPECT_EQ(Read(Day(30), 0.5), Verdict::kDoubted);
  EXPECT_EQ(Read(Day(31)), Verdict::kDoubted) << "another reading begins anew";
  EXPECT_EQ(Read(Day(31)), Verdict::kDoubted);
  EXPECT_EQ(Read(Day(31)), Verdict::kDoubted) << "two hours";
  EXPECT_EQ(Read(Day(31)), Verdict::kRevised) << "three hours";
}

TEST_F(ReadingTest, AClockThatJumpsDoesNotMakeAnHour) {
  Believe({Day(), nullptr});
  EXPECT_EQ(Read(Day(30)), Verdict::kDoubted);
  for (int i = 0; i < 3; ++i) {
    now_ += absl::Hours(24);
    EXPECT_EQ(Read(Day(30), 0.1), Verdict::kDoubted);
  }
}

TEST_F(ReadingTest, LessTimeIsNeverBelieved) {
  Believe({Day(), std::make_shared<metrics::DayFacts>()});
  const Summary half = Changed([](Summary& day) {
    SetTotal(day, 50);
    day.extent->covered /= 2;
  });
  const Summary free = Changed([](Summary& day) {
    SetTotal(day, 0);
    day.idle = 0;
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Read(half), Verdict::kDoubted);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Read(free), Verdict::kDoubted);
  EXPECT_EQ(Read(Day()), Verdict::kSame);
}

TEST_F(ReadingTest, AfterARestartThreeFullReadingsOverruleTheLedger) {
  Believe({Changed([](Summary& day) {
             SetTotal(day, 101);
             day.ran *= 2;
           }),
           nullptr});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Read(Day()), Verdict::kDoubted);
  EXPECT_EQ(Read(Day()), Verdict::kRevised);
  const Summary half = Changed([](Summary& day) { day.extent->covered /= 2; });
  Believe({Day(), nullptr});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Read(half), Verdict::kDoubted) << "half of a day is not full";
}

TEST_F(ReadingTest, TheEndOfKubecostsMemoryIsNoFault) {
  Believe({Day(), nullptr});
  const Summary later = Changed([](Summary& day) {
    day.extent->span.start += absl::Hours(5);
    day.extent->covered -= absl::Hours(5);
  });
  EXPECT_EQ(Read(later), Verdict::kDoubted);
  evidence_.is_after_nothing = true;
  EXPECT_EQ(Read(later), Verdict::kForgotten);
  const Summary earlier = Changed([](Summary& day) {
    day.extent->span.end -= absl::Hours(5);
    day.extent->covered -= absl::Hours(5);
  });
  EXPECT_EQ(Read(earlier), Verdict::kDoubted) << "the end of the day is missing, not its start";
}

TEST_F(ReadingTest, WithNothingRememberedItTakesSixHours) {
  EXPECT_EQ(Read(Day()), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(), 5), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(), 1), Verdict::kBelieved);
}

TEST_F(ReadingTest, ADayThatGrowsIsNotProven) {
  EXPECT_EQ(Read(Day(50)), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(75), 6), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(), 6), Verdict::kUnproven);
  EXPECT_EQ(Read(Day(), 6), Verdict::kBelieved);
}

TEST_F(ReadingTest, ADayLikeTheOthersIsBelieved) {
  const std::vector<Summary> others = {Day(90), Day(100), Day(130)};
  for (const Summary& other : others) evidence_.neighbours.push_back(&other);
  const struct {
    const char* name;
    Summary day;
    Verdict verdict;
  } kCases[] = {
      {"like them", Day(), Verdict::kBelieved},
      {"a third of the cost", Day(33.4), Verdict::kBelieved},
      {"less than a third", Day(33.3), Verdict::kUnproven},
      {"three times the cost", Day(300), Verdict::kBelieved},
      {"more than three times", Day(301), Verdict::kUnproven},
      {"a tenth of the time less", Changed([](Summary& day) { day.extent->covered *= 0.9; }), Verdict::kBelieved},
      {"half of the time", Changed([](Summary& day) { day.extent->covered /= 2; }), Verdict::kUnproven},
      {"half of the pod-minutes", Changed([](Summary& day) { day.ran /= 2; }), Verdict::kUnproven},
      {"a hole in its windows", Changed([](Summary& day) { day.is_whole = false; }), Verdict::kUnproven},
  };
  for (const auto& each : kCases) {
    candidate_.reset();
    EXPECT_EQ(Read(each.day), each.verdict) << each.name;
  }
  candidate_.reset();
  evidence_.neighbours.pop_back();
  EXPECT_EQ(Read(Day()), Verdict::kUnproven) << "two are too few";
}

TEST_F(ReadingTest, ADayThatCostsNothing) {
  const Summary free = Changed([](Summary& day) {
    SetTotal(day, 0);
    day.idle = 0;
  });
  EXPECT_EQ(Read(free), Verdict::kUnproven);
  EXPECT_EQ(Read(free, 6), Verdict::kBelieved) << "a cluster that never had prices";
  evidence_.had_cost = true;
  EXPECT_EQ(Read(free, 6), Verdict::kDoubted);
  EXPECT_EQ(doubt_, Doubt::kZeroCost);
}

TEST_F(ReadingTest, LevelsThatNeverAddUpAreServedTheThirdTime) {
  const Summary broken = Changed([](Summary& day) { day.reconciles = false; });
  EXPECT_EQ(Read(broken), Verdict::kNotTaken);
  EXPECT_EQ(Read(broken), Verdict::kNotTaken);
  EXPECT_EQ(Read(broken), Verdict::kUnproven);
  EXPECT_EQ(Read(broken, 24), Verdict::kUnproven) << "never complete";
}

TEST_F(ReadingTest, AnUnknownCostIsNoContradiction) {
  const Summary unknown = Changed([](Summary& day) {
    day.levels[1]->total = kNothing;
    day.reconciles = false;
  });
  EXPECT_EQ(Read(unknown), Verdict::kUnproven);
  const std::vector<Summary> others = {unknown, Day(), Day(kNothing), Day()};
  for (const Summary& other : others) evidence_.neighbours.push_back(&other);
  candidate_.reset();
  EXPECT_EQ(Read(Day()), Verdict::kBelieved) << "compared with those that have a total";
}

TEST_F(ReadingTest, WindowsThatDoNotCoverTheDay) {
  const Summary part = Changed([](Summary& day) { day.is_whole = false; });
  EXPECT_EQ(Read(part), Verdict::kUnproven);
  EXPECT_EQ(Read(part, 24), Verdict::kUnproven);
  evidence_.is_settled = evidence_.is_earliest = true;
  EXPECT_EQ(Read(part, 24), Verdict::kBelieved) << "the day on which Kubecost was installed";
}

}  // namespace
}  // namespace polling
