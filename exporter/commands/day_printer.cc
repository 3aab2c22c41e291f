#include "exporter/commands/day_printer.h"

#include <algorithm>
#include <utility>

#include "base/day.h"
#include "metrics/csv.h"
#include "metrics/open_metrics.h"
#include "metrics/prometheus_text.h"
#include "metrics/snapshot.h"

namespace commands {

metrics::Columns DayPrinter::PodsOf(bool is_newest) const {
  if (once_.output != OutputFormat::kPrometheus) return metrics::Columns::kEverything;
  if (is_newest) return metrics::Columns::kAll;
  return options_.day_pod_resources ? metrics::Columns::kCosts : metrics::Columns::kTotal;
}

bool DayPrinter::WantsClusterInfo() const { return once_.output == OutputFormat::kPrometheus; }

bool DayPrinter::WantsCurrency() const {
  return once_.output == OutputFormat::kPrometheus ? options_.compat_cloudtuner
                                                   : once_.output != OutputFormat::kOpenMetrics;
}

void DayPrinter::Begin(std::string currency, std::shared_ptr<const std::string> cluster_info) {
  currency_ = std::move(currency);
  cluster_info_ = std::move(cluster_info);
  if (once_.output == OutputFormat::kCsv) metrics::WriteCsvHeader(out_);
  if (once_.output == OutputFormat::kJson) {
    metrics::BeginJson(currency_, base::UtcOffsetText(options_.day_utc_offset), out_);
  }
}

void DayPrinter::Print(const std::vector<metrics::ServedDay>& day) {
  const bool is_first = !std::exchange(has_printed_, true);
  if (once_.output == OutputFormat::kCsv) {
    metrics::WriteCsv(day, currency_, out_);
  } else if (once_.output == OutputFormat::kJson) {
    metrics::WriteJson(day, is_first, out_);
  } else {
    days_.insert(days_.end(), day.begin(), day.end());
  }
  out_.Flush();
}

void DayPrinter::End(const std::vector<metrics::MissingDay>& missing, metrics::ClusterFacts newest, absl::Time now) {
  if (once_.output == OutputFormat::kJson) metrics::EndJson(missing, out_);
  if (once_.output == OutputFormat::kOpenMetrics) PrintOpenMetrics(now);
  if (once_.output == OutputFormat::kPrometheus) PrintPrometheus(std::move(newest));
  out_.Flush();
}

// What /metrics would show if --day.keep were the length of the range and its last day the newest complete one.
void DayPrinter::PrintPrometheus(metrics::ClusterFacts newest) {
  metrics::Snapshot snapshot;
  snapshot.day = std::move(newest);
  snapshot.daily = std::make_shared<const metrics::DailyFacts>(std::move(days_), options_.day_pod_resources);
  snapshot.cluster_info = cluster_info_;
  if (options_.compat_cloudtuner) snapshot.compat_currency = currency_;
  metrics::WritePrometheusText(snapshot, metrics::Selection::All(), out_);
}

// As if the exporter had run: a day is seen from its close on, by the plain families for a day, by those keyed by date
// for --day.keep days. Never later than now.
void DayPrinter::PrintOpenMetrics(absl::Time now) {
  const absl::Duration interval = once_.sample_interval.value_or(absl::Hours(1));
  std::vector<metrics::StampedDay> stamped;
  for (metrics::ServedDay& day : days_) {
    const absl::Time closed = day.facts->window.end + options_.day_close_delay;
    const auto times = [&](int days) {
      const absl::Time end = closed + days * absl::Hours(24);
      return metrics::SampleTimes(closed, std::min(end, now + absl::Seconds(1)), interval);
    };
    std::vector<int64_t> plain = times(1);
    std::vector<int64_t> dated = times(options_.day_keep);
    stamped.push_back({std::move(day), std::move(plain), std::move(dated)});
  }
  metrics::WriteOpenMetrics(std::move(stamped), options_.day_pod_resources, out_);
}

}  // namespace commands
