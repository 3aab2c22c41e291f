// What is booked of closed days while Kubecost tells less than the truth: the whole polling side on a virtual clock,
// and a job that books what is complete.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "exporter/polling/poller.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/fakes/fake_kubecost.h"
#include "tests/render.h"

namespace polling {
namespace {

using fakes::FakeKubecost;
using fakes::November;

constexpr double kTruth = 1.25;  // a pod of 1 and 0.25 idle

class Site {
 public:
  explicit Site(bool has_ledger) {
    options_.cluster_info = ClusterInfoMode::kOff;
    options_.hour_enabled = options_.today_enabled = false;
    options_.currency = "USD";
    options_.backfill_days = 6;
    options_.backfill_pods = true;
    folder_ = testing::TempDir() + "believing-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    if (has_ledger) options_.state_path = folder_ + "/ledger";
    Restart();
  }
  ~Site() { std::filesystem::remove_all(folder_); }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // As at SIGTERM: the ledger is written.
  void Restart() {
    if (poller_ != nullptr) {
      std::stop_source stopped;
      stopped.request_stop();
      poller_->Run(stopped.get_token());
    }
    poller_.reset();
    store_ = std::make_unique<metrics::SnapshotStore>();
    registry_ = std::make_unique<metrics::Registry>();
    self_ = std::make_unique<Metrics>(*registry_, options_);
    poller_ = std::make_unique<Poller>(options_, clock_, http_, *store_, reports_, scrapes_, *self_);
  }

  // Scrapes each half hour, and books.
  void Until(absl::Time time) {
    while (clock_.Now() < time) {
      const absl::Duration wait = std::min(poller_->PollDue(stop_.get_token()), absl::Minutes(30));
      clock_.Advance(std::clamp(wait, absl::Seconds(1), time - clock_.Now()));
      scrapes_.Add(store_->Current()->daily, metrics::Selection::All(), false, clock_.Elapsed());
      Book();
    }
  }

  // Days whose booked cost is not Kubecost's, after a right one was booked.
  std::set<std::string> spoilt() const { return spoilt_; }
  std::set<std::string> wrong() const {
    std::set<std::string> dates;
    for (const auto& [date, cost] : booked_) {
      if (cost != kTruth) dates.insert(date);
    }
    return dates;
  }
  size_t booked() const { return booked_.size(); }
  bool Shows(absl::string_view text) const { return absl::StrContains(Render(*store_->Current()), text); }

  fakes::FakeClock clock_{November(13, 12)};
  FakeKubecost kubecost_{clock_};

 private:
  std::map<std::string, double> Samples(absl::string_view family) const {
    std::map<std::string, double> samples;
    for (const absl::string_view line : absl::StrSplit(Render(*store_->Current()), '\n')) {
      if (!absl::StartsWith(line, absl::StrCat(family, "{"))) continue;
      const size_t date = line.find("date=\"") + 6;
      double value = 0;
      EXPECT_TRUE(absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) << line;
      samples[std::string(line.substr(date, 10))] = value;
    }
    return samples;
  }

  void Book() {
    const std::map<std::string, double> costs = Samples("kubecost_cluster_daily_cost");
    for (const auto& [date, complete] : Samples("kubecost_day_complete")) {
      if (complete != 1 || !costs.contains(date)) continue;
      double& cost = booked_[date];
      if (cost == kTruth && costs.at(date) != kTruth) spoilt_.insert(date);
      cost = costs.at(date);
    }
  }

  fakes::FakeHttpClient http_{[this](const std::string& url) { return kubecost_.Answer(url); }, 4096};
  Options options_;
  PollReportStore reports_;
  metrics::ScrapeLog scrapes_;
  std::stop_source stop_;
  std::unique_ptr<metrics::SnapshotStore> store_;
  std::unique_ptr<metrics::Registry> registry_;
  std::unique_ptr<Metrics> self_;
  std::unique_ptr<Poller> poller_;
  std::string folder_;
  std::map<std::string, double> booked_;
  std::set<std::string> spoilt_;
};

void MultiplyAll(FakeKubecost& kubecost, double factor) {
  for (int day = 1; day <= 30; ++day) kubecost.factor[November(day)] = factor;
}

struct Fault {
  const char* name;
  void (*begin)(FakeKubecost& kubecost);
  // Whether it shows in coverage or pod-minutes, and so never counts as a correction, when it begins and when it ends.
  bool loses_time = false;
  bool adds_time = false;
  bool keeps_cost = false;
};

const Fault kFaults[] = {
    {.name = "half of each day",
     .begin =
         [](FakeKubecost& kubecost) {
           kubecost.hours = 12;
           MultiplyAll(kubecost, 0.5);
         },
     .loses_time = true},
    {.name = "half of the time at full cost",
     .begin = [](FakeKubecost& kubecost) { kubecost.hours = 12; },
     .loses_time = true,
     .keeps_cost = true},
    {.name = "a tenth of the cost", .begin = [](FakeKubecost& kubecost) { MultiplyAll(kubecost, 0.1); }},
    {.name = "a thousand times the cost", .begin = [](FakeKubecost& kubecost) { MultiplyAll(kubecost, 1000); }},
    {.name = "another pod of the same cost",
     .begin =
         [](FakeKubecost& kubecost) {
           kubecost.namespaces = {"a", "b"};
         },
     .adds_time = true},
};

void End(FakeKubecost& kubecost) {
  kubecost.hours = 24;
  MultiplyAll(kubecost, 1);
  kubecost.namespaces = {"a"};
}

class BelievingTest : public testing::TestWithParam<Fault> {};

// A day and a half of truth, then the fault for some hours, with or without a restart of both at its beginning; then
// two days of truth.
TEST_P(BelievingTest, WithALedgerNoRightRowGetsWorse) {
  const Fault& fault = GetParam();
  for (const double hours : {1.0, 2.5, 30.0}) {
    for (const bool restarts : {false, true}) {
      if (hours > 3 && !fault.loses_time) continue;
      Site site(true);
      site.Until(November(15, 3));
      EXPECT_EQ(site.wrong(), std::set<std::string>());
      EXPECT_EQ(site.booked(), 8U);
      if (restarts) site.Restart();
      fault.begin(site.kubecost_);
      site.Until(November(15, 3 + hours));
      End(site.kubecost_);
      if (restarts) site.Restart();
      site.Until(November(17, 12));
      EXPECT_EQ(site.spoilt(), std::set<std::string>()) << fault.name << " for " << hours << " h, restart " << restarts;
      EXPECT_EQ(site.wrong(), std::set<std::string>()) << fault.name << " for " << hours << " h, restart " << restarts;
      EXPECT_FALSE(site.Shows("kubecost_day_doubted{")) << "every doubt ends";
      EXPECT_EQ(site.booked(), 10U);
    }
  }
}

// Not promised: what lasts as long as a true change does is believed, told, and mended by the same rule.
TEST_P(BelievingTest, MoneyAloneForThreeHoursIsARevision) {
  if (GetParam().loses_time) return;
  Site site(true);
  site.Until(November(15, 3));
  GetParam().begin(site.kubecost_);
  site.Until(November(15, 14));
  EXPECT_FALSE(site.spoilt().empty());
  EXPECT_TRUE(site.Shows("kubecost_day_revised{"));
  End(site.kubecost_);
  site.Until(November(17, 12));
  EXPECT_EQ(site.wrong().empty(), !GetParam().adds_time) << "revised once more, unless that would lose time";
}

// Not promised: a start without a ledger believes what it is told twice.
TEST_P(BelievingTest, WithoutALedgerAStartBelievesWhatItIsToldTwice) {
  if (GetParam().keeps_cost) return;
  Site site(false);
  site.Until(November(15, 3));
  site.Restart();
  GetParam().begin(site.kubecost_);
  site.Until(November(15, 8));
  EXPECT_EQ(site.spoilt(), std::set<std::string>()) << "not before six hours";
  site.Until(November(15, 16));
  EXPECT_FALSE(site.spoilt().empty());
}

INSTANTIATE_TEST_SUITE_P(Faults, BelievingTest, testing::ValuesIn(kFaults));

TEST(BelievingTest, AClockAheadBooksNoRunningDay) {
  Site site(true);
  site.Until(November(14, 20));
  site.kubecost_.hours = 20;
  site.clock_.Set(November(15, 20));
  site.Until(November(15, 20.01));
  site.clock_.Set(November(14, 20.02));
  site.kubecost_.hours = 24;
  site.Until(November(16, 12));
  EXPECT_EQ(site.wrong(), std::set<std::string>());
  EXPECT_EQ(site.spoilt(), std::set<std::string>());
}

}  // namespace
}  // namespace polling
