// Windows that are not a closed day: an hour, and today with its end ahead.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/simulator/simulator.h"
#include "tests/simulator/test_client.h"

namespace simulator {
namespace {

const absl::Time kMidnight = absl::FromUnixSeconds(1772668800);  // 2026-03-05
// Within a second, too.
const absl::Time kNow = kMidnight + absl::Hours(14) + absl::Minutes(30) + absl::Seconds(7) + absl::Milliseconds(600);

constexpr char kPods[] = "aggregate=cluster,namespace,pod,node,controllerKind,controller";

SimulatorOptions Options(Product product = Product::kKubecost) {
  SimulatorOptions options;
  options.product = product;
  options.pods = 200;
  options.clusters = 2;
  options.now = [] { return kNow; };
  return options;
}

std::string Text(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

Json Pods(const Simulator& server, absl::Time start, absl::Time end, const std::string& prefix = "/model") {
  return GetData(server.port(), absl::StrCat(prefix, "/allocation?window=", Text(start), ",", Text(end),
                                             "&accumulate=true&splitIdle=true&", "idle=true&includeIdle=true&", kPods))
      .items.at(0);
}

double Sum(const std::vector<OracleEntry>& entries) {
  double sum = 0;
  for (const OracleEntry& entry : entries) sum += entry.total.value();
  return sum;
}

// Every row lies within the window asked for and before `now`, and all levels of the oracle know the same.
void Check(const Simulator& server, absl::Time start, absl::Time end, const std::string& prefix = "/model") {
  const Json set = Pods(server, start, end, prefix);
  ASSERT_GT(set.members.size(), 50u);
  const std::string known = Text(std::min(end, server.Now()));
  for (const auto& [name, row] : set.members) {
    EXPECT_EQ(row["window"]["start"].text, Text(start)) << name;
    EXPECT_EQ(row["window"]["end"].text, Text(end)) << name;
    EXPECT_GE(row["start"].text, Text(start)) << name;
    EXPECT_LE(row["end"].text, known) << name;
    EXPECT_LT(row["start"].text, row["end"].text) << name;
  }
  const auto pods = server.Oracle(start, end, Level::kPod);
  EXPECT_NEAR(Sum(pods), SumOf(set, "totalCost"), 1e-9);
  const double bound = 5e-6 * static_cast<double>(set.members.size() + 50);
  EXPECT_NEAR(Sum(server.Oracle(start, end, Level::kNamespace)), Sum(pods), bound);
  EXPECT_NEAR(Sum(server.Oracle(start, end, Level::kCluster)), Sum(pods), bound);
}

TEST(LiveWindowTest, AnHour) {
  Simulator kubecost(Options());
  Check(kubecost, kMidnight + absl::Hours(13), kMidnight + absl::Hours(14));
  Simulator opencost(Options(Product::kOpenCost));
  Check(opencost, kMidnight + absl::Hours(13), kMidnight + absl::Hours(14), "");
  // An hour that is not over.
  Check(kubecost, kMidnight + absl::Hours(14), kMidnight + absl::Hours(15));
}

TEST(LiveWindowTest, TodayKnowsWhatHasHappened) {
  Simulator kubecost(Options());
  Check(kubecost, kMidnight, kMidnight + absl::Hours(24));
  Simulator opencost(Options(Product::kOpenCost));
  Check(opencost, kMidnight, kMidnight + absl::Hours(24), "");
}

TEST(LiveWindowTest, TheHoursOfADayAreTheDay) {
  Simulator server(Options());
  double hours = 0;
  for (int hour = 0; hour < 15; ++hour) {
    const absl::Time start = kMidnight + absl::Hours(hour);
    hours += Sum(server.Oracle(start, start + absl::Hours(1), Level::kNamespace));
  }
  const double today = Sum(server.Oracle(kMidnight, kMidnight + absl::Hours(24), Level::kPod));
  EXPECT_NEAR(hours, today, 1e-2);
}

TEST(LiveWindowTest, TodayGrowsWithEachSecondAndTheLastHourStays) {
  Simulator server(Options());
  const auto today = [&] { return Sum(server.Oracle(kMidnight, kMidnight + absl::Hours(24), Level::kCluster)); };
  const auto hour = [&] { return Pods(server, kMidnight + absl::Hours(13), kMidnight + absl::Hours(14)); };
  const double before = today();
  const double of_hour = SumOf(hour(), "totalCost");
  server.SetNow(kNow + absl::Milliseconds(300));  // the same second
  EXPECT_EQ(today(), before);
  server.SetNow(kNow + absl::Minutes(1));
  EXPECT_GT(today(), before);
  EXPECT_EQ(SumOf(hour(), "totalCost"), of_hour);
}

TEST(LiveWindowTest, NothingIsKnownAtMidnight) {
  Simulator server(Options());
  server.SetNow(kMidnight);
  EXPECT_TRUE(Pods(server, kMidnight, kMidnight + absl::Hours(24)).members.empty());
  EXPECT_TRUE(server.Oracle(kMidnight, kMidnight + absl::Hours(24), Level::kPod).empty());
}

}  // namespace
}  // namespace simulator
