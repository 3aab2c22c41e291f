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
  levels_.Begin();
  absl::StatusOr<metrics::ClusterFacts> facts = ReadLevels(day, pods, std::move(stop));
  std::optional<size_t> merged_rows;
  if (facts.ok() && pods.has_value()) merged_rows = levels_.merged_rows();
  return {std::move(facts), levels_.invalid(), merged_rows};
}

absl::StatusOr<metrics::ClusterFacts> DayReader::ReadLevels(const base::Window& window,
                                                            std::optional<metrics::Columns> pods,
                                                            std::stop_token stop) {
  using metrics::Columns;
  const std::string date = base::DateText(window, options_.day_utc_offset);
  metrics::LevelTables day;
  const bool in_parts = levels_.in_parts();
  metrics::LevelTable& cluster = day.table(Level::kCluster);
  absl::Status status = levels_.Read(Level::kCluster, window, Columns::kAll, nullptr, cluster, stop);
  if (!status.ok()) return status;
  if (pods.has_value() && !in_parts) {
    status = levels_.Read(Level::kPod, window, *pods, nullptr, day.table(Level::kPod), stop);
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  NamespaceRows rows;
  status = levels_.Read(Level::kNamespace, window, Columns::kAll, &rows, day.table(Level::kNamespace), stop);
  if (!status.ok()) return status;
  if (pods.has_value() && in_parts) {
    status = levels_.ReadPodsInParts(window, *pods, rows, day.table(Level::kPod), stop);
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  metrics::LevelTable cluster_again;
  status = levels_.Read(Level::kCluster, window, Columns::kTotal, nullptr, cluster_again, stop);
  if (!status.ok()) return status;
  if (!metrics::SameTotals(cluster, cluster_again)) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the cluster's cost of ", date,
                                           " changed while it was being read: Kubecost was recomputing; the day is "
                                           "read again"));
  }
  metrics::ClusterFacts facts = metrics::SplitByCluster(window, date, pods.has_value(), std::move(day));
  const auto reconciles = [](const auto& each) { return each->reconciles && metrics::NamespacesReconcile(*each); };
  if (pods.has_value() && in_parts && !std::all_of(facts.begin(), facts.end(), reconciles)) {
    levels_.AskForTheWhole();
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the pods of ", date,
                                           ", asked for by namespace, do not add up to the levels above; the next "
                                           "read asks for them as a whole"));
  }
  return facts;
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
