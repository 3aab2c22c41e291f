// The whole polling side against a small Kubecost in memory: kept days, back-fill, answers in parts, state.
// Also tests exporter/polling/day_reader.h
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "exporter/polling/poller.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/fakes/fake_kubecost.h"
#include "tests/render.h"

namespace polling {
namespace {

using fakes::FakeAnswer;
using fakes::FakeKubecost;
using fakes::November;
using fakes::Text;

class ClosedDaysTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.cluster_info = ClusterInfoMode::kOff;
    options_.hour_enabled = options_.today_enabled = false;
    options_.currency = "USD";
    Restart();
  }

  void Restart() {
    poller_.reset();
    store_ = std::make_unique<metrics::SnapshotStore>();
    registry_ = std::make_unique<metrics::Registry>();
    self_ = std::make_unique<Metrics>(*registry_, options_);
    poller_ = std::make_unique<Poller>(options_, clock_, http_, *store_, reports_, scrapes_, *self_);
    kubecost_.requests.clear();
  }

  void PollAt(absl::Time time) {
    clock_.AdvanceTo(time);
    poller_->PollDue(stop_.get_token());
  }
  // As Run() does until `time`, while somebody scrapes.
  void PollUntil(absl::Time time) {
    while (clock_.Now() < time) {
      const absl::Duration wait = std::min(poller_->PollDue(stop_.get_token()), absl::Minutes(30));
      clock_.Advance(std::clamp(wait, absl::Seconds(1), time - clock_.Now()));
      scrapes_.Add(store_->Current()->daily, metrics::Selection::All(), false, clock_.Elapsed());
    }
    poller_->PollDue(stop_.get_token());
  }

  std::string Scrape() const { return Render(*store_->Current()); }
  // The samples of a family, without name and cluster.
  std::vector<std::string> Samples(absl::string_view family) const {
    std::vector<std::string> samples;
    const std::string begin = absl::StrCat(family, "{cluster=\"c1\",");
    for (const absl::string_view line : absl::StrSplit(Scrape(), '\n')) {
      if (absl::StartsWith(line, begin)) samples.emplace_back(line.substr(begin.size()));
    }
    return samples;
  }
  bool Has(absl::string_view line) const { return absl::StrContains(registry_->Serialize(), absl::StrCat(line, "\n")); }
  size_t Requests(absl::string_view fragment) const {
    return static_cast<size_t>(
        std::count_if(kubecost_.requests.begin(), kubecost_.requests.end(),
                      [fragment](const std::string& url) { return absl::StrContains(url, fragment); }));
  }

  fakes::FakeClock clock_{November(20, 12)};
  FakeKubecost kubecost_{clock_};
  fakes::FakeHttpClient http_{[this](const std::string& url) { return kubecost_.Answer(url); }, 4096};
  Options options_;
  PollReportStore reports_;
  metrics::ScrapeLog scrapes_;
  std::stop_source stop_;
  std::unique_ptr<metrics::SnapshotStore> store_;
  std::unique_ptr<metrics::Registry> registry_;
  std::unique_ptr<Metrics> self_;
  std::unique_ptr<Poller> poller_;
};

using Lines = std::vector<std::string>;

TEST_F(ClosedDaysTest, ServesTheKeptDaysAndBackfillsTheOthers) {
  PollAt(November(20, 12));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 15U);
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 2 * 3U) << "a pod and an idle row on each of three days";
  EXPECT_EQ(Samples("kubecost_day_complete").front(), "date=\"2026-11-05\"} 0");
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-19\"} 0") << "not proven yet";
  EXPECT_EQ(Samples("kubecost_day_pods"),
            (Lines{"date=\"2026-11-17\"} 2", "date=\"2026-11-18\"} 2", "date=\"2026-11-19\"} 2"}));
  EXPECT_EQ(Samples("kubecost_pod_total_cost").size(), 2U);
  // The newest day first, then the other kept ones, one question for what there is, the rest from the oldest on.
  std::vector<std::string> days;
  for (const std::string& url : kubecost_.requests) {
    const std::string window = FakeKubecost::Parameter(url, "window");
    const std::string day = window.substr(8, 2);
    if (window.substr(0, 20) == Text(November(5)) && window.substr(21) == Text(November(17))) {
      days.emplace_back("all");
    } else if (days.empty() || days.back() != day) {
      days.push_back(day);
    }
  }
  EXPECT_EQ(absl::StrJoin(days, " "), "19 18 17 all 05 06 07 08 09 10 11 12 13 14 15 16");
  EXPECT_EQ(Requests("namespace,pod"), 3U) << "pods are not back-filled unless asked for";
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"backfill\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 1"));
}

TEST_F(ClosedDaysTest, ACorrectionReplacesTheDay) {
  PollAt(November(20, 12));
  kubecost_.factor[November(18)] = 0.5;
  kubecost_.factor[November(19)] = 2;
  PollAt(November(20, 13.1));
  EXPECT_TRUE(absl::StrContains(Scrape(), R"(namespace="a",pod="p",date="2026-11-18"} 0.5)"));
  EXPECT_TRUE(absl::StrContains(Scrape(), R"(namespace="a",pod="p",date="2026-11-19"} 2)"));
  EXPECT_TRUE(absl::StrContains(Scrape(), R"(kubecost_pod_total_cost{cluster="c1",namespace="a",pod="p"} 2)"));
}

TEST_F(ClosedDaysTest, ADayIsCompleteWhenASecondReadingSixHoursLaterIsTheSame) {
  PollUntil(November(20, 17.9));
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-19\"} 0");
  PollUntil(November(20, 18.1));
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-19\"} 1");
  EXPECT_EQ(Samples("kubecost_day_settled").front(), "date=\"2026-11-05\"} 1");
  // The next day is like those before.
  PollUntil(November(21, 2.1));
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-20\"} 1");
}

TEST_F(ClosedDaysTest, ADayThatKnowsLessIsDoubtedAndCounted) {
  PollUntil(November(20, 19));
  kubecost_.hours = 12;
  PollUntil(November(21, 1.5));
  EXPECT_EQ(Samples("kubecost_day_coverage_ratio").back(), "date=\"2026-11-19\"} 1");
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-19\"} 1");
  EXPECT_EQ(Samples("kubecost_day_doubted").back(), "date=\"2026-11-19\",reason=\"shrunken\"} 1");
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 1")) << "it was read well";
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  EXPECT_FALSE(Has("kubecost_exporter_api_errors_total{reason=\"shrunken\"} 0"));
  kubecost_.hours = 24;
  PollUntil(November(21, 9));
  EXPECT_TRUE(Samples("kubecost_day_doubted").empty());
}

TEST_F(ClosedDaysTest, ADayOnWhichTheClusterWasOffIsNoFailure) {
  kubecost_.factor[November(18)] = 0;
  PollAt(November(20, 12));
  EXPECT_EQ(Samples("kubecost_day_pods"), (Lines{"date=\"2026-11-17\"} 2", "date=\"2026-11-19\"} 2"}));
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty\"} 1"));
  const size_t requests = kubecost_.requests.size();
  PollAt(November(20, 12.5));
  EXPECT_EQ(kubecost_.requests.size(), requests) << "asked for again in an hour";
}

TEST_F(ClosedDaysTest, AnAnswerWithoutABodyIsNoAnswerOfNothing) {
  const auto is_one_of = [](const std::string& url, std::initializer_list<int> days) {
    return std::any_of(days.begin(), days.end(), [&url](int day) {
      return FakeKubecost::Parameter(url, "window") == absl::StrCat(Text(November(day)), ",", Text(November(day + 1)));
    });
  };
  kubecost_.without_body = [&](const std::string& url) { return is_one_of(url, {10, 18}); };
  PollAt(November(20, 12));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty_body\"} 2"));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"backfill\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_up 0"));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 13U);
  const auto of_two_days = [&] { return Requests(Text(November(10))) + Requests(Text(November(18))); };
  const size_t requests = of_two_days();
  PollUntil(November(20, 12.25));
  EXPECT_GE(of_two_days(), requests + 4) << "tried again with the back-off of a failure";
  kubecost_.without_body = nullptr;
  PollUntil(November(20, 13));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 15U);
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
}

TEST_F(ClosedDaysTest, AFreshInstallHasWhatThereIs) {
  kubecost_.first = November(19);
  PollAt(November(20, 12));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost"), (Lines{"date=\"2026-11-19\"} 1.25"}));
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
}

TEST_F(ClosedDaysTest, GapsHealAfterAFailedWeek) {
  PollUntil(November(20, 19));
  kubecost_.failing = FakeAnswer{503, "", "text/plain", "", {}, {}};
  PollUntil(November(27, 12));
  EXPECT_EQ(Samples("kubecost_day_pods").back(), "date=\"2026-11-19\"} 2") << "closed days stay through an outage";
  kubecost_.failing.reset();
  PollUntil(November(27, 13));
  Lines dates;
  for (const std::string& sample : Samples("kubecost_cluster_daily_cost")) dates.push_back(sample.substr(14, 2));
  EXPECT_EQ(absl::StrJoin(dates, " "), "18 19 20 21 22 23 24 25 26")
      << "18 and 19 had not settled; those before were served for long enough";
}

TEST_F(ClosedDaysTest, EachDayIsTriedWhenOneAnswerCannotTell) {
  kubecost_.first = November(10);
  kubecost_.long_window = FakeAnswer{500, R"({"code":500,"message":"too long"})", "application/json", "", {}, {}};
  PollAt(November(20, 12));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 10U);
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"backfill\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty\"} 5"));
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  PollUntil(November(20, 22));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty\"} 10"))
      << "one more look, in case it had just started";
}

TEST_F(ClosedDaysTest, AKubecostThatHasJustStartedIsAskedAgainForOlderDays) {
  kubecost_.first = November(30);
  PollAt(November(20, 12));
  EXPECT_TRUE(Samples("kubecost_cluster_daily_cost").empty());
  kubecost_.first = November(1);
  PollUntil(November(20, 13.1));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 15U);
}

TEST_F(ClosedDaysTest, DaysThatHangDoNotStarveTheNewest) {
  kubecost_.hangs_before = November(17);
  PollUntil(November(21, 1));
  // Twelve days that take a minute each to fail, ten minutes of silence after each: the newest has every second turn.
  EXPECT_GE(Requests(absl::StrCat("window=", Text(November(19)))), 4 * 5U) << "as often as it would be without them";
  EXPECT_TRUE(Has("kubecost_exporter_up 1")) << "what can be seen of the kept days is well";
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"backfill\"} 0"));
}

TEST_F(ClosedDaysTest, PodsAreBackfilledAFewDaysAtATime) {
  options_.backfill_pods = true;
  Restart();
  PollUntil(November(20, 12.9));
  EXPECT_EQ(Requests("namespace,pod"), 15U) << "read at once: Kubecost may not have them much longer";
  PollUntil(November(20, 18.9));
  EXPECT_EQ(Samples("kubecost_day_pods").size(), 3 + 5U);
  EXPECT_EQ(Samples("kubecost_day_pods").front(), "date=\"2026-11-05\"} 2");
  EXPECT_EQ(Samples("kubecost_day_complete").front(), "date=\"2026-11-05\"} 1");
  std::map<std::string, int> seen;
  for (int hour = 19; hour < 24 * 6; ++hour) {
    PollUntil(November(20, hour));
    const Lines pods = Samples("kubecost_day_pods");
    EXPECT_LE(pods.size(), 3 + 5U);
    for (const std::string& sample : pods) ++seen[sample.substr(6, 10)];
  }
  for (int day = 5; day <= 16; ++day) EXPECT_GE(seen[absl::StrFormat("2026-11-%02d", day)], 25) << day;
  EXPECT_EQ(Samples("kubecost_day_pods").size(), 3U);
}

class BigClusterTest : public ClosedDaysTest {
 protected:
  void SetUp() override {
    options_.backfill_days = 0;
    options_.day_keep = 1;
    kubecost_.namespaces.clear();
    for (int i = 0; i < 20; ++i) kubecost_.namespaces.push_back(absl::StrFormat("team-%02d", i));
    kubecost_.too_big = 6;
    ClosedDaysTest::SetUp();
  }
};

TEST_F(BigClusterTest, PodsAreAskedForByNamespace) {
  PollAt(November(20, 12));
  EXPECT_TRUE(Samples("kubecost_pod_daily_cost").empty());
  EXPECT_EQ(kubecost_.requests.size(), 2U) << "not asked again at once";
  PollUntil(November(20, 12.5));
  const Lines pods = Samples("kubecost_pod_daily_cost");
  EXPECT_EQ(pods.size(), 21U);
  EXPECT_EQ(pods.front(), R"(namespace="__idle__",pod="__idle__",date="2026-11-19"} 0.25)");
  EXPECT_EQ(Samples("kubecost_day_pods"), (Lines{"date=\"2026-11-19\"} 21"}));
  EXPECT_EQ(Samples("kubecost_pod_info").size(), 21U);
  // As a whole, then eight namespaces at a time, then four.
  EXPECT_EQ(Requests("namespace,pod"), 1 + 1 + 5U);
  EXPECT_EQ(Requests("filter="), Requests("&idle=false")) << "idle cost would come with each part";
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"http_5xx\"} 2"));
  PollUntil(November(20, 19));
  EXPECT_EQ(Samples("kubecost_day_complete"), (Lines{"date=\"2026-11-19\"} 1"}));
  // The next day may be smaller.
  kubecost_.too_big = 0;
  kubecost_.requests.clear();
  PollUntil(November(21, 2.1));
  EXPECT_EQ(Samples("kubecost_day_pods"), (Lines{"date=\"2026-11-20\"} 21"}));
  EXPECT_EQ(kubecost_.requests.size() - Requests("filter="), 1 * 3 + 4U) << "in parts, then whole";
}

TEST_F(BigClusterTest, PodsWithoutABodyAreAskedForByNamespace) {
  kubecost_.too_big = 0;
  kubecost_.without_body = [](const std::string& url) {
    return absl::StrContains(url, "namespace,pod") && !absl::StrContains(url, "filter=");
  };
  PollUntil(November(20, 12.5));
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 21U);
  EXPECT_EQ(Samples("kubecost_day_pods"), (Lines{"date=\"2026-11-19\"} 21"}));
  EXPECT_EQ(Requests("namespace,pod"), 1 + 3U) << "as a whole, then eight namespaces at a time";
}

TEST_F(BigClusterTest, AServerWithoutFiltersIsReadRightAllTheSame) {
  kubecost_.knows_filters = false;
  kubecost_.too_big = 0;
  kubecost_.failing = FakeAnswer{503, "", "text/html", "", {}, {}};
  PollAt(November(20, 12));
  kubecost_.failing.reset();
  kubecost_.fails_at_pods = 1;
  PollUntil(November(20, 13));
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 21U);
  EXPECT_EQ(Samples("kubecost_day_pods"), (Lines{"date=\"2026-11-19\"} 21"}));
}

TEST_F(BigClusterTest, PartsThatDoNotAddUpAreNotServed) {
  kubecost_.loses_a_pod_in_parts = true;
  PollUntil(November(20, 13));
  EXPECT_TRUE(Samples("kubecost_pod_daily_cost").empty());
  EXPECT_FALSE(Has("kubecost_exporter_api_errors_total{reason=\"inconsistent\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 0"));
  // The next read asks for all of them again, and may get them.
  kubecost_.too_big = 0;
  PollUntil(November(20, 14));
  EXPECT_EQ(Samples("kubecost_pod_daily_cost").size(), 21U);
}

TEST_F(ClosedDaysTest, StateSurvivesARestart) {
  std::string folder = testing::TempDir() + "closed-days-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  options_.state_path = folder + "/state";
  Restart();
  PollUntil(November(22, 1));
  Restart();
  PollAt(November(22, 1));
  EXPECT_EQ(Samples("kubecost_cluster_daily_cost").size(), 3U) << "all before them were delivered";
  EXPECT_EQ(Samples("kubecost_day_complete").back(), "date=\"2026-11-20\"} 1") << "believed before";
  // A file of somebody else's is neither used nor touched.
  std::ofstream(options_.state_path) << "something else\n";
  Restart();
  PollUntil(November(22, 18));
  std::string line;
  std::getline(std::ifstream(options_.state_path), line);
  EXPECT_EQ(line, "something else");
  std::filesystem::remove_all(folder);
  Restart();
  PollUntil(November(24));
  EXPECT_FALSE(Samples("kubecost_cluster_daily_cost").empty()) << "a folder that is gone is no reason to stop";
}

}  // namespace
}  // namespace polling
