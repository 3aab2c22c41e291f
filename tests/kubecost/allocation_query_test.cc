#include "kubecost/allocation_query.h"

#include <gtest/gtest.h>

#include "base/day.h"

namespace kubecost {
namespace {

absl::Time Utc(int year, int month, int day, int hour = 0, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), absl::UTCTimeZone());
}

const base::Window kDay = {Utc(2026, 11, 19), Utc(2026, 11, 20)};

TEST(QueryStringTest, EveryParameterInWhichTheProductsDifferIsSent) {
  EXPECT_EQ(QueryString({kDay, Level::kPod}, {}),
            "window=2026-11-19T00:00:00Z,2026-11-20T00:00:00Z"
            "&aggregate=cluster,namespace,pod,node,controllerKind,controller"
            "&accumulate=true&costMetric=cumulative&external=false"
            "&shareIdle=false&idle=true&includeIdle=true&splitIdle=true&shareTenancyCosts=true");
}

TEST(QueryStringTest, LevelsAggregateByTheirIdentity) {
  EXPECT_NE(QueryString({kDay, Level::kCluster}, {}).find("&aggregate=cluster&"), std::string::npos);
  EXPECT_NE(QueryString({kDay, Level::kNamespace}, {}).find("&aggregate=cluster,namespace&"), std::string::npos);
}

TEST(QueryStringTest, IdleModes) {
  QuerySettings settings;
  settings.idle = IdleMode::kShare;
  EXPECT_NE(
      QueryString({kDay, Level::kPod}, settings).find("&shareIdle=true&idle=true&includeIdle=true&splitIdle=true"),
      std::string::npos);
  settings.idle = IdleMode::kOff;
  EXPECT_NE(
      QueryString({kDay, Level::kPod}, settings).find("&shareIdle=false&idle=false&includeIdle=false&splitIdle=false"),
      std::string::npos);
}

TEST(QueryStringTest, TenancyCostsCanBeKeptApart) {
  QuerySettings settings;
  settings.share_tenancy_costs = false;
  EXPECT_NE(QueryString({kDay, Level::kPod}, settings).find("&shareTenancyCosts=false"), std::string::npos);
}

TEST(QueryStringTest, FilterAndSharesArePercentEncoded) {
  QuerySettings settings;
  settings.filter = "namespace:\"a\",\"b\"+label[app]:\"x y\"";
  settings.share_namespaces = "kube-system,infra";
  settings.share_labels = "app:nginx";
  const std::string query = QueryString({kDay, Level::kPod}, settings);
  EXPECT_NE(query.find("&filter=namespace%3A%22a%22%2C%22b%22%2Blabel%5Bapp%5D%3A%22x%20y%22"), std::string::npos);
  EXPECT_NE(query.find("&shareNamespaces=kube-system%2Cinfra"), std::string::npos);
  EXPECT_NE(query.find("&shareLabels=app%3Anginx"), std::string::npos);
}

TEST(QueryStringTest, APartAsksForItsNamespacesAndLeavesIdleOut) {
  QuerySettings settings;
  AllocationQuery part = {kDay, Level::kPod};
  part.namespaces = {"a", "b\"\\"};
  std::string query = QueryString(part, settings);
  EXPECT_NE(query.find("&filter=namespace%3A%22a%22%2C%22b%5C%22%5C%5C%22"), std::string::npos) << query;
  EXPECT_NE(query.find("&idle=false&includeIdle=false&splitIdle=false"), std::string::npos) << query;
  // The user's filter stays in force, whatever its operators.
  settings.filter = "node:\"x\"|node:\"y\"";
  part.namespaces = {"a"};
  query = QueryString(part, settings);
  EXPECT_NE(query.find("&filter=%28node%3A%22x%22%7Cnode%3A%22y%22%29%2Bnamespace%3A%22a%22"), std::string::npos)
      << query;
  // Shared idle cost belongs to the workloads.
  settings.idle = IdleMode::kShare;
  EXPECT_NE(QueryString(part, settings).find("&shareIdle=true&idle=true"), std::string::npos);
}

TEST(QueryStringTest, OneSetNeedsNoAddingUp) {
  EXPECT_NE(QueryString({kDay, Level::kPod}, {}, false).find("&accumulate=false&"), std::string::npos);
  EXPECT_EQ(QueryString({kDay, Level::kPod}, {}, false).find("&step="), std::string::npos);
}

TEST(QueryStringTest, DaysOneByOneForBothProducts) {
  AllocationQuery query = {kDay, Level::kCluster};
  query.by_day = true;
  const std::string text = QueryString(query, {});
  EXPECT_NE(text.find("&accumulate=false&"), std::string::npos) << text;
  EXPECT_NE(text.find("&step=1d"), std::string::npos) << text;
}

TEST(DayOfTest, DaysBeginAtTheOffset) {
  EXPECT_EQ(base::DayOf(Utc(2026, 11, 19, 23, 59), absl::ZeroDuration()), kDay);
  EXPECT_EQ(base::DayOf(Utc(2026, 11, 19), absl::ZeroDuration()), kDay);
  EXPECT_EQ(base::DayOf(Utc(2026, 11, 19), absl::Hours(-8)),
            (base::Window{Utc(2026, 11, 18, 8), Utc(2026, 11, 19, 8)}));
}

TEST(WindowTextTest, IsAPairOfUtcTimes) {
  EXPECT_EQ(WindowText({Utc(2026, 1, 1, 22), Utc(2026, 1, 2, 22)}), "2026-01-01T22:00:00Z,2026-01-02T22:00:00Z");
}

TEST(NewestCompleteDayTest, ADayIsCompleteTwoHoursAfterItsEnd) {
  const absl::Duration delay = absl::Hours(2);
  EXPECT_EQ(base::NewestCompleteDay(Utc(2026, 11, 20, 1, 59), absl::ZeroDuration(), delay),
            (base::Window{Utc(2026, 11, 18), Utc(2026, 11, 19)}));
  EXPECT_EQ(base::NewestCompleteDay(Utc(2026, 11, 20, 2), absl::ZeroDuration(), delay), kDay);
  EXPECT_EQ(base::NewestCompleteDay(Utc(2026, 11, 21, 1, 59), absl::ZeroDuration(), delay), kDay);
}

TEST(NewestCompleteDayTest, DaysBeginAtTheOffset) {
  // At +05:30 midnight is 18:30 UTC of the day before.
  const absl::Duration offset = absl::Hours(5) + absl::Minutes(30);
  EXPECT_EQ(base::NewestCompleteDay(Utc(2026, 11, 20, 12), offset, absl::Hours(2)),
            (base::Window{Utc(2026, 11, 18, 18, 30), Utc(2026, 11, 19, 18, 30)}));
  EXPECT_EQ(base::NewestCompleteDay(Utc(2026, 11, 20, 12), -absl::Hours(8), absl::Hours(2)),
            (base::Window{Utc(2026, 11, 19, 8), Utc(2026, 11, 20, 8)}));
}

TEST(NewestCompleteDayTest, MonthAndYearEnds) {
  EXPECT_EQ(base::NewestCompleteDay(Utc(2027, 1, 1, 3), absl::ZeroDuration(), absl::Hours(2)),
            (base::Window{Utc(2026, 12, 31), Utc(2027, 1, 1)}));
  EXPECT_EQ(base::NewestCompleteDay(Utc(2028, 3, 1, 3), absl::ZeroDuration(), absl::Hours(2)),
            (base::Window{Utc(2028, 2, 29), Utc(2028, 3, 1)}));
}

}  // namespace
}  // namespace kubecost
