// Polling policy on a clock and a server of the test's own.
// Also tests exporter/polling/report.h
// Also tests exporter/polling/subjects.h
// Also tests exporter/polling/upstream.h
#include "exporter/polling/poller.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace polling {
namespace {

using fakes::FakeAnswer;

const absl::Time kNoon = absl::FromCivil(absl::CivilSecond(2026, 11, 20, 12, 0, 0), absl::UTCTimeZone());

// A Kubecost with one pod, whose answer to each kind of question can be replaced.
class FakeKubecost {
 public:
  FakeAnswer Answer(const std::string& url) {
    if (duration > absl::ZeroDuration()) clock.Advance(duration);
    if (absl::StrContains(url, "/clusterInfo")) {
      clock.Advance(cluster_info_duration);
      return cluster_info;
    }
    if (override.has_value()) return *override;
    if (absl::StrContains(url, "Configs")) return configs;
    ++allocation_requests;
    const size_t from = url.find("window=") + 7;
    const std::string start = url.substr(from, 20);
    const std::string end = url.substr(from + 21, 20);
    const std::string row =
        absl::StrCat(R"("row":{"properties":{"cluster":"c1","namespace":"n","pod":"p"},"window":{"start":")", start,
                     R"(","end":")", end, R"("},"minutes":60,"totalCost":)", total, R"(,"cpuCost":)", total,
                     R"(,"ramCost":)", memory, R"(,"cpuEfficiency":1})");
    if (recomputing) total += 1;
    return {200, absl::StrCat(R"({"code":200,"data":[{)", row, "}]}"), "application/json", "", {}, {}};
  }

  void FailWith(int status) { override = FakeAnswer{status, "", "text/html", "", {}, {}}; }

  fakes::FakeClock clock{kNoon};
  FakeAnswer cluster_info{200, R"({"code":200,"data":{"id":"c1"}})", "application/json", "", {}, {}};
  FakeAnswer configs{404, "", "text/plain", "", {}, {}};
  std::optional<FakeAnswer> override;
  double total = 1;
  std::string memory = "0";
  bool recomputing = false;
  absl::Duration duration = absl::ZeroDuration();
  absl::Duration cluster_info_duration = absl::ZeroDuration();
  int allocation_requests = 0;
};

class PollerTest : public testing::Test {
 protected:
  void SetUp() override {
    // One day and nothing behind it; day_book_test and closed_days_test have the others.
    options_.day_keep = 1;
    options_.backfill_days = 0;
    options_.hour_enabled = options_.today_enabled = false;
    options_.currency = "USD";
    Restart();
  }

  void Restart() {
    poller_.reset();
    registry_ = std::make_unique<metrics::Registry>();
    self_ = std::make_unique<Metrics>(*registry_, options_);
    poller_ = std::make_unique<Poller>(options_, kubecost_.clock, http_, store_, reports_, scrapes_, *self_);
  }

  // Polls what is due now; returns the wait until the next poll.
  absl::Duration Poll() { return poller_->PollDue(stop_.get_token()); }

  void PollAt(absl::Time time) {
    kubecost_.clock.AdvanceTo(time);
    Poll();
  }

  bool Has(absl::string_view line) const { return absl::StrContains(registry_->Serialize(), absl::StrCat(line, "\n")); }

  double PodTotal() const {
    const auto snapshot = store_.Current();
    return snapshot->day.empty()
               ? -1
               : snapshot->day.front()->table(kubecost::Level::kPod).column(metrics::Column::kTotal).at(0);
  }

  FakeKubecost kubecost_;
  fakes::FakeHttpClient http_{[this](const std::string& url) { return kubecost_.Answer(url); }, 4096};
  Options options_;
  metrics::SnapshotStore store_;
  PollReportStore reports_;
  metrics::ScrapeLog scrapes_;
  std::stop_source stop_;
  std::unique_ptr<metrics::Registry> registry_;
  std::unique_ptr<Metrics> self_;
  std::unique_ptr<Poller> poller_;
};

TEST_F(PollerTest, ReadsADayAsOneGeneration) {
  Poll();
  EXPECT_EQ(PodTotal(), 1);
  // Cluster level first and again at the end.
  std::vector<std::string> aggregates;
  for (const std::string& url : http_.urls) {
    const size_t from = url.find("aggregate=");
    if (from != std::string::npos) aggregates.push_back(url.substr(from + 10, url.find('&', from) - from - 10));
  }
  EXPECT_EQ(aggregates, (std::vector<std::string>{"cluster", "cluster,namespace,pod,node,controllerKind,controller",
                                                  "cluster,namespace", "cluster"}));
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_polls_total{result=\"success\",view=\"day\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_day_start_timestamp_seconds 1795046400"));
  EXPECT_TRUE(Has("kubecost_exporter_day_end_timestamp_seconds 1795132800"));
  EXPECT_TRUE(Has("kubecost_exporter_last_success_timestamp_seconds{view=\"day\"} 1795176000"));
  EXPECT_TRUE(Has("kubecost_exporter_series{family=\"kubecost_pod_total_cost\"} 1"));
  EXPECT_TRUE(
      Has("kubecost_exporter_config_info{api=\"kubecost\",currency=\"USD\",idle=\"separate\","
          "share_tenancy=\"true\",utc_offset=\"+00:00\"} 1"));
}

TEST_F(PollerTest, MergedRowsAreCountedOncePerLevel) {
  const char* row = R"("%d":{"properties":{"cluster":"c","namespace":"n","pod":"p"},"window":{"start":)"
                    R"("2026-11-19T00:00:00Z","end":"2026-11-20T00:00:00Z"},"totalCost":1})";
  const std::string rows =
      absl::StrCat(absl::StrReplaceAll(row, {{"%d", "1"}}), ",", absl::StrReplaceAll(row, {{"%d", "2"}}));
  kubecost_.override =
      FakeAnswer{200, absl::StrCat(R"({"code":200,"data":[{)", rows, "}]}"), "application/json", "", {}, {}};
  Poll();
  EXPECT_TRUE(Has("kubecost_exporter_merged_rows 3")) << "one a level, although cluster level is read twice";
}

TEST_F(PollerTest, ReReadsHourly) {
  EXPECT_EQ(Poll(), absl::Hours(1));
  kubecost_.total = 2;
  PollAt(kNoon + absl::Minutes(59));
  EXPECT_EQ(PodTotal(), 1);
  PollAt(kNoon + absl::Minutes(60));
  EXPECT_EQ(PodTotal(), 2) << "a correction must get through";
}

TEST_F(PollerTest, ANewDayIsReadAsSoonAsItIsComplete) {
  const absl::Time late = kNoon + absl::Hours(13) + absl::Minutes(30);  // 01:30
  PollAt(late);
  EXPECT_EQ(absl::FormatTime("%F", store_.Current()->day.front()->window.start, absl::UTCTimeZone()), "2026-11-19");
  PollAt(late + absl::Minutes(29));
  EXPECT_EQ(absl::FormatTime("%F", store_.Current()->day.front()->window.start, absl::UTCTimeZone()), "2026-11-19");
  PollAt(late + absl::Minutes(30));
  EXPECT_EQ(absl::FormatTime("%F", store_.Current()->day.front()->window.start, absl::UTCTimeZone()), "2026-11-20");
}

TEST_F(PollerTest, FailureDropsUpAtOnceAndKeepsTheFacts) {
  Poll();
  kubecost_.FailWith(503);
  PollAt(kNoon + absl::Hours(1));
  EXPECT_TRUE(Has("kubecost_exporter_up 0"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"http_5xx\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_polls_total{result=\"error\",view=\"day\"} 1"));
  EXPECT_EQ(PodTotal(), 1);
  kubecost_.override.reset();
  kubecost_.total = 3;
  PollAt(kNoon + absl::Hours(2));
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  EXPECT_EQ(PodTotal(), 3);
}

TEST_F(PollerTest, AnEmptyNewDayLeavesTheOldOneInPlace) {
  Poll();
  kubecost_.override = FakeAnswer{200, R"({"code":200,"data":[null]})", "application/json", "", {}, {}};
  PollAt(kNoon + absl::Hours(15));
  EXPECT_EQ(PodTotal(), 1);
  EXPECT_EQ(absl::FormatTime("%F", store_.Current()->day.front()->window.start, absl::UTCTimeZone()), "2026-11-19");
  // The new day, and the old one, which stays and is read again until the new one has come.
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"empty\"} 2"));
  EXPECT_TRUE(Has("kubecost_exporter_up 0"));
}

TEST_F(PollerTest, BackoffDoublesWithJitterUpToTenMinutes) {
  options_.cluster_info = ClusterInfoMode::kOff;
  Restart();
  kubecost_.FailWith(500);
  absl::Duration expected = absl::Seconds(15);
  for (int failure = 0; failure < 10; ++failure) {
    const absl::Duration wait = Poll();
    EXPECT_GE(wait, 0.8 * expected);
    EXPECT_LE(wait, 1.2 * expected);
    kubecost_.clock.Advance(wait);
    expected = std::min(expected * 2, absl::Minutes(10));
  }
  kubecost_.override.reset();
  EXPECT_EQ(Poll(), absl::Hours(1)) << "a success ends it";
  kubecost_.FailWith(500);
  kubecost_.clock.Advance(absl::Hours(1));
  EXPECT_LE(Poll(), absl::Seconds(18)) << "and it begins anew";
}

TEST_F(PollerTest, RetryAfterIsObeyed) {
  for (const int status : {429, 503}) {
    kubecost_.FailWith(status);
    kubecost_.override->retry_after = "1800";
    Restart();
    EXPECT_EQ(Poll(), absl::Minutes(30)) << status;
    const size_t asked = http_.urls.size();
    kubecost_.clock.Advance(absl::Minutes(29));
    Poll();
    EXPECT_EQ(http_.urls.size(), asked) << "for nothing at all";
    kubecost_.clock.Advance(absl::Minutes(1));
    Poll();
    EXPECT_GT(http_.urls.size(), asked);
  }
  kubecost_.override->retry_after = "1";
  Restart();
  EXPECT_GE(Poll(), absl::Seconds(12)) << "never sooner than without it";
}

TEST_F(PollerTest, RetryAfterOfAQuestionThatIsNoFailureIsObeyedToo) {
  options_.currency.clear();
  Restart();
  kubecost_.configs = FakeAnswer{429, "", "text/plain", "", {}, {}};
  kubecost_.configs.retry_after = "120";
  EXPECT_EQ(Poll(), absl::Seconds(120));
  EXPECT_EQ(PodTotal(), -1);
  kubecost_.clock.Advance(absl::Seconds(120));
  Poll();
  EXPECT_EQ(PodTotal(), 1);
}

TEST_F(PollerTest, NeverAnImmediateRetryAfterATimeout) {
  options_.cluster_info = ClusterInfoMode::kOff;
  Restart();
  kubecost_.duration = absl::Seconds(60);
  kubecost_.override = FakeAnswer{};
  kubecost_.override->get_error = kubecost::ApiError(kubecost::ErrorReason::kReadTimeout, "Timed out waiting");
  EXPECT_GE(Poll(), absl::Minutes(10)) << "ten times what the failed poll took";
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"read_timeout\"} 1"));
  const size_t asked = http_.urls.size();
  kubecost_.clock.Advance(absl::Minutes(9));
  Poll();
  EXPECT_EQ(http_.urls.size(), asked);
}

TEST_F(PollerTest, DutyCycleHoldsBackAllCosts) {
  options_.hour_enabled = true;
  Restart();
  kubecost_.duration = absl::Minutes(2);
  Poll();
  EXPECT_EQ(http_.urls.size(), 5U) << "cluster information, and four questions for the day";
  kubecost_.clock.Advance(absl::Minutes(70));
  Poll();
  // Cluster information was due again after an hour.
  EXPECT_EQ(http_.urls.size(), 6U) << "the hour waits for ten times what the day took";
  kubecost_.clock.Advance(absl::Minutes(8));
  Poll();
  EXPECT_EQ(http_.urls.size(), 7U);
}

TEST_F(PollerTest, AHangingClusterInfoDoesNotStarveTheDay) {
  kubecost_.cluster_info.get_error = kubecost::ApiError(kubecost::ErrorReason::kReadTimeout, "Timed out waiting");
  kubecost_.cluster_info_duration = absl::Minutes(2);
  const absl::Time start = kubecost_.clock.Now();
  Poll();
  EXPECT_EQ(PodTotal(), 1);
  EXPECT_EQ(kubecost_.clock.Now() - start, absl::Minutes(2)) << "as long as the one question took";
}

TEST_F(PollerTest, AServerThatFailsAtTheStartLosesNoView) {
  options_.hour_enabled = options_.today_enabled = true;
  options_.currency = "";
  kubecost_.configs = {200, R"({"code":200,"data":{"currencyCode":"EUR"}})", "application/json", "", {}, {}};
  Restart();
  kubecost_.FailWith(500);
  for (int i = 0; i < 300; ++i) kubecost_.clock.Advance(Poll());
  EXPECT_TRUE(Has("kubecost_exporter_up 0"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"hour\"} 0"));
  kubecost_.override.reset();
  kubecost_.clock.Advance(absl::Minutes(12));
  Poll();
  EXPECT_NE(store_.Current()->hour, nullptr);
  EXPECT_NE(store_.Current()->today, nullptr);
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  EXPECT_TRUE(absl::StrContains(registry_->Serialize(), "currency=\"EUR\""));
}

TEST_F(PollerTest, ADateThatIsSetMakesNoDurationOfIt) {
  Poll();
  kubecost_.clock.Set(kNoon - absl::Hours(5));
  kubecost_.clock.Advance(absl::Hours(1));
  kubecost_.total = 2;
  Poll();
  EXPECT_EQ(PodTotal(), 2) << "an hour has passed, whatever the date says";
  kubecost_.clock.Set(kNoon + absl::Hours(5));
  EXPECT_LE(poller_->TimeSinceProgress(), absl::Minutes(1));
}

TEST_F(PollerTest, RecomputationBetweenTheTwoClusterReadsIsInconsistent) {
  Poll();
  kubecost_.recomputing = true;
  PollAt(kNoon + absl::Hours(1));
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"inconsistent\"} 1"));
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"day\"} 0"));
  EXPECT_TRUE(Has("kubecost_exporter_up 1")) << "each answer was valid";
  EXPECT_EQ(PodTotal(), 1);
}

TEST_F(PollerTest, ClusterInfoIsMirroredAndTheLastGoodOneIsKept) {
  Poll();
  ASSERT_NE(store_.Current()->cluster_info, nullptr);
  EXPECT_EQ(*store_.Current()->cluster_info, "{cluster=\"c1\",id=\"c1\",name=\"c1\"} ");
  kubecost_.cluster_info = {500, "", "", "", {}, {}};
  PollAt(kNoon + absl::Hours(1));
  EXPECT_EQ(*store_.Current()->cluster_info, "{cluster=\"c1\",id=\"c1\",name=\"c1\"} ");
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"cluster_info\"} 0"));
}

TEST_F(PollerTest, UpStaysDownWhileAnyViewFails) {
  kubecost_.cluster_info = {500, "", "", "", {}, {}};
  Poll();
  EXPECT_EQ(PodTotal(), 1);
  EXPECT_TRUE(Has("kubecost_exporter_up 0")) << "the day was read, cluster information was not";
  kubecost_.cluster_info = {200, R"({"code":200,"data":{"id":"c1"}})", "", "", {}, {}};
  kubecost_.clock.Advance(absl::Minutes(1));
  Poll();
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
}

TEST_F(PollerTest, WhenOneViewWorksAgainTheOthersAreTriedAtOnce) {
  kubecost_.FailWith(503);
  kubecost_.cluster_info = {503, "", "", "", {}, {}};
  for (int i = 0; i < 8; ++i) kubecost_.clock.Advance(Poll());
  kubecost_.override.reset();
  kubecost_.cluster_info = {200, R"({"code":200,"data":{"id":"c1"}})", "", "", {}, {}};
  Poll();
  EXPECT_EQ(PodTotal(), 1);
  EXPECT_NE(store_.Current()->cluster_info, nullptr);
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
}

TEST_F(PollerTest, AServerWithoutClusterInfoIsUp) {
  kubecost_.cluster_info = {404, "", "", "", {}, {}};
  Poll();
  EXPECT_TRUE(Has("kubecost_exporter_up 1"));
  PollAt(kNoon + absl::Minutes(5));
  EXPECT_TRUE(Has("kubecost_exporter_up 1")) << "also between two reads of the day";
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"cluster_info\"} 0"));
  EXPECT_EQ(store_.Current()->cluster_info, nullptr);
}

TEST_F(PollerTest, ClusterInfoWithoutIdIsAbsent) {
  kubecost_.cluster_info.body = R"({"code":200,"data":{"provider":"DigitalOcean"}})";
  Poll();
  EXPECT_EQ(store_.Current()->cluster_info, nullptr);
  EXPECT_TRUE(Has("kubecost_exporter_view_up{view=\"cluster_info\"} 1"));
}

TEST_F(PollerTest, ClusterInfoWithoutIdLeavesTheLastGoodOne) {
  Poll();
  kubecost_.cluster_info.body = R"({"code":200,"data":{}})";
  PollAt(kNoon + absl::Hours(1));
  EXPECT_NE(store_.Current()->cluster_info, nullptr);
}

TEST_F(PollerTest, ClusterInfoCanBeOff) {
  options_.cluster_info = ClusterInfoMode::kOff;
  Restart();
  Poll();
  for (const std::string& url : http_.urls) EXPECT_FALSE(absl::StrContains(url, "clusterInfo"));
  EXPECT_FALSE(absl::StrContains(registry_->Serialize(), "view=\"cluster_info\""));
}

TEST_F(PollerTest, SeveralClustersUnderOneNameAreRefused) {
  options_.cluster_name = "prod";
  Restart();
  kubecost_.override = FakeAnswer{
      200,
      R"({"code":200,"data":[{"a":{"properties":{"cluster":"a"},"window":{"start":"2026-11-19T00:00:00Z",)"
      R"("end":"2026-11-20T00:00:00Z"}},"b":{"properties":{"cluster":"b"},"window":{"start":"2026-11-19T00:00:00Z",)"
      R"("end":"2026-11-20T00:00:00Z"}}}]})",
      "application/json",
      "",
      {},
      {}};
  Poll();
  EXPECT_TRUE(Has("kubecost_exporter_api_errors_total{reason=\"multi_cluster\"} 1"));
  EXPECT_EQ(PodTotal(), -1);
}

TEST_F(PollerTest, CostsThatAreNotNumbersAreLoggedOnceUntilTheyHaveBeen) {
  const auto warnings = [this](absl::Time time) {
    testing::internal::CaptureStderr();
    PollAt(time);
    const std::string log = testing::internal::GetCapturedStderr();
    const size_t at = log.find("costs are not numbers");
    EXPECT_TRUE(at == std::string::npos ||
                absl::StrContains(log, R"(view=day day=2026-11-19 first="row \"row\": ramCost)"))
        << log;
    return at != std::string::npos;
  };
  options_.day_refresh_max = options_.day_refresh;
  kubecost_.memory = "\"2\"";
  EXPECT_TRUE(warnings(kNoon));
  EXPECT_EQ(PodTotal(), 1) << "what is known is served";
  EXPECT_FALSE(warnings(kNoon + absl::Hours(1)));
  kubecost_.memory = "0";
  EXPECT_FALSE(warnings(kNoon + absl::Hours(2)));
  kubecost_.memory = "null";
  EXPECT_TRUE(warnings(kNoon + absl::Hours(3)));
  kubecost_.FailWith(503);
  EXPECT_FALSE(warnings(kNoon + absl::Hours(4)));
  kubecost_.override.reset();
  EXPECT_FALSE(warnings(kNoon + absl::Hours(5))) << "a failure does not end it";
}

TEST_F(PollerTest, ACurrencyIsReadAsItIsMeantOrLeftOut) {
  options_.currency.clear();
  options_.compat_cloudtuner = true;
  const struct {
    absl::string_view told, code;
    bool warns;
  } cases[] = {{R"({"currencyCode":"eur"})", "EUR", false}, {R"({"currencyCode":" Chf\n"})", "CHF", false},
               {R"({"currencyCode":"USD"})", "USD", false}, {R"({"currencyCode":""})", "USD", false},
               {R"({"currencyCode":" "})", "USD", false},   {R"({"discount":"30%"})", "USD", false},
               {R"({"currencyCode":"\u20ac"})", "", true},  {R"({"currencyCode":"US dollars"})", "", true}};
  for (const auto& [told, code, warns] : cases) {
    kubecost_.configs = {200, absl::StrCat(R"({"code":200,"data":)", told, "}"), "application/json", "", {}, {}};
    Restart();
    kubecost_.clock.Advance(absl::Hours(1));
    testing::internal::CaptureStderr();
    Poll();
    EXPECT_EQ(absl::StrContains(testing::internal::GetCapturedStderr(), "is not an ISO 4217 code"), warns) << told;
    EXPECT_TRUE(absl::StrContains(registry_->Serialize(), absl::StrCat(",currency=\"", code, "\","))) << told;
    EXPECT_EQ(store_.Current()->compat_currency, code) << told;
    EXPECT_EQ(reports_.Current()->currency, code) << told;
    testing::internal::CaptureStderr();
    kubecost_.clock.Advance(absl::Hours(25));
    Poll();
    EXPECT_EQ(testing::internal::GetCapturedStderr().find("ISO 4217"), std::string::npos) << "once";
  }
}

TEST_F(PollerTest, DaysBeginAtTheUtcOffset) {
  options_.day_utc_offset = absl::Hours(2);
  Restart();
  Poll();
  EXPECT_TRUE(Has("kubecost_exporter_day_start_timestamp_seconds 1795039200"));  // 22:00 UTC of the day before
}

TEST_F(PollerTest, AStopIsNotCountedAsAFailure) {
  stop_.request_stop();
  Poll();
  EXPECT_TRUE(http_.urls.empty());
  EXPECT_TRUE(Has("kubecost_exporter_polls_total{result=\"error\",view=\"day\"} 0"));
}

TEST_F(PollerTest, RunSleepsInSlicesAndMakesProgress) {
  int polls = 0;
  kubecost_.clock.sleeps.clear();
  fakes::FakeHttpClient http(
      [&](const std::string& url) {
        if (++polls > 10) stop_.request_stop();
        return kubecost_.Answer(url);
      },
      4096);
  Poller poller(options_, kubecost_.clock, http, store_, reports_, scrapes_, *self_);
  poller.Run(stop_.get_token());
  ASSERT_FALSE(kubecost_.clock.sleeps.empty());
  for (const absl::Duration sleep : kubecost_.clock.sleeps) EXPECT_LE(sleep, absl::Seconds(15));
  EXPECT_LE(poller.TimeSinceProgress(), absl::Seconds(15));
  kubecost_.clock.Advance(absl::Hours(1));
  EXPECT_GE(poller.TimeSinceProgress(), absl::Hours(1)) << "a loop that has ended, or hangs, is seen";
}

}  // namespace
}  // namespace polling
