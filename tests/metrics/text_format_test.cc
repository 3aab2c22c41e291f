#include "metrics/text_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

#include "base/text.h"

namespace metrics {
namespace {

std::string Text(double value) {
  char buffer[kMaxNumberLength];
  return std::string(buffer, WriteNumber(value, buffer));
}

TEST(WriteNumberTest, ShortestText) {
  EXPECT_EQ(Text(0), "0");
  EXPECT_EQ(Text(-0.0), "0");
  EXPECT_EQ(Text(1), "1");
  EXPECT_EQ(Text(-186.57), "-186.57");
  EXPECT_EQ(Text(0.00001), "0.00001");
  EXPECT_EQ(Text(-0.00001), "-0.00001");
  EXPECT_EQ(Text(0.3), "0.3");
  EXPECT_EQ(Text(41.20731), "41.20731");
  EXPECT_EQ(Text(1440), "1440");
  EXPECT_EQ(Text(100.1), "100.1");
  EXPECT_EQ(Text(1795174512), "1795174512");
  EXPECT_EQ(Text(123456789.12345), "123456789.12345");
  EXPECT_EQ(Text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(Text(1e300), "1e+300");
  EXPECT_EQ(Text(4.9e-324), "5e-324");
}

TEST(WriteNumberTest, EveryDoubleReadsBackAsItself) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    double value = 0;
    if (i % 2 == 0) {
      value = std::round(std::uniform_real_distribution<double>(-1e6, 1e6)(random) * 1e5) / 1e5;
    } else {
      const uint64_t bits = random();
      static_assert(sizeof(bits) == sizeof(value));
      std::memcpy(&value, &bits, sizeof(value));
      if (!std::isfinite(value)) continue;
    }
    const std::string text = Text(value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    EXPECT_LE(text.size(), kMaxNumberLength);
  }
}

std::string Label(absl::string_view value) {
  std::string out;
  AppendLabelValue(value, out);
  return out;
}

TEST(AppendLabelValueTest, EscapesWhatTheFormatEscapes) {
  EXPECT_EQ(Label("plain"), "plain");
  EXPECT_EQ(Label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(Label("<script>{}=,"), "<script>{}=,");
  EXPECT_EQ(Label("größe-日本-😀"), "größe-日本-😀");
}

TEST(ReplaceInvalidUtf8Test, EveryKindOfInvalidSequence) {
  for (const char* invalid : {"\xff", "\xfe", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                              "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    const std::string text = std::string("a") + invalid + "b";
    EXPECT_FALSE(base::IsValidUtf8(text));
    const std::string valid = base::ReplaceInvalidUtf8(text);
    EXPECT_EQ(valid.substr(0, 4), "a\xEF\xBF\xBD");
    EXPECT_EQ(valid.back(), 'b');
    EXPECT_TRUE(base::IsValidUtf8(valid));
  }
}

TEST(ReplaceInvalidUtf8Test, ValidTextStays) {
  for (const char* text : {"", "plain", "größe-日本-😀", "\xEF\xBF\xBD", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(base::IsValidUtf8(text)) << text;
    EXPECT_EQ(base::ReplaceInvalidUtf8(text), text);
  }
}

TEST(AppendHeaderTest, EscapesHelp) {
  std::string out;
  AppendHeader({"kubecost_x", "a\\b\nc \"d\"", Type::kGauge, "", Source::kDay, Level::kPod, Column::kTotal}, out);
  EXPECT_EQ(out, "# HELP kubecost_x a\\\\b\\nc \"d\"\n# TYPE kubecost_x gauge\n");
}

// Names that Kubecost and its rules already own in the same Prometheus (metric contract, "Names already taken").
TEST(FamilyTest, NoNameIsTakenAlready) {
  const char* taken[] = {"kubecost_pod_network_egress_bytes_total",
                         "kubecost_pod_network_ingress_bytes_total",
                         "kubecost_allocation_data_status",
                         "kubecost_asset_data_status",
                         "kubecost_load_balancer_cost",
                         "kubecost_cluster_management_cost",
                         "kubecost_node_is_spot",
                         "kubecost_pv_info",
                         "kubecost_cluster_memory_working_set_bytes"};
  for (const Family& family : kFamilies) {
    for (const char* name : taken) EXPECT_NE(family.name, name);
    for (const char* prefix : {"kubecost_network_", "kubecost_http_", "kubecost_savings_", "kubecost_container_"}) {
      EXPECT_NE(family.name.substr(0, std::strlen(prefix)), prefix);
    }
  }
}

TEST(FamilyTest, EveryNameIsOurs) {
  for (const Family& family : kFamilies) {
    const bool is_ours = family.name.substr(0, 9) == "kubecost_" || family.name.substr(0, 8) == "process_" ||
                         family.source == Source::kCompat;
    EXPECT_TRUE(is_ours) << family.name;
    EXPECT_EQ(family.name.find(':'), absl::string_view::npos);
    EXPECT_FALSE(family.help.empty());
  }
}

}  // namespace
}  // namespace metrics
