#include "exporter/self_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/mutex.h"
#include "base/text.h"
#include "base/version.h"
#include "exporter/polling/views.h"
#include "kubecost/api_error.h"
#include "metrics/exposition.h"
#include "metrics/family.h"
#include "metrics/process_stats.h"

namespace exporter {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;

// Seconds: from a small cluster's answer to the deadline.
const Histogram::BucketBoundaries kPollBuckets = {0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1200};

// Name and help come from the one table of families.
template <typename T>
Family<T>& Register(prometheus::Registry& registry, const metrics::Family& family) {
  const auto build = [&](auto builder) -> Family<T>& {
    return builder.Name(std::string(family.name)).Help(std::string(family.help)).Register(registry);
  };
  if constexpr (std::is_same_v<T, Counter>) {
    return build(prometheus::BuildCounter());
  } else if constexpr (std::is_same_v<T, Gauge>) {
    return build(prometheus::BuildGauge());
  } else {
    return build(prometheus::BuildHistogram());
  }
}

constexpr AuthFailure kAuthFailures[] = {AuthFailure::kNoPassword, AuthFailure::kWrongPassword, AuthFailure::kBusy,
                                         AuthFailure::kNoCertificate, AuthFailure::kBadCertificate};

absl::string_view IdleModeName(kubecost::IdleMode mode) {
  switch (mode) {
    case kubecost::IdleMode::kSeparate:
      return "separate";
    case kubecost::IdleMode::kShare:
      return "share";
    case kubecost::IdleMode::kOff:
      return "off";
  }
  return "";
}

metrics::Type TypeOf(const prometheus::MetricFamily& family) {
  switch (family.type) {
    case prometheus::MetricType::Counter:
      return metrics::Type::kCounter;
    case prometheus::MetricType::Histogram:
      return metrics::Type::kHistogram;
    default:
      return metrics::Type::kGauge;
  }
}

std::string NumberText(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[metrics::kMaxNumberLength];
  return std::string(text, metrics::WriteNumber(value, text));
}

// One sample line. `bound` is the value of label `le`, for a bucket of a histogram.
void AppendSample(absl::string_view name, const std::vector<prometheus::ClientMetric::Label>& labels, double value,
                  std::string& out, std::optional<double> bound = std::nullopt) {
  std::string block;
  const auto append = [&block](absl::string_view label, absl::string_view text) {
    absl::StrAppend(&block, block.empty() ? "{" : ",", label, "=\"");
    metrics::AppendLabelValue(base::ReplaceInvalidUtf8(text), block);
    block.push_back('"');
  };
  for (const prometheus::ClientMetric::Label& label : labels) append(label.name, label.value);
  if (bound.has_value()) append("le", NumberText(*bound));
  absl::StrAppend(&out, name, block, block.empty() ? " " : "} ", NumberText(value), "\n");
}

// Not prometheus-cpp's own serializer: that one prints 16 digits, which is not always the same number.
void AppendFamily(const prometheus::MetricFamily& family, std::string& out) {
  metrics::Family header = {};
  header.name = family.name;
  header.help = family.help;
  header.type = TypeOf(family);
  metrics::AppendHeader(header, out);
  for (const prometheus::ClientMetric& metric : family.metric) {
    if (header.type != metrics::Type::kHistogram) {
      const bool is_counter = header.type == metrics::Type::kCounter;
      AppendSample(family.name, metric.label, is_counter ? metric.counter.value : metric.gauge.value, out);
      continue;
    }
    const prometheus::ClientMetric::Histogram& histogram = metric.histogram;
    for (const prometheus::ClientMetric::Bucket& bucket : histogram.bucket) {
      AppendSample(absl::StrCat(family.name, "_bucket"), metric.label, static_cast<double>(bucket.cumulative_count),
                   out, bucket.upper_bound);
    }
    AppendSample(absl::StrCat(family.name, "_sum"), metric.label, histogram.sample_sum, out);
    AppendSample(absl::StrCat(family.name, "_count"), metric.label, static_cast<double>(histogram.sample_count), out);
  }
}

void AppendProcessFamilies(std::vector<prometheus::MetricFamily>& families) {
  const metrics::ProcessStats stats = metrics::ReadProcessStats();
  const auto append = [&families](const metrics::Family& family, std::optional<double> value) {
    if (!value.has_value()) return;
    prometheus::MetricFamily& appended = families.emplace_back();
    appended.name = std::string(family.name);
    appended.help = std::string(family.help);
    const bool is_counter = family.type == metrics::Type::kCounter;
    appended.type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    (is_counter ? metric.counter.value : metric.gauge.value) = *value;
    appended.metric.push_back(metric);
  };
  append(metrics::FamilyNamed("process_cpu_seconds_total"), stats.cpu_seconds);
  append(metrics::FamilyNamed("process_max_fds"), stats.max_fds);
  append(metrics::FamilyNamed("process_open_fds"), stats.open_fds);
  append(metrics::FamilyNamed("process_resident_memory_bytes"), stats.resident_memory_bytes);
  append(metrics::FamilyNamed("process_start_time_seconds"), stats.start_time_seconds);
  append(metrics::FamilyNamed("process_virtual_memory_bytes"), stats.virtual_memory_bytes);
}

}  // namespace

absl::string_view AuthFailureName(AuthFailure reason) {
  switch (reason) {
    case AuthFailure::kNoPassword:
      return "no_password";
    case AuthFailure::kWrongPassword:
      return "wrong_password";
    case AuthFailure::kBusy:
      return "busy";
    case AuthFailure::kNoCertificate:
      return "no_certificate";
    case AuthFailure::kBadCertificate:
      return "bad_certificate";
  }
  return "";
}

struct SelfMetrics::Families {
  prometheus::Registry registry;

  Family<Counter>& api_errors = Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_api_errors_total"));
  Family<Counter>& api_requests =
      Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_api_requests_total"));
  Family<Gauge>& response_bytes =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_api_response_bytes"));
  Family<Gauge>& build_info = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_build_info"));
  Family<Gauge>& ca_not_after =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_ca_not_after_timestamp_seconds"));
  Family<Gauge>& config_info = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_config_info"));
  Family<Gauge>& day_end =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_day_end_timestamp_seconds"));
  Family<Gauge>& day_start =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_day_start_timestamp_seconds"));
  Family<Gauge>& file_usable = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_file_usable"));
  Family<Gauge>& insecure = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_insecure"));
  Family<Counter>& invalid =
      Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_invalid_values_total"));
  Family<Gauge>& last_success =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_last_success_timestamp_seconds"));
  Family<Gauge>& merged_rows = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_merged_rows"));
  Family<Histogram>& poll_duration =
      Register<Histogram>(registry, metrics::FamilyNamed("kubecost_exporter_poll_duration_seconds"));
  Family<Counter>& polls = Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_polls_total"));
  Family<Gauge>& scrape_bytes = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_scrape_bytes"));
  Family<Counter>& scrapes = Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_scrapes_total"));
  Family<Gauge>& series = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_series"));
  Family<Gauge>& snapshot_bytes = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_snapshot_bytes"));
  Family<Gauge>& up = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_up"));
  Family<Gauge>& view_up = Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_view_up"));
  Family<Counter>& auth_failures =
      Register<Counter>(registry, metrics::FamilyNamed("kubecost_exporter_web_auth_failures_total"));
  Family<Gauge>& certificate_not_after =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_web_certificate_not_after_timestamp_seconds"));
  Family<Gauge>& web_config_read = Register<Gauge>(
      registry, metrics::FamilyNamed("kubecost_exporter_web_config_last_reload_success_timestamp_seconds"));
  Family<Gauge>& web_config_good =
      Register<Gauge>(registry, metrics::FamilyNamed("kubecost_exporter_web_config_last_reload_successful"));

  // The one series of config_info, replaced when the API has been found.
  base::Mutex mutex;
  Labels config_labels ABSL_GUARDED_BY(mutex);
  Gauge* config ABSL_GUARDED_BY(mutex) = nullptr;

  // These labels anew; the others stay.
  void SetConfig(Labels labels) {
    const base::MutexLock lock(mutex);
    labels.insert(config_labels.begin(), config_labels.end());
    if (config != nullptr && labels == config_labels) return;
    if (config != nullptr) config_info.Remove(config);
    config_labels = std::move(labels);
    config = &config_info.Add(config_labels);
    config->Set(1);
  }
};

SelfMetrics::SelfMetrics(const Options& options) : families_(std::make_unique<Families>()) {
  Families& families = *families_;
  families.build_info
      .Add({{"version", std::string(base::Version())},
            {"revision", std::string(base::Revision())},
            {"compiler", std::string(base::Compiler())}})
      .Set(1);
  families.SetConfig({{"api", std::string(kubecost::ApiName(options.endpoint.api))},
                      {"currency", options.currency.empty() ? kDefaultCurrency : options.currency},
                      {"utc_offset", base::UtcOffsetText(options.day_utc_offset)},
                      {"idle", std::string(IdleModeName(options.query.idle))},
                      {"share_tenancy", options.query.share_tenancy_costs ? "true" : "false"}});
  families.insecure.Add({}).Set(options.http.access.tls_verify ? 0 : 1);
  families.up.Add({}).Set(0);
  families.scrapes.Add({});
  families.snapshot_bytes.Add({});
  // Counters start at 0, so that their first increase is seen as one.
  for (const absl::string_view reason : kubecost::kErrorReasonNames) {
    families.api_errors.Add({{"reason", std::string(reason)}});
  }
  CountInvalidValues({});
  for (const polling::ViewSpec& view : polling::kViews) {
    if (!view.enabled(options)) continue;
    const std::string name(view.name);
    families.view_up.Add({{"view", name}}).Set(0);
    families.polls.Add({{"view", name}, {"result", "success"}});
    families.polls.Add({{"view", name}, {"result", "error"}});
    families.poll_duration.Add({{"view", name}}, kPollBuckets);
  }
}

SelfMetrics::~SelfMetrics() = default;

void SelfMetrics::SetApi(kubecost::Api api) { families_->SetConfig({{"api", std::string(kubecost::ApiName(api))}}); }

void SelfMetrics::SetCurrency(absl::string_view currency) {
  families_->SetConfig({{"currency", std::string(currency)}});
}

void SelfMetrics::SetUp(bool up) { families_->up.Add({}).Set(up ? 1 : 0); }

void SelfMetrics::CountRequest(const kubecost::RequestRecord& request) {
  const std::string path(request.path);
  families_->api_requests.Add({{"endpoint", path}, {"code", absl::StrCat(request.code)}}).Increment();
  if (request.status.ok()) {
    families_->response_bytes.Add({{"endpoint", path}}).Set(static_cast<double>(request.bytes));
  }
}

void SelfMetrics::CountError(kubecost::ErrorReason reason) {
  families_->api_errors.Add({{"reason", std::string(kubecost::ErrorReasonName(reason))}}).Increment();
}

void SelfMetrics::SetViewUp(absl::string_view view, std::optional<bool> up) {
  Gauge& gauge = families_->view_up.Add({{"view", std::string(view)}});
  if (up.has_value()) {
    gauge.Set(*up ? 1 : 0);
  } else {
    families_->view_up.Remove(&gauge);
  }
}

void SelfMetrics::CountPoll(absl::string_view view, bool success, absl::Duration duration, absl::Time finished) {
  const std::string name(view);
  families_->polls.Add({{"view", name}, {"result", success ? "success" : "error"}}).Increment();
  families_->poll_duration.Add({{"view", name}}, kPollBuckets).Observe(absl::ToDoubleSeconds(duration));
  if (success) families_->last_success.Add({{"view", name}}).Set(absl::ToDoubleSeconds(finished - absl::UnixEpoch()));
}

void SelfMetrics::CountInvalidValues(const kubecost::InvalidValues& values) {
  const auto count = [this](const char* kind, uint64_t number) {
    families_->invalid.Add({{"kind", kind}}).Increment(static_cast<double>(number));
  };
  count("null_cost", values.null_cost);
  count("not_a_number", values.not_a_number);
  count("negative_minutes", values.negative_minutes);
  count("invalid_utf8", values.invalid_utf8);
}

void SelfMetrics::SetSnapshot(const metrics::Snapshot& snapshot) {
  if (snapshot.day != nullptr) {
    families_->day_start.Add({}).Set(absl::ToDoubleSeconds(snapshot.day->window.start - absl::UnixEpoch()));
    families_->day_end.Add({}).Set(absl::ToDoubleSeconds(snapshot.day->window.end - absl::UnixEpoch()));
  }
  for (const auto& [family, series] : snapshot.SeriesByFamily()) {
    families_->series.Add({{"family", std::string(family)}}).Set(static_cast<double>(series));
  }
  families_->snapshot_bytes.Add({}).Set(static_cast<double>(snapshot.bytes()));
}

void SelfMetrics::SetMergedRows(size_t rows) { families_->merged_rows.Add({}).Set(static_cast<double>(rows)); }

void SelfMetrics::SetFile(const kubecost::FileEvent& event, const kubecost::Access& access) {
  for (const absl::string_view flag : event.flags) {
    families_->file_usable.Add({{"flag", std::string(flag)}}).Set(event.status.ok() ? 1 : 0);
  }
  if (!access.ca_not_after.has_value()) return;
  families_->ca_not_after.Add({}).Set(absl::ToDoubleSeconds(*access.ca_not_after - absl::UnixEpoch()));
}

void SelfMetrics::CountScrape(uint64_t bytes) {
  families_->scrapes.Add({}).Increment();
  families_->scrape_bytes.Add({}).Set(static_cast<double>(bytes));
}

void SelfMetrics::SetWebConfig(absl::Time read, std::optional<absl::Time> certificate_not_after) {
  families_->web_config_good.Add({}).Set(1);
  families_->web_config_read.Add({}).Set(absl::ToDoubleSeconds(read - absl::UnixEpoch()));
  if (certificate_not_after.has_value()) {
    families_->certificate_not_after.Add({}).Set(absl::ToDoubleSeconds(*certificate_not_after - absl::UnixEpoch()));
  }
  for (const AuthFailure reason : kAuthFailures) {
    families_->auth_failures.Add({{"reason", std::string(AuthFailureName(reason))}});
  }
}

void SelfMetrics::SetWebConfigBroken() { families_->web_config_good.Add({}).Set(0); }

void SelfMetrics::CountAuthFailure(AuthFailure reason) {
  families_->auth_failures.Add({{"reason", std::string(AuthFailureName(reason))}}).Increment();
}

std::string SelfMetrics::Serialize() const {
  std::vector<prometheus::MetricFamily> families = families_->registry.Collect();
  AppendProcessFamilies(families);
  // The registry keeps series in hash order; a scrape is easier to read, and to compress, sorted.
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (prometheus::MetricFamily& family : families) {
    const auto labels = [](const prometheus::ClientMetric& metric) {
      std::vector<std::pair<std::string, std::string>> pairs;
      for (const auto& label : metric.label) pairs.emplace_back(label.name, label.value);
      return pairs;
    };
    std::sort(family.metric.begin(), family.metric.end(),
              [&labels](const auto& a, const auto& b) { return labels(a) < labels(b); });
  }
  std::string text;
  for (const prometheus::MetricFamily& family : families) AppendFamily(family, text);
  return text;
}

}  // namespace exporter
