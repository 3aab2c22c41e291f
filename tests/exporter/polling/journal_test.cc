// What the log and the metrics tell of the polling, without a Kubecost.
#include "exporter/polling/journal.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_kubecost.h"

namespace polling {
namespace {

using kubecost::ErrorReason;

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    for (Day* day : {&monday_, &tuesday_}) {
      day->window = {fakes::November(day == &monday_ ? 16 : 17), fakes::November(day == &monday_ ? 17 : 18)};
      tasks_.push_back({View::kDay, &day->schedule, day});
    }
    tasks_.push_back({View::kCurrency, &currency_.schedule, &currency_});
  }

  // The lines that the log is told of these polls: their messages, and what else is worth it.
  std::string Log(const std::vector<std::pair<Schedule*, Outcome>>& polls) {
    testing::internal::CaptureStderr();
    for (const auto& [schedule, outcome] : polls) {
      for (const Task& task : tasks_) {
        if (task.schedule == schedule) journal_.Record(tasks_, task, outcome);
      }
    }
    std::string log;
    for (const absl::string_view line : absl::StrSplit(testing::internal::GetCapturedStderr(), '\n')) {
      if (!line.empty()) absl::StrAppend(&log, line.substr(line.find("msg=")), "\n");
    }
    return log;
  }

  static Outcome Ended(Ending ending, std::optional<ErrorReason> reason = {}) {
    Outcome outcome;
    outcome.ending = ending;
    if (reason.has_value()) outcome.status = kubecost::ApiError(*reason, "simulated");
    outcome.next_try_in = absl::Hours(1);
    return outcome;
  }

  Options options_;
  metrics::Registry registry_;
  Metrics self_{registry_, options_};
  PollJournal journal_{options_, self_};
  Day monday_, tuesday_;
  Currency currency_;
  std::vector<Task> tasks_;
};

TEST_F(JournalTest, RecoveryIsToldWhenTheLastOfSeveralDaysWorks) {
  const Outcome good = Ended(Ending::kGood);
  const Outcome failed = Ended(Ending::kFailed, ErrorReason::kHttp5xx);
  EXPECT_EQ(Log({{&monday_.schedule, failed}, {&tuesday_.schedule, failed}}),
            "msg=\"reading from Kubecost failed\" view=day day=2026-11-16 reason=http_5xx error=simulated "
            "next_try_in=1h\n");
  EXPECT_EQ(Log({{&monday_.schedule, good}, {&currency_.schedule, good}}), "") << "the other day still fails";
  EXPECT_EQ(Log({{&tuesday_.schedule, good}}), "msg=\"reading from Kubecost works again\" view=day\n");
  EXPECT_EQ(Log({{&tuesday_.schedule, good}}), "");
}

TEST_F(JournalTest, ADayThatHasGoneDoesNotKeepRecoveryBack) {
  Log({{&monday_.schedule, Ended(Ending::kFailed, ErrorReason::kHttp5xx)}});
  tasks_.erase(tasks_.begin());
  EXPECT_EQ(Log({{&tuesday_.schedule, Ended(Ending::kGood)}}), "msg=\"reading from Kubecost works again\" view=day\n");
}

TEST_F(JournalTest, WhatIsOffIsToldOnceAndFailsInOtherWaysAsAnythingElse) {
  const Outcome absent = Ended(Ending::kAbsent, ErrorReason::kNotFound);
  const std::string off =
      "msg=\"Kubecost does not tell its currency; set --currency\" view=currency reason=not_found error=simulated "
      "next_try_in=1h\n";
  Schedule* const schedule = &currency_.schedule;
  EXPECT_EQ(Log({{schedule, absent}}), "") << "whether it is there shows only later";
  schedule->support.TakeFailure(0);
  EXPECT_EQ(Log({{schedule, absent}}), off);
  EXPECT_EQ(Log({{schedule, absent}, {schedule, Ended(Ending::kAbsent, ErrorReason::kHttp4xx)}}), "");
  EXPECT_EQ(Log({{schedule, Ended(Ending::kFailed, ErrorReason::kRefused)}}),
            "msg=\"reading from Kubecost failed\" view=currency reason=refused error=simulated next_try_in=1h\n");
  EXPECT_EQ(Log({{schedule, absent}}), off);
}

TEST_F(JournalTest, WhatFailedAtFirstIsToldToBeOff) {
  const Outcome failed = Ended(Ending::kFailed, ErrorReason::kHttp5xx);
  Schedule* const schedule = &currency_.schedule;
  EXPECT_NE(Log({{schedule, failed}}), "");
  schedule->support.TakeFailure(0);
  EXPECT_TRUE(absl::StartsWith(Log({{schedule, Ended(Ending::kAbsent, ErrorReason::kHttp5xx)}}),
                               "msg=\"Kubecost does not tell its currency"));
}

}  // namespace
}  // namespace polling
