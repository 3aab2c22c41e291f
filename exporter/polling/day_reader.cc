#include "exporter/polling/day_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

}  // namespace

DayReading DayReader::Read(const base::Window& day, std::optional<metrics::Columns> pods, std::stop_token stop) {
  // The newest day alone is read in full.
  if (pods == metrics::Columns::kAll && day.end != newest_end_) {
    newest_end_ = day.end;
    levels_.AskForTheWhole();
  }
  auto facts = std::make_shared<metrics::DayFacts>();
  facts->window = day;
  facts->date = base::DateText(day, options_.day_utc_offset);
  facts->has_pods = pods.has_value();
  levels_.Begin();
  const absl::Status status = ReadLevels(*facts, pods, std::move(stop));
  if (!status.ok()) return {status, levels_.invalid(), {}};
  std::optional<size_t> merged_rows;
  if (facts->has_pods) merged_rows = levels_.merged_rows();
  return {std::move(facts), levels_.invalid(), merged_rows};
}

absl::Status DayReader::ReadLevels(metrics::DayFacts& day, std::optional<metrics::Columns> pods, std::stop_token stop) {
  using metrics::Columns;
  const bool in_parts = levels_.in_parts();
  metrics::LevelTable& cluster = day.table(Level::kCluster);
  absl::Status status = levels_.Read(Level::kCluster, day.window, Columns::kAll, nullptr, cluster, stop);
  if (!status.ok()) return status;
  if (pods.has_value() && !in_parts) {
    status = levels_.Read(Level::kPod, day.window, *pods, nullptr, day.table(Level::kPod), stop);
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  NamespaceRows rows;
  status = levels_.Read(Level::kNamespace, day.window, Columns::kAll, &rows, day.table(Level::kNamespace), stop);
  if (!status.ok()) return status;
  if (pods.has_value() && in_parts) {
    status = levels_.ReadPodsInParts(day.window, *pods, rows, day.table(Level::kPod), stop);
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  metrics::LevelTable cluster_again;
  status = levels_.Read(Level::kCluster, day.window, Columns::kTotal, nullptr, cluster_again, stop);
  if (!status.ok()) return status;
  if (!metrics::SameTotals(cluster, cluster_again)) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the cluster's cost of ", day.date,
                                           " changed while it was being read: Kubecost was recomputing; the day is "
                                           "read again"));
  }
  day.Conclude();
  if (pods.has_value() && in_parts && !(day.Reconciles() && metrics::NamespacesReconcile(day))) {
    levels_.AskForTheWhole();
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the pods of ", day.date,
                                           ", asked for by namespace, do not add up to the levels above; the next "
                                           "read asks for them as a whole"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<base::Window>> DayReader::FindDays(const base::Window& span, std::stop_token stop) {
  std::set<absl::Time> starts;
  const absl::StatusOr<kubecost::ParsedAnswer> answer = client_.GetAllocations(
      {span, Level::kCluster, true},
      [&starts](const kubecost::Allocation& row) {
        // A row without a window has not come so far.
        if (row.window->end - row.window->start > absl::Hours(24)) {
          return kubecost::ApiError(ErrorReason::kWindowMismatch, "asked for days one by one, but a row spans several");
        }
        starts.insert(row.window->start);
        return absl::OkStatus();
      },
      std::move(stop));
  if (kubecost::ReasonOf(answer.status()) == ErrorReason::kEmpty) return std::vector<base::Window>();
  if (!answer.ok()) return answer.status();
  std::vector<base::Window> days;
  days.reserve(starts.size());
  for (const absl::Time start : starts) days.push_back(base::DayOf(start, options_.day_utc_offset));
  days.erase(std::unique(days.begin(), days.end()), days.end());
  return days;
}

}  // namespace polling
