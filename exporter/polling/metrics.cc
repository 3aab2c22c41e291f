#include "exporter/polling/metrics.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "exporter/polling/subjects.h"
#include "metrics/walk.h"

namespace polling {
namespace {

using metrics::FamilyNamed;

// Of the cluster whose pods cover most of it; nothing where no pod tells.
std::optional<double> CoverageOf(const metrics::LiveFacts& hour) {
  std::optional<double> most;
  for (const metrics::LevelTable::ClusterSum& sum : hour.table(kubecost::Level::kPod).sums()) {
    if (!sum.extent.has_value()) continue;
    const double ratio = absl::FDivDuration(sum.extent->covered, hour.window.end - hour.window.start);
    most = std::max(most.value_or(0), std::min(ratio, 1.0));
  }
  return most;
}

}  // namespace

Metrics::Metrics(metrics::Registry& registry, const Options& options)
    : api_errors_(registry, FamilyNamed("kubecost_exporter_api_errors_total")),
      api_requests_(registry, FamilyNamed("kubecost_exporter_api_requests_total")),
      response_bytes_(registry, FamilyNamed("kubecost_exporter_api_response_bytes")),
      clock_difference_(registry, FamilyNamed("kubecost_exporter_clock_difference_seconds")),
      unsound_(registry, FamilyNamed("kubecost_exporter_cluster_unsound_total")),
      config_info_(registry, FamilyNamed("kubecost_exporter_config_info")),
      day_end_(registry, FamilyNamed("kubecost_exporter_day_end_timestamp_seconds")),
      day_start_(registry, FamilyNamed("kubecost_exporter_day_start_timestamp_seconds")),
      hour_coverage_(registry, FamilyNamed("kubecost_exporter_hour_coverage_ratio")),
      invalid_(registry, FamilyNamed("kubecost_exporter_invalid_values_total")),
      last_success_(registry, FamilyNamed("kubecost_exporter_last_success_timestamp_seconds")),
      merged_rows_(registry, FamilyNamed("kubecost_exporter_merged_rows")),
      // Seconds: from a small cluster's answer to the deadline.
      poll_duration_(registry, FamilyNamed("kubecost_exporter_poll_duration_seconds"),
                     {0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1200}),
      polls_(registry, FamilyNamed("kubecost_exporter_polls_total")),
      series_(registry, FamilyNamed("kubecost_exporter_series")),
      snapshot_bytes_(registry, FamilyNamed("kubecost_exporter_snapshot_bytes")),
      up_(registry, FamilyNamed("kubecost_exporter_up")),
      view_up_(registry, FamilyNamed("kubecost_exporter_view_up")),
      api_(kubecost::ApiName(options.endpoint.api)),
      currency_(options.currency.empty() ? kDefaultCurrency : options.currency),
      utc_offset_(base::UtcOffsetText(options.day_utc_offset)),
      idle_(kubecost::IdleModeName(options.query.idle)),
      share_tenancy_(options.query.share_tenancy_costs) {
  ShowConfig();
  SetUp(false);
  snapshot_bytes_.Set(0);
  for (const kubecost::ErrorReasonRow& row : kubecost::kErrorReasons) api_errors_.Add({row.name}, 0);
  CountInvalidValues({});
  for (const ViewSpec& view : kViews) {
    if (!view.enabled(options)) continue;
    view_up_.Set({view.name}, 0);
    polls_.Add({view.name, "success"}, 0);
    polls_.Add({view.name, "error"}, 0);
    poll_duration_.Show({view.name});
  }
}

void Metrics::ShowConfig() {
  config_info_.Set({api_, currency_, utc_offset_, idle_, share_tenancy_ ? "true" : "false"});
}

void Metrics::SetApi(kubecost::Api api) {
  api_ = std::string(kubecost::ApiName(api));
  ShowConfig();
}

void Metrics::SetCurrency(absl::string_view currency) {
  currency_ = std::string(currency);
  ShowConfig();
}

void Metrics::SetViewUp(absl::string_view view, std::optional<bool> up) {
  if (up.has_value()) {
    view_up_.Set({view}, *up ? 1 : 0);
  } else {
    view_up_.Remove({view});
  }
}

void Metrics::SetClockDifference(std::optional<absl::Duration> ahead) {
  ahead.has_value() ? clock_difference_.Set({}, absl::ToDoubleSeconds(absl::Trunc(*ahead, absl::Seconds(1))))
                    : clock_difference_.Remove({});
}

void Metrics::CountRequest(const kubecost::RequestRecord& request) {
  api_requests_.Add({request.path, absl::StrCat(request.code)});
  if (request.status.ok()) response_bytes_.Set({request.path}, static_cast<double>(request.bytes));
}

void Metrics::CountPoll(absl::string_view view, bool success, absl::Duration duration, absl::Time finished) {
  polls_.Add({view, success ? "success" : "error"});
  poll_duration_.Observe({view}, absl::ToDoubleSeconds(duration));
  if (success) last_success_.Set({view}, finished);
}

void Metrics::CountInvalidValues(const kubecost::InvalidValues& values) {
  invalid_.Add({"null_cost"}, static_cast<double>(values.null_cost));
  invalid_.Add({"not_a_number"}, static_cast<double>(values.not_a_number));
  invalid_.Add({"negative_minutes"}, static_cast<double>(values.negative_minutes));
  invalid_.Add({"invalid_utf8"}, static_cast<double>(values.invalid_utf8));
}

void Metrics::SetSnapshot(const metrics::Snapshot& snapshot) {
  if (!snapshot.day.empty()) {
    day_start_.Set({}, snapshot.day.front()->window.start);
    day_end_.Set({}, snapshot.day.front()->window.end);
  }
  const std::optional<double> coverage = snapshot.hour == nullptr ? std::nullopt : CoverageOf(*snapshot.hour);
  if (coverage.has_value()) {
    hour_coverage_.Set({}, *coverage);
  } else {
    hour_coverage_.Remove({});
  }
  for (const auto& [family, series] : metrics::CountSeries(snapshot))
    series_.Set({family}, static_cast<double>(series));
  snapshot_bytes_.Set(static_cast<double>(snapshot.bytes()));
}

}  // namespace polling
