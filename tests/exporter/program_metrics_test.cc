// All families that the rooms register, in one registry: what the table of families promises.
// Also tests metrics/registry.h
// Also tests exporter/web/metrics.h
// Also tests metrics/process_stats.h
#include "exporter/program_metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "exporter/polling/metrics.h"
#include "exporter/web/metrics.h"
#include "kubecost/api_error.h"
#include "metrics/family.h"
#include "metrics/registry.h"
#include "metrics/table_builder.h"

namespace exporter {
namespace {

struct SelfMetrics {
  metrics::Registry registry;
  ProgramMetrics program{registry, true};
  polling::Metrics polling{registry, polling::Options()};
  web::Metrics web{registry};

  std::string Serialize() const { return registry.Serialize(); }
};

// Everything told once, so that every family has a sample.
void TellAll(SelfMetrics& self) {
  self.polling.CountRequest({"/model/allocation", 200, 1234, absl::OkStatus(), {}, {}});
  self.polling.CountPoll("day", true, absl::Seconds(2), absl::FromUnixSeconds(1795176000));
  metrics::Snapshot snapshot;
  auto day = std::make_shared<metrics::DayFacts>();
  day->window = {absl::FromUnixSeconds(1795046400), absl::FromUnixSeconds(1795132800)};
  snapshot.day = {day};
  auto hour = std::make_shared<metrics::LiveFacts>();
  hour->window = {day->window.start, day->window.start + absl::Hours(1)};
  metrics::TableBuilder pods(metrics::Level::kPod, "", 0);
  kubecost::Allocation row;
  row.properties = {"c", "", "n", "", "", "p"};
  row.extent = hour->window;
  pods.Add(row);
  hour->table(metrics::Level::kPod) = pods.Build();
  snapshot.hour = hour;
  self.polling.SetSnapshot(snapshot);
  self.polling.SetMergedRows(3);
  self.polling.CountUnsound("c1", "inconsistent");
  self.polling.SetClockDifference(absl::Seconds(2));
  self.web.CountScrape(4567);
  kubecost::Access access;
  access.ca_not_after = absl::FromUnixSeconds(1800000000);
  self.program.SetFile({{"kubecost.ca-file"}, {"/ca.crt"}, absl::OkStatus(), true, true}, access);
  self.web.SetWebConfig(absl::FromUnixSeconds(1), absl::FromUnixSeconds(2));
}

TEST(SelfMetricsTest, ServesExactlyTheFamiliesOfTheTable) {
  SelfMetrics self;
  TellAll(self);
  std::set<std::string> served;
  std::string last;
  for (const absl::string_view line : absl::StrSplit(self.Serialize(), '\n')) {
    if (!absl::StartsWith(line, "# HELP ")) continue;
    const std::string name(line.substr(7, line.find(' ', 7) - 7));
    EXPECT_LT(last, name) << "sorted by name";
    last = name;
    served.insert(name);
  }
  std::set<std::string> table;
  for (const metrics::Family& family : metrics::kFamilies) {
    if (family.source == metrics::Source::kExporter) table.insert(std::string(family.name));
  }
  EXPECT_EQ(served, table);
}

TEST(SelfMetricsTest, LabelsAndTypesAreThoseOfTheTable) {
  SelfMetrics self;
  TellAll(self);
  const std::string text = self.Serialize();
  for (const metrics::Family& family : metrics::kFamilies) {
    if (family.source != metrics::Source::kExporter) continue;
    const char* type = family.type == metrics::Type::kCounter ? "counter"
                       : family.type == metrics::Type::kGauge ? "gauge"
                                                              : "histogram";
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("# TYPE ", family.name, " ", type, "\n"))) << family.name;
    for (const absl::string_view label : absl::StrSplit(family.labels, ',', absl::SkipEmpty())) {
      const size_t at =
          text.find(absl::StrCat("\n", family.name, family.type == metrics::Type::kHistogram ? "_count" : "", "{"));
      ASSERT_NE(at, std::string::npos) << family.name;
      const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
      EXPECT_TRUE(absl::StrContains(line, absl::StrCat(label, "=\""))) << line;
    }
  }
}

TEST(SelfMetricsTest, TheWebConfigIsShownWhereThereIsOne) {
  SelfMetrics self;
  EXPECT_FALSE(absl::StrContains(self.Serialize(), "kubecost_exporter_web_"));
  self.web.SetWebConfig(absl::FromUnixSeconds(1700000001), absl::FromUnixSeconds(1800000002));
  self.web.CountAuthFailure("wrong_password");
  for (const absl::string_view line : {"kubecost_exporter_web_auth_failures_total{reason=\"bad_certificate\"} 0",
                                       "kubecost_exporter_web_auth_failures_total{reason=\"busy\"} 0",
                                       "kubecost_exporter_web_auth_failures_total{reason=\"no_certificate\"} 0",
                                       "kubecost_exporter_web_auth_failures_total{reason=\"no_password\"} 0",
                                       "kubecost_exporter_web_auth_failures_total{reason=\"wrong_password\"} 1",
                                       "kubecost_exporter_web_certificate_not_after_timestamp_seconds 1800000002",
                                       "kubecost_exporter_web_config_last_reload_success_timestamp_seconds 1700000001",
                                       "kubecost_exporter_web_config_last_reload_successful 1"}) {
    EXPECT_TRUE(absl::StrContains(self.Serialize(), absl::StrCat("\n", line, "\n"))) << line;
  }
  self.web.SetWebConfigBroken();
  const std::string broken = self.Serialize();
  EXPECT_TRUE(absl::StrContains(broken, "\nkubecost_exporter_web_config_last_reload_successful 0\n"));
  EXPECT_TRUE(absl::StrContains(broken, "_last_reload_success_timestamp_seconds 1700000001\n"));
}

TEST(SelfMetricsTest, EveryReasonIsPreSet) {
  SelfMetrics self;
  for (const absl::string_view reason : {"connect_timeout",
                                         "read_timeout",
                                         "deadline",
                                         "refused",
                                         "disconnected",
                                         "dns",
                                         "tls",
                                         "auth",
                                         "redirect",
                                         "not_found",
                                         "http_4xx",
                                         "http_5xx",
                                         "html",
                                         "parse",
                                         "upstream_code",
                                         "empty",
                                         "empty_body",
                                         "window_mismatch",
                                         "too_large",
                                         "multi_cluster",
                                         "inconsistent"}) {
    EXPECT_TRUE(absl::StrContains(self.Serialize(),
                                  absl::StrCat("kubecost_exporter_api_errors_total{reason=\"", reason, "\"} 0\n")))
        << reason;
  }
  self.polling.CountError(kubecost::ErrorReason::kInconsistent);
  EXPECT_TRUE(absl::StrContains(self.Serialize(), "kubecost_exporter_api_errors_total{reason=\"inconsistent\"} 1\n"));
}

TEST(SelfMetricsTest, UpIsZeroBeforeTheFirstAnswer) {
  SelfMetrics self;
  EXPECT_TRUE(absl::StrContains(self.Serialize(), "\nkubecost_exporter_up 0\n"));
  EXPECT_TRUE(absl::StrContains(self.Serialize(), "\nkubecost_exporter_view_up{view=\"day\"} 0\n"));
  EXPECT_FALSE(absl::StrContains(self.Serialize(), "kubecost_exporter_day_start_timestamp_seconds")) << "absent, not 0";
}

TEST(SelfMetricsTest, ConfigInfoHasOneSeriesEvenWhenTheApiIsFound) {
  SelfMetrics self;
  EXPECT_TRUE(absl::StrContains(self.Serialize(), "kubecost_exporter_config_info{api=\"auto\""));
  self.polling.SetApi(kubecost::Api::kOpenCost);
  self.polling.SetApi(kubecost::Api::kOpenCost);
  const std::string text = self.Serialize();
  EXPECT_TRUE(absl::StrContains(text, "kubecost_exporter_config_info{api=\"opencost\""));
  EXPECT_FALSE(absl::StrContains(text, "api=\"auto\""));
}

TEST(SelfMetricsTest, ProcessMetricsAreAlive) {
  SelfMetrics self;
  const std::string text = self.Serialize();
  for (const char* name : {"process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
                           "process_max_fds", "process_start_time_seconds"}) {
    const size_t at = text.find(absl::StrCat("\n", name, " "));
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::stod(text.substr(at + std::string(name).size() + 2)), 0) << name;
  }
}

TEST(SelfMetricsTest, HistogramInFull) {
  SelfMetrics self;
  self.polling.CountPoll("day", true, absl::Seconds(0.3), absl::FromUnixSeconds(1795176000) + absl::Nanoseconds(1));
  self.polling.CountPoll("day", false, absl::Hours(1), absl::FromUnixSeconds(1795176000));
  const std::string text = self.Serialize();
  for (const char* line : {"kubecost_exporter_poll_duration_seconds_bucket{view=\"day\",le=\"0.1\"} 0",
                           "kubecost_exporter_poll_duration_seconds_bucket{view=\"day\",le=\"0.5\"} 1",
                           "kubecost_exporter_poll_duration_seconds_bucket{view=\"day\",le=\"1200\"} 1",
                           "kubecost_exporter_poll_duration_seconds_bucket{view=\"day\",le=\"+Inf\"} 2",
                           "kubecost_exporter_poll_duration_seconds_sum{view=\"day\"} 3600.3",
                           "kubecost_exporter_poll_duration_seconds_count{view=\"day\"} 2"}) {
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("\n", line, "\n"))) << line;
  }
}

}  // namespace
}  // namespace exporter
