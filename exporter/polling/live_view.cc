#include "exporter/polling/live_view.h"

#include <algorithm>
#include <utility>

#include "base/day.h"
#include "exporter/polling/upstream.h"
#include "kubecost/api_error.h"
#include "metrics/table_builder.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

constexpr absl::Duration kHourLength = absl::Hours(1);
constexpr int kFailuresToSwitchOff = 3;
constexpr absl::Duration kTryAgain = absl::Hours(24);

// The hour at `utc_offset` that `time` lies in: Kubecost's stored hours begin where its days do.
base::Window HourOf(absl::Time time, absl::Duration utc_offset) {
  const base::Window day = base::DayOf(time, utc_offset);
  const absl::Time start = day.start + absl::Floor(time - day.start, kHourLength);
  return {start, start + kHourLength};
}

}  // namespace

base::Window LiveView::WindowAt(absl::Time now) const {
  // A whole day, although most of it may lie ahead: Kubecost has no set for a part of a day.
  if (view_ == View::kToday) return base::DayOf(now, options_.day_utc_offset);
  return HourOf(now - options_.hour_close_delay - kHourLength, options_.day_utc_offset);
}

absl::Duration LiveView::Refresh() const { return view_ == View::kToday ? options_.today_refresh : kHourLength; }

absl::Time LiveView::NextAfter(absl::Time now) const {
  if (view_ == View::kHour) return WindowAt(now).end + kHourLength + options_.hour_close_delay;
  // Kubecost knows nothing of a day that has just begun.
  const absl::Time tomorrow = WindowAt(now).end;
  return now + options_.today_refresh < tomorrow ? now + options_.today_refresh : tomorrow + options_.hour_close_delay;
}

absl::StatusOr<kubecost::InvalidValues> LiveView::Poll(absl::Time now, absl::Duration elapsed, std::stop_token stop) {
  const base::Window window = WindowAt(now);
  metrics::TableBuilder pods(Level::kPod, options_.cluster_name, last_rows_);
  metrics::TableBuilder namespaces(Level::kNamespace, options_.cluster_name, 0);
  metrics::TableBuilder clusters(Level::kCluster, options_.cluster_name, 0);
  for (metrics::TableBuilder* builder : {&pods, &namespaces, &clusters}) builder->set_fallback_cluster(cluster_id_);
  const absl::StatusOr<kubecost::ParsedAnswer> answer = client_.GetAllocations(
      {window, Level::kPod},
      [&](const kubecost::Allocation& row) {
        metrics::RowProblem problem = pods.Add(row);
        if (problem == metrics::RowProblem::kNone) problem = namespaces.Add(row);
        if (problem == metrics::RowProblem::kNone) problem = clusters.Add(row);
        return ErrorOfRow(problem, row);
      },
      std::move(stop));
  if (!answer.ok()) return answer.status();
  last_rows_ = pods.rows();

  auto facts = std::make_shared<metrics::LiveFacts>();
  facts->window = window;
  facts->read_at = now;
  if (view_ == View::kHour || options_.today_pods) {
    facts->table(Level::kPod) = pods.Build(metrics::Columns::kTotal);
  }
  facts->table(Level::kNamespace) = namespaces.Build(metrics::Columns::kTotal);
  facts->table(Level::kCluster) = clusters.Build(metrics::Columns::kTotal);
  facts_ = std::move(facts);
  has_worked_ = true;
  schedule_.support.TakeSuccess();
  schedule_.due = elapsed + (NextAfter(now) - now);
  return answer->invalid;
}

bool LiveView::TakeFailure(const absl::Status& status, absl::Time now, absl::Duration elapsed) {
  const std::optional<ErrorReason> reason = kubecost::ReasonOf(status);
  if (has_worked_ || !reason.has_value() || !IsAnAnswer(*reason)) return false;
  const bool is_off = schedule_.support.TakeFailure(kFailuresToSwitchOff);
  // A server that works may have nothing for a window, or no window like it.
  const bool works =
      reason == ErrorReason::kEmpty || reason == ErrorReason::kWindowMismatch || reason == ErrorReason::kHttp4xx;
  if (!is_off && !works) return false;
  // An hour, or a day, that is empty yet may not be next time.
  schedule_.due = elapsed + (is_off ? kTryAgain : NextAfter(now) - now);
  return true;
}

bool LiveView::Advance(absl::Time now, absl::Duration elapsed) {
  const absl::Time first = WindowAt(now).start + options_.hour_close_delay;
  const bool is_too_early = view_ == View::kToday && now < first;
  if (!schedule_.was_polled) schedule_.due = is_too_early ? elapsed + (first - now) : absl::ZeroDuration();
  if (facts_ == nullptr) return false;
  const bool is_of_another_day = view_ == View::kToday && !(facts_->window == WindowAt(now));
  const bool is_stale = now - facts_->read_at > 2 * Refresh() || facts_->read_at > now + Refresh();
  if (!is_of_another_day && !is_stale) return false;
  facts_.reset();
  return true;
}

}  // namespace polling
