// The hour and today, with a Kubecost in memory.
// Also tests exporter/polling/level_reader.h
#include "exporter/polling/live_view.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/day.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace polling {
namespace {

using base::Window;
using kubecost::Level;

absl::Time At(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, day, hour, minute), absl::UTCTimeZone());
}

class LiveViewTest : public testing::Test {
 protected:
  void Restart(View view) { view_ = std::make_unique<LiveView>(options_, view, client_, cluster_id_); }

  static absl::Duration Elapsed(absl::Time now) { return now - At(1, 0); }
  bool Advance(absl::Time now) { return view_->Advance(now, Elapsed(now)); }
  absl::Time DueAt(absl::Time now) {
    Advance(now);
    return At(1, 0) + view_->schedule().due;
  }

  // Polls and concludes as the poller does.
  absl::Status Poll(absl::Time now) {
    const absl::Status status = view_->Poll(now, Elapsed(now), {}).status();
    view_->schedule().was_polled = true;
    if (!status.ok()) is_taken_ = view_->TakeFailure(status, now, Elapsed(now));
    return status;
  }

  fakes::FakeAnswer Answer(const std::string& url) {
    const size_t from = url.find("window=") + 7;
    asked_ = url.substr(from, url.find('&', from) - from);
    const bool by_pod = url.find("aggregate=cluster,namespace,pod,") != std::string::npos;
    const std::string filter = url.find("filter=") == std::string::npos ? "" : url.substr(url.find("filter="));
    asks_.push_back(!by_pod ? "namespaces" : filter.empty() ? "pods" : "part");
    if (by_pod && (filter.empty() ? is_too_big_ : part_is_too_big_)) return {504, "", "text/html", "", {}, {}};
    if (status_ != 200) return {status_, "", "text/plain", "", {}, {}};
    if (!body_.empty()) return {200, body_, "application/json", "", {}, {}};
    std::string rows;
    const auto add = [&](absl::string_view name, absl::string_view pod, double total) {
      if (!filter.empty() && !absl::StrContains(filter, absl::StrCat("%22", name, "%22"))) return;
      absl::StrAppendFormat(&rows,
                            R"(%s"c/%s%s":{"properties":{"cluster":"c","namespace":"%s","pod":"%s"},"window":)"
                            R"({"start":"%s","end":"%s"},"totalCost":%g})",
                            rows.empty() ? "" : ",", name, pod, name, pod, asked_.substr(0, 20), asked_.substr(21),
                            total);
    };
    add("a", by_pod ? "p" : "", by_pod ? 0.1 : 0.2);
    if (by_pod) add("a", "q", 0.1);
    add("b", by_pod ? "r" : "", 0.1);
    if (!by_pod) add("__idle__", "", 0.5);
    return {200, absl::StrCat(R"({"code":200,"data":[{)", rows, "}]}"), "application/json", "", {}, {}};
  }

  // The questions since the last call.
  std::string Asks() { return absl::StrJoin(std::exchange(asks_, {}), " "); }

  std::vector<double> Totals(Level level) const { return view_->facts()->table(level).column(metrics::Column::kTotal); }

  Options options_;
  const std::string cluster_id_;
  std::string body_;
  int status_ = 200;
  bool is_too_big_ = false;
  bool part_is_too_big_ = false;
  std::vector<std::string> asks_;
  std::string asked_;
  bool is_taken_ = false;
  fakes::FakeHttpClient http_{[this](const std::string& url) { return Answer(url); }, 4096};
  fakes::FakeClock clock_{absl::UnixEpoch()};
  kubecost::AllocationClient client_{http_, clock_, options_.endpoint, options_.query,
                                     [](const kubecost::RequestRecord&) {}};
  std::unique_ptr<LiveView> view_;
};

TEST_F(LiveViewTest, AnHourIsReadAQuarterAfterItsEnd) {
  Restart(View::kHour);
  EXPECT_LE(DueAt(At(20, 12, 10)), At(20, 12, 10));
  ASSERT_TRUE(Poll(At(20, 12, 10)).ok());
  EXPECT_EQ(asked_, "2026-11-20T10:00:00Z,2026-11-20T11:00:00Z");
  EXPECT_EQ(DueAt(At(20, 12, 10)), At(20, 12, 15));
  ASSERT_TRUE(Poll(At(20, 12, 15)).ok());
  EXPECT_EQ(asked_, "2026-11-20T11:00:00Z,2026-11-20T12:00:00Z");
  EXPECT_EQ(DueAt(At(20, 12, 15)), At(20, 13, 15));
}

TEST_F(LiveViewTest, LevelsAreSummedFromTheOneAnswer) {
  Restart(View::kHour);
  ASSERT_TRUE(Poll(At(20, 12, 30)).ok());
  EXPECT_EQ(http_.urls.size(), 1U);
  EXPECT_EQ(Totals(Level::kPod), (std::vector<double>{0.1, 0.1, 0.1}));
  EXPECT_EQ(Totals(Level::kNamespace), (std::vector<double>{0.2, 0.1}));
  EXPECT_EQ(Totals(Level::kCluster), (std::vector<double>{0.3}));
}

TEST_F(LiveViewTest, PodsThatAreTooManyForOneAnswerAreReadInParts) {
  is_too_big_ = true;
  Restart(View::kHour);
  EXPECT_FALSE(Poll(At(20, 12, 15)).ok());
  EXPECT_FALSE(is_taken_) << "a failure as any other";
  EXPECT_EQ(Asks(), "pods");
  ASSERT_TRUE(Poll(At(20, 12, 20)).ok());
  EXPECT_EQ(Asks(), "namespaces part");
  EXPECT_EQ(Totals(Level::kPod), (std::vector<double>{0.5, 0.1, 0.1, 0.1}));
  EXPECT_EQ(Totals(Level::kNamespace), (std::vector<double>{0.5, 0.2, 0.1}));
  EXPECT_EQ(Totals(Level::kCluster), (std::vector<double>{0.8}));
  ASSERT_TRUE(Poll(At(20, 13, 15)).ok());
  EXPECT_EQ(Asks(), "namespaces part");
  is_too_big_ = false;
  ASSERT_TRUE(Poll(At(21, 1, 15)).ok());
  EXPECT_EQ(Asks(), "pods") << "a new day is tried as a whole";
}

TEST_F(LiveViewTest, TodayOfABigClusterIsOneQuestionOfTheNamespaces) {
  is_too_big_ = true;
  Restart(View::kToday);
  EXPECT_FALSE(Poll(At(20, 12, 10)).ok());
  Asks();
  ASSERT_TRUE(Poll(At(20, 12, 20)).ok());
  EXPECT_EQ(Asks(), "namespaces");
  EXPECT_EQ(view_->facts()->table(Level::kPod).rows(), 0U);
  EXPECT_EQ(Totals(Level::kCluster), (std::vector<double>{0.8}));
}

TEST_F(LiveViewTest, LevelsAboveAreServedThoughTheirPodsFail) {
  is_too_big_ = part_is_too_big_ = true;
  Restart(View::kHour);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(Poll(At(20, 12, 15 + i)).ok());
  EXPECT_FALSE(is_taken_);
  ASSERT_NE(view_->facts(), nullptr);
  EXPECT_EQ(view_->facts()->table(Level::kPod).rows(), 0U);
  EXPECT_EQ(Totals(Level::kNamespace), (std::vector<double>{0.5, 0.2, 0.1}));
  part_is_too_big_ = false;
  Asks();
  ASSERT_TRUE(Poll(At(20, 12, 40)).ok());
  EXPECT_EQ(Asks(), "namespaces part part") << "a namespace at a time by now";
}

TEST_F(LiveViewTest, HoursBeginWhereDaysDo) {
  options_.day_utc_offset = absl::Minutes(330);
  Restart(View::kHour);
  ASSERT_TRUE(Poll(At(20, 12, 50)).ok());
  EXPECT_EQ(asked_, "2026-11-20T11:30:00Z,2026-11-20T12:30:00Z");
}

TEST_F(LiveViewTest, TodayIsAskedForAsAWholeDayEveryHalfHour) {
  Restart(View::kToday);
  ASSERT_TRUE(Poll(At(20, 12, 10)).ok());
  EXPECT_EQ(asked_, "2026-11-20T00:00:00Z,2026-11-21T00:00:00Z");
  EXPECT_EQ(DueAt(At(20, 12, 10)), At(20, 12, 40));
  EXPECT_EQ(view_->facts()->table(Level::kPod).rows(), 0U);
  ASSERT_TRUE(Poll(At(20, 23, 50)).ok());
  EXPECT_EQ(DueAt(At(20, 23, 50)), At(21, 0, 15)) << "Kubecost knows nothing of a day that has just begun";
  options_.today_pods = true;
  ASSERT_TRUE(Poll(At(21, 0, 15)).ok());
  EXPECT_EQ(view_->facts()->table(Level::kPod).rows(), 3U);
  Restart(View::kToday);
  EXPECT_EQ(DueAt(At(21, 0, 5)), At(21, 0, 15));
}

TEST_F(LiveViewTest, OldFactsAreDropped) {
  Restart(View::kHour);
  ASSERT_TRUE(Poll(At(20, 12, 15)).ok());
  EXPECT_FALSE(Advance(At(20, 14, 15)));
  EXPECT_TRUE(Advance(At(20, 14, 16)));
  EXPECT_EQ(view_->facts(), nullptr);
  EXPECT_FALSE(Advance(At(20, 14, 16)));
  Restart(View::kToday);
  ASSERT_TRUE(Poll(At(20, 23, 50)).ok());
  EXPECT_FALSE(Advance(At(20, 23, 59)));
  EXPECT_TRUE(Advance(At(21, 0))) << "yesterday's";
}

TEST_F(LiveViewTest, AViewThatTheServerDoesNotHaveGoesOff) {
  body_ = R"({"code":200,"data":[null]})";
  Restart(View::kHour);
  for (int failure = 1; failure <= 3; ++failure) {
    EXPECT_FALSE(Poll(At(20, 11 + failure, 15)).ok());
    EXPECT_TRUE(is_taken_) << "not a failure of the server";
    EXPECT_EQ(DueAt(At(20, 11 + failure, 15)), At(20, 12 + failure, 15));
    EXPECT_TRUE(view_->schedule().support.TakeDay(Elapsed(At(20, 11 + failure, 30))));
  }
  EXPECT_FALSE(view_->schedule().support.is_off());
  EXPECT_FALSE(Poll(At(20, 15, 15)).ok());
  EXPECT_TRUE(view_->schedule().support.is_off());
  EXPECT_EQ(DueAt(At(20, 15, 15)), At(21, 15, 15));
  body_.clear();
  EXPECT_TRUE(Poll(At(21, 15, 15)).ok());
  EXPECT_FALSE(view_->schedule().support.is_off());
}

TEST_F(LiveViewTest, AServerThatIsStartingIsNotOneThatLacksTheView) {
  status_ = 500;
  Restart(View::kHour);
  for (int hour = 0; hour < 20; ++hour) {
    EXPECT_FALSE(Poll(At(20, hour, 15)).ok());
    EXPECT_FALSE(is_taken_) << "a failure, with the usual back-off";
  }
  EXPECT_FALSE(view_->schedule().support.is_off());
  for (int hour = 0; hour < 3; ++hour) {
    EXPECT_TRUE(view_->schedule().support.TakeDay(Elapsed(At(21, hour, 10))));
    EXPECT_FALSE(Poll(At(21, hour, 15)).ok());
  }
  EXPECT_TRUE(is_taken_);
  EXPECT_TRUE(view_->schedule().support.is_off()) << "days are read all the time";
}

TEST_F(LiveViewTest, OneThatHasWorkedFailsAsAnyOther) {
  Restart(View::kHour);
  ASSERT_TRUE(Poll(At(20, 12, 15)).ok());
  body_ = R"({"code":200,"data":[null]})";
  for (int hour = 13; hour < 20; ++hour) EXPECT_FALSE(Poll(At(20, hour, 15)).ok());
  EXPECT_FALSE(is_taken_);
  EXPECT_FALSE(view_->schedule().support.is_off());
}

TEST_F(LiveViewTest, AServerThatIsAwayIsNotOneThatLacksTheView) {
  Restart(View::kHour);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(view_->TakeFailure(kubecost::ApiError(kubecost::ErrorReason::kRefused, ""), At(20, 12), {}));
  }
  EXPECT_FALSE(view_->schedule().support.is_off());
}

}  // namespace
}  // namespace polling
