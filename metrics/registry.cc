#include "metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "metrics/process_stats.h"
#include "metrics/text_format.h"

namespace metrics {
namespace {

// By the type of metric.
auto BuilderOf(const prometheus::Counter*) { return prometheus::BuildCounter(); }
auto BuilderOf(const prometheus::Gauge*) { return prometheus::BuildGauge(); }
auto BuilderOf(const prometheus::Histogram*) { return prometheus::BuildHistogram(); }

prometheus::Labels LabelsOf(const std::vector<std::string>& names, LabelValues values) {
  prometheus::Labels labels;
  auto name = names.begin();
  for (const absl::string_view value : values) labels.emplace(*name++, value);
  return labels;
}

// One sample line. `bound` is the value of label `le`, for a bucket of a histogram.
void AppendSample(absl::string_view name, const std::vector<prometheus::ClientMetric::Label>& labels, double value,
                  std::string& out, std::optional<double> bound = std::nullopt) {
  std::string block;
  for (const prometheus::ClientMetric::Label& label : labels) AppendLabel(label.name, label.value, block);
  if (bound.has_value()) AppendLabel("le", NumberText(*bound), block);
  absl::StrAppend(&out, name, block, block.empty() ? " " : "} ", NumberText(value), "\n");
}

const Family& RowOf(absl::string_view name) {
  return *std::find_if(kFamilies.begin(), kFamilies.end(), [name](const Family& each) { return each.name == name; });
}

// Not prometheus-cpp's own serializer: that one prints 16 digits, which is not always the same number.
void AppendFamily(const prometheus::MetricFamily& family, std::string& out) {
  const Family& row = RowOf(family.name);
  AppendHeader(row, out);
  for (const prometheus::ClientMetric& metric : family.metric) {
    if (row.type != Type::kHistogram) {
      const double value = row.type == Type::kCounter ? metric.counter.value : metric.gauge.value;
      AppendSample(row.name, metric.label, value, out);
      continue;
    }
    const prometheus::ClientMetric::Histogram& histogram = metric.histogram;
    for (const prometheus::ClientMetric::Bucket& bucket : histogram.bucket) {
      AppendSample(absl::StrCat(row.name, "_bucket"), metric.label, static_cast<double>(bucket.cumulative_count), out,
                   bucket.upper_bound);
    }
    AppendSample(absl::StrCat(row.name, "_sum"), metric.label, histogram.sample_sum, out);
    AppendSample(absl::StrCat(row.name, "_count"), metric.label, static_cast<double>(histogram.sample_count), out);
  }
}

}  // namespace

Registry::Registry() : registry_(std::make_unique<prometheus::Registry>()) {}
Registry::~Registry() = default;

std::string Registry::Serialize() const {
  std::vector<prometheus::MetricFamily> families = registry_->Collect();
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string out;
  for (prometheus::MetricFamily& family : families) {
    const auto less = [](const auto& a, const auto& b) { return a.label < b.label; };
    std::sort(family.metric.begin(), family.metric.end(), less);
    AppendFamily(family, out);
  }
  for (const auto& [name, value] : ReadProcessStats()) {
    AppendHeader(RowOf(name), out);
    AppendSample(name, {}, value, out);
  }
  return out;
}

template <typename T>
Handle<T>::Handle(Registry& registry, const Family& family)
    : labels_(absl::StrSplit(family.labels, ',', absl::SkipEmpty())),
      family_(&BuilderOf(static_cast<T*>(nullptr))
                   .Name(std::string(family.name))
                   .Help(std::string(family.help))
                   .Register(registry.native())) {}

template class Handle<prometheus::Gauge>;
template class Handle<prometheus::Counter>;
template class Handle<prometheus::Histogram>;

void Gauges::Set(LabelValues values, double value) const { family_->Add(LabelsOf(labels_, values)).Set(value); }

void Gauges::Set(LabelValues values, absl::Time time) const {
  Set(values, absl::ToDoubleSeconds(time - absl::UnixEpoch()));
}

void Gauges::Remove(LabelValues values) const { family_->Remove(&family_->Add(LabelsOf(labels_, values))); }

void Counters::Add(LabelValues values, double count) const { family_->Add(LabelsOf(labels_, values)).Increment(count); }

void Histograms::Show(LabelValues values) const { family_->Add(LabelsOf(labels_, values), bounds_); }

void Histograms::Observe(LabelValues values, double value) const {
  family_->Add(LabelsOf(labels_, values), bounds_).Observe(value);
}

void Info::Set(LabelValues values) {
  const prometheus::Labels labels = LabelsOf(labels_, values);
  if (family_->Has(labels)) return;
  if (current_ != nullptr) family_->Remove(current_);
  current_ = &family_->Add(labels);
  current_->Set(1);
}

}  // namespace metrics
