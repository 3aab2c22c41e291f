#include "tests/simulator/world.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "tests/simulator/aggregate.h"
#include "tests/simulator/json_text.h"

namespace simulator {
namespace {

constexpr int64_t kNow = 1772721000;            // 2026-03-05 14:30
constexpr int64_t kToday = kNow / kDay * kDay;  // UTC
constexpr Span kSettledDay = {kToday - 4 * kDay, kToday - 3 * kDay};

SimulatorOptions Options(int pods) {
  SimulatorOptions options;
  options.pods = pods;
  return options;
}

Conditions At(int64_t now) {
  Conditions conditions;
  conditions.now = now;
  conditions.adjustments = true;
  conditions.share_tenancy = true;
  return conditions;
}

Figures Total(const World& world, Span window, int64_t now) {
  Figures total{};
  world.ForEachAtom(window, At(now), nullptr, [&](const Atom& atom) {
    for (size_t i = 0; i < kFigureCount; ++i) total[i] += atom.figures[i];
  });
  return total;
}

TEST(WorldTest, EqualOptionsGiveEqualFigures) {
  const Figures a = Total(World(Options(200)), kSettledDay, kNow);
  EXPECT_EQ(a, Total(World(Options(200)), kSettledDay, kNow));
  SimulatorOptions other = Options(200);
  other.seed = 2;
  EXPECT_NE(a, Total(World(other), kSettledDay, kNow));
}

TEST(WorldTest, HoursAddUpToTheirDay) {
  const World world(Options(200));
  const Figures day = Total(world, kSettledDay, kNow);
  Figures hours{};
  for (int64_t t = kSettledDay.start; t < kSettledDay.end; t += kHour) {
    const Figures hour = Total(world, {t, t + kHour}, kNow);
    for (size_t i = 0; i < kFigureCount; ++i) hours[i] += hour[i];
  }
  for (size_t i = 0; i < kFigureCount; ++i) {
    EXPECT_NEAR(hours[i], day[i], std::fabs(day[i]) * 1e-9 + 1e-9) << i;
  }
}

TEST(WorldTest, TenPodsShowEveryKindOfRow) {
  const World world(Options(10));
  std::set<std::string> kinds;
  std::map<std::string, std::set<std::string>> nodes_of_stateful_pods;
  bool without_namespace = false;
  bool unmounted = false;
  bool claim = false;
  world.ForEachAtom(kSettledDay, At(kNow), nullptr, [&](const Atom& atom) {
    kinds.insert(std::string(atom.id.kind));
    if (atom.id.kind == "statefulset") {
      nodes_of_stateful_pods[std::string(atom.id.pod)].insert(std::string(atom.id.node));
    }
    without_namespace = without_namespace || atom.id.namespace_name.empty();
    unmounted = unmounted || atom.id.namespace_name == "__unmounted__";
    claim = claim || atom.id.pod == "kube-system-unmounted-pvcs";
  });
  EXPECT_EQ(kinds, (std::set<std::string>{"", "daemonset", "deployment", "job", "statefulset"}));
  bool moved = false;
  for (const auto& entry : nodes_of_stateful_pods) moved = moved || entry.second.size() == 2;
  EXPECT_TRUE(moved);
  EXPECT_TRUE(without_namespace);
  EXPECT_TRUE(unmounted);
  EXPECT_TRUE(claim);
}

TEST(WorldTest, SameStatefulPodNameInSeveralNamespacesAndClusters) {
  SimulatorOptions options = Options(500);
  options.clusters = 2;
  const World world(options);
  std::set<std::string> namespaces;
  std::set<std::string> clusters;
  world.ForEachAtom(kSettledDay, At(kNow), nullptr, [&](const Atom& atom) {
    if (atom.id.pod != "db-0-0") return;
    namespaces.insert(std::string(atom.id.namespace_name));
    clusters.insert(std::string(atom.id.cluster));
  });
  EXPECT_GT(namespaces.size(), 1u);
  EXPECT_EQ(clusters.size(), 2u);
}

TEST(WorldTest, AdjustmentsComeADayLaterAndSettleInTwo) {
  const World world(Options(200));
  const auto adjustment = [&](int64_t hours_after_end) {
    return Total(world, kSettledDay, kSettledDay.end + hours_after_end * kHour)[kCpuAdjustment];
  };
  EXPECT_EQ(adjustment(23), 0);
  EXPECT_NE(adjustment(24), 0);
  EXPECT_NE(adjustment(24), adjustment(48));
  EXPECT_EQ(adjustment(48), adjustment(200));
}

TEST(WorldTest, NothingIsKnownOfTheFutureOrBeforeTheHistory) {
  SimulatorOptions options = Options(20);
  options.history_days = 5;
  const World world(options);
  const auto seconds = [&](Span window) { return Total(world, window, kNow)[kCpuCoreHours]; };
  EXPECT_EQ(seconds({kNow, kNow + kDay}), 0);
  EXPECT_EQ(seconds({kToday - 6 * kDay, kToday - 5 * kDay}), 0);
  EXPECT_GT(seconds({kToday - 5 * kDay, kToday - 4 * kDay}), 0);
  EXPECT_GT(seconds({kToday, kToday + kDay}), 0);
  world.ForEachAtom({kToday, kToday + kDay}, At(kNow), nullptr,
                    [](const Atom& atom) { EXPECT_LE(atom.span.end, kNow); });
}

TEST(WorldTest, AStopEndsTheEnumeration) {
  const World world(Options(2000));
  const std::atomic<bool> stop{true};
  EXPECT_FALSE(world.ForEachAtom(kSettledDay, At(kNow), &stop, [](const Atom&) { FAIL(); }));
}

TEST(JsonTextTest, NumbersAreWrittenAsGoDoes) {
  const auto rounded = [](double value) {
    std::string out;
    AppendRounded(value, out);
    return out;
  };
  EXPECT_EQ(rounded(0), "0");
  EXPECT_EQ(rounded(1440), "1440");
  EXPECT_EQ(rounded(100000), "100000");
  EXPECT_EQ(rounded(0.0093812), "0.00938");
  EXPECT_EQ(rounded(-0.5), "-0.5");
  EXPECT_EQ(rounded(-0.000001), "-0");
  EXPECT_EQ(rounded(0.000005), "0.00001");
  EXPECT_EQ(rounded(21378389.333333), "21378389.33333");
  EXPECT_EQ(rounded(33854012871.123456), "33854012871.12346");
  std::string large;
  AppendShortest(1e20, large);
  EXPECT_EQ(large, "100000000000000000000");
  EXPECT_EQ(rounded(-2.5e18), "-2500000000000000000");
  EXPECT_EQ(rounded(std::nan("")), "null");
}

TEST(JsonTextTest, StringsAreEscapedAsGoDoes) {
  std::string out;
  AppendJsonString("<a href=\"\\\">&\n\t\x01", out);
  EXPECT_EQ(out, R"("\u003ca href=\"\\\"\u003e\u0026\n\t\u0001")");
}

TEST(JsonTextTest, TimesCarryTheOffset) {
  std::string out;
  AppendTime(kNow, 0, out);
  AppendTime(kNow, 5 * kHour + kHour / 2, out);
  AppendTime(kNow, -3 * kHour, out);
  EXPECT_EQ(out, "2026-03-05T14:30:00Z2026-03-05T20:00:00+05:302026-03-05T11:30:00-03:00");
}

}  // namespace
}  // namespace simulator
