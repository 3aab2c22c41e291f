// Also tests metrics/json.h
#include "metrics/csv.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "metrics/json.h"
#include "metrics/table_builder.h"

namespace metrics {
namespace {

using kubecost::Allocation;
using kubecost::kUnknown;
using kubecost::Resource;

constexpr char kHeader[] =
    "date,cluster,namespace,pod,node,controller_kind,controller,cpu,gpu,memory,pv,network,load_balancer,shared,"
    "external,"
    "total,currency,cpu_efficiency,memory_efficiency,total_efficiency,reason\n";

Allocation Row(const char* namespace_name, const char* pod) {
  Allocation row;
  row.properties = {"c1", "node-1", namespace_name, "deployment", "cart", pod};
  row.costs = {0.6, 0, 0.25, 0.1, 0.05, 0, 0, 0};
  row.total_cost = 1;
  row.efficiency = {0.5, 1.25, kUnknown};
  return row;
}

// The levels have the same rows, as if all were asked for by pod.
std::vector<ServedDay> DayOf(const std::vector<Allocation>& rows) {
  LevelTables read;
  const absl::Time start = absl::FromCivil(absl::CivilDay(2026, 11, 19), absl::UTCTimeZone());
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (const Allocation& row : rows) builder.Add(row);
    read.table(level) = builder.Build(Columns::kEverything);
  }
  std::vector<ServedDay> day;
  for (const auto& facts : SplitByCluster({start, start + absl::Hours(24)}, "2026-11-19", true, std::move(read))) {
    day.push_back(ServedDayOf(facts, start + absl::Hours(27.5), false));
  }
  return day;
}

// What `write` makes of its BlockWriter.
template <typename WriteAll>
std::string Text(WriteAll write) {
  std::string text;
  BlockWriter out([&text](absl::string_view block) {
    absl::StrAppend(&text, block);
    return true;
  });
  write(out);
  EXPECT_TRUE(out.Flush());
  return text;
}

std::string Csv(const std::vector<std::vector<ServedDay>>& days) {
  return Text([&days](BlockWriter& out) {
    WriteCsvHeader(out);
    for (const std::vector<ServedDay>& day : days) WriteCsv(day, "EUR", out);
  });
}

std::string Json(const std::vector<std::vector<ServedDay>>& days, const std::vector<MissingDay>& missing = {}) {
  return Text([&](BlockWriter& out) {
    BeginJson("EUR", "+05:30", out);
    for (const std::vector<ServedDay>& day : days) WriteJson(day, &day == days.data(), out);
    EndJson(missing, out);
  });
}

TEST(WriteCsvTest, OneLineAPodAndDay) {
  const std::vector<ServedDay> day = DayOf({Row("checkout", "cart-1"), Row("web", "nginx")});
  constexpr absl::string_view kLines =
      "2026-11-19,c1,checkout,cart-1,node-1,deployment,cart,0.6,0,0.25,0.1,0.05,0,0,0,1,EUR,0.5,1.25,,\n"
      "2026-11-19,c1,web,nginx,node-1,deployment,cart,0.6,0,0.25,0.1,0.05,0,0,0,1,EUR,0.5,1.25,,\n";
  EXPECT_EQ(Csv({day, day}), absl::StrCat(kHeader, kLines, kLines)) << "one header line";
}

TEST(WriteCsvTest, NamesAreQuotedWhereNeededAndNeverChanged) {
  Allocation row = Row("a,b", "say\"hi\"\nback\\slash");
  row.properties.controller = "x\",controller=\"y";
  row.properties.controller_kind = "=1+1";
  row.properties.node = "";
  EXPECT_EQ(Csv({DayOf({row})}),
            absl::StrCat(kHeader,
                         "2026-11-19,c1,\"a,b\",\"say\"\"hi\"\"\nback\\slash\",,=1+1,\"x\"\",controller=\"\"y\","
                         "0.6,0,0.25,0.1,0.05,0,0,0,1,EUR,0.5,1.25,,\n"));
}

TEST(WriteCsvTest, ZeroIsNotUnknown) {
  Allocation row = Row("a", "p");
  row.costs[static_cast<size_t>(Resource::kGpu)] = kUnknown;
  row.has_null_cost = true;
  row.efficiency = {};
  EXPECT_EQ(Csv({DayOf({row})}),
            absl::StrCat(kHeader, "2026-11-19,c1,a,p,node-1,deployment,cart,0.6,,0.25,0.1,0.05,0,0,0,1,EUR,,,,\n"));
  // A sum with an amount that is unknown is not known either.
  EXPECT_EQ(Csv({DayOf({row, Row("a", "p")})}),
            absl::StrCat(kHeader, "2026-11-19,c1,a,p,node-1,deployment,cart,1.2,,0.5,0.2,0.1,0,0,0,,EUR,,,,\n"));
}

TEST(WriteCsvTest, ClustersOneAfterTheOther) {
  Allocation west = Row("a", "p");
  west.properties.cluster = "c2";
  const std::vector<ServedDay> day = DayOf({west, Row("a", "p"), Row("b", "q")});
  ASSERT_EQ(day.size(), 2U);
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(Csv({day}), '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
    names.push_back(absl::StrJoin(fields.begin() + 1, fields.begin() + 4, ","));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"cluster,namespace,pod", "c1,a,p", "c1,b,q", "c2,a,p"}));
  const std::string json = Json({day});
  EXPECT_TRUE(absl::StrContains(json, "\n{\"cluster\":\"c1\",\"complete\"")) << json;
  EXPECT_TRUE(absl::StrContains(json, ",\n{\"cluster\":\"c2\",\"complete\"")) << json;
  EXPECT_TRUE(absl::StrContains(json, ",\n{\"cluster\":\"c2\",\"namespace\":\"a\",\"pod\"")) << json;
}

TEST(WriteCsvTest, TheReasonOfADoubtIsTheLastColumn) {
  std::vector<ServedDay> day = DayOf({Row("a", "p")});
  day[0].doubt = "shrunken";
  EXPECT_EQ(
      Csv({day}),
      absl::StrCat(kHeader,
                   "2026-11-19,c1,a,p,node-1,deployment,cart,0.6,0,0.25,0.1,0.05,0,0,0,1,EUR,0.5,1.25,,shrunken\n"));
  EXPECT_TRUE(absl::StrContains(Json({day}), "\"total_efficiency\":null,\"reason\":\"shrunken\"}],\n\"namespaces\""));
}

TEST(WriteCsvTest, EndsWhenNoMoreIsWanted) {
  std::vector<Allocation> rows;
  for (int i = 0; i < 5000; ++i) rows.push_back(Row("a", absl::StrCat("pod-", i).c_str()));
  size_t blocks = 0;
  BlockWriter out([&blocks](absl::string_view block) {
    EXPECT_LT(block.size(), BlockWriter::kBlockBytes + 200);
    return ++blocks < 2;
  });
  WriteCsv(DayOf(rows), "EUR", out);
  EXPECT_FALSE(out.Flush());
  EXPECT_EQ(blocks, 2U);
}

TEST(WriteJsonTest, ADay) {
  Allocation row = Row("checkout", "cart-\"1\"\\\n\x01");
  row.total_cost = 1;
  Allocation idle = Row("", "");
  idle.name = "c1/__idle__";
  idle.costs = {0.5, 0, 0, 0, 0, 0, 0, 0};
  idle.total_cost = 0.5;
  idle.efficiency = {};
  EXPECT_EQ(Json({DayOf({row, idle})}, {{"2026-11-18", "empty", "nothing \"there\""}}),
            R"({"currency":"EUR","utc_offset":"+05:30","days":[
{"date":"2026-11-19","window":{"start":"2026-11-19T00:00:00Z","end":"2026-11-20T00:00:00Z"},"read_at":"2026-11-20T03:30:00Z",
"clusters":[
{"cluster":"c1","complete":true,"settled":false,"coverage_ratio":null,"pods":2,"namespace_difference":0,"pod_difference":0,"cpu":1.1,"gpu":0,"memory":0.25,"pv":0.1,"network":0.05,"load_balancer":0,"shared":0,"external":0,"total":1.5,"idle":0.5,"unallocated":null,"unmounted":null,"cpu_efficiency":0.5,"memory_efficiency":1.25,"total_efficiency":null,"reason":""}],
"namespaces":[
{"cluster":"c1","namespace":"__idle__","cpu":0.5,"gpu":0,"memory":0,"pv":0,"network":0,"load_balancer":0,"shared":0,"external":0,"total":0.5,"cpu_efficiency":null,"memory_efficiency":null,"total_efficiency":null},
{"cluster":"c1","namespace":"checkout","cpu":0.6,"gpu":0,"memory":0.25,"pv":0.1,"network":0.05,"load_balancer":0,"shared":0,"external":0,"total":1,"cpu_efficiency":0.5,"memory_efficiency":1.25,"total_efficiency":null}],
"pods":[
{"cluster":"c1","namespace":"__idle__","pod":"__idle__","node":"","controller_kind":"","controller":"","cpu":0.5,"gpu":0,"memory":0,"pv":0,"network":0,"load_balancer":0,"shared":0,"external":0,"total":0.5,"cpu_efficiency":null,"memory_efficiency":null,"total_efficiency":null},
{"cluster":"c1","namespace":"checkout","pod":"cart-\"1\"\\\n\u0001","node":"node-1","controller_kind":"deployment","controller":"cart","cpu":0.6,"gpu":0,"memory":0.25,"pv":0.1,"network":0.05,"load_balancer":0,"shared":0,"external":0,"total":1,"cpu_efficiency":0.5,"memory_efficiency":1.25,"total_efficiency":null}]}],
"missing":[{"date":"2026-11-18","reason":"empty","error":"nothing \"there\""}]}
)");
}

TEST(WriteJsonTest, NoDaysAreAnObjectAsWell) {
  EXPECT_EQ(Json({}), "{\"currency\":\"EUR\",\"utc_offset\":\"+05:30\",\"days\":[],\n\"missing\":[]}\n");
}

}  // namespace
}  // namespace metrics
