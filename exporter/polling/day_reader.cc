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
using metrics::LevelTable;

const LevelTable::ClusterSum* SumOf(const LevelTable& table, const std::string& cluster) {
  const auto sum = std::find_if(table.sums().begin(), table.sums().end(),
                                [&cluster](const LevelTable::ClusterSum& each) { return each.cluster == cluster; });
  return sum != table.sums().end() ? &*sum : nullptr;
}

// Whether what was read of a cluster belongs together.
absl::Status Soundness(const metrics::DayFacts& facts, const LevelTable& cluster_again) {
  const auto inconsistent = [&](absl::string_view why) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("cluster \"", facts.cluster, "\" on ", facts.date, ": ", why));
  };
  const LevelTable& cluster = facts.table(Level::kCluster);
  if (cluster.rows() == 0) return inconsistent("the cluster level lacks it, while other levels have it");
  const LevelTable::ClusterSum& before = cluster.sums().front();
  const LevelTable::ClusterSum* const after = SumOf(cluster_again, facts.cluster);
  if (after == nullptr || !metrics::SameTotal(before, *after)) {
    return inconsistent("its cost changed while it was being read: Kubecost was recomputing; it is read again");
  }
  const auto is_known = [&](const kubecost::ResourceInfo& each) {
    return kubecost::IsKnown(cluster.value(metrics::ColumnOf(each.resource), 0));
  };
  if (before.samples == 0 && std::none_of(std::begin(kubecost::kResources), std::end(kubecost::kResources), is_known)) {
    return inconsistent("not one cost is known");
  }
  const bool lacks_namespaces = facts.table(Level::kNamespace).rows() == 0;
  if (before.total != 0 && (lacks_namespaces || (facts.has_pods && facts.table(Level::kPod).rows() == 0))) {
    return inconsistent(absl::StrCat("it has cost, but no ", lacks_namespaces ? "namespaces" : "pods"));
  }
  return absl::OkStatus();
}

}  // namespace

DayReading DayReader::Read(const base::Window& day, std::optional<metrics::Columns> pods, std::stop_token stop) {
  // The newest day alone is read in full.
  if (pods == metrics::Columns::kAll && day.end != newest_end_) {
    newest_end_ = day.end;
    levels_.AskForTheWhole();
  }
  levels_.Begin();
  Levels levels;
  levels.in_parts = levels_.in_parts();
  DayReading reading;
  reading.status = ReadLevels(day, pods, levels, std::move(stop));
  reading.invalid = levels_.invalid();
  if (!reading.status.ok()) return reading;
  const std::string date = base::DateText(day, options_.day_utc_offset);
  bool fits = true;
  const bool in_parts = levels.in_parts;
  const LevelTable cluster_again = std::move(levels.cluster_again);
  for (auto& facts : metrics::SplitByCluster(day, date, pods.has_value(), std::move(levels))) {
    fits = fits && facts->reconciles && metrics::NamespacesReconcile(*facts);
    absl::Status status = Soundness(*facts, cluster_again);
    reading.clusters.push_back({std::move(facts), std::move(status)});
  }
  if (pods.has_value() && in_parts && !fits) {
    levels_.AskForTheWhole();
    reading.status = kubecost::ApiError(
        ErrorReason::kInconsistent,
        absl::StrCat("the pods of ", date,
                     ", asked for by namespace, do not add up to the levels above; the next read asks for them as a "
                     "whole"));
  }
  if (pods.has_value()) reading.merged_rows = levels_.merged_rows();
  return reading;
}

absl::Status DayReader::ReadLevels(const base::Window& day, std::optional<metrics::Columns> pods, Levels& levels,
                                   std::stop_token stop) {
  using metrics::Columns;
  absl::Status nothing;
  // A level without rows is no failure yet.
  const auto read = [&](Level level, Columns columns, NamespaceRows* rows, LevelTable& table) {
    absl::Status status = levels_.Read(level, day, columns, rows, table, stop);
    if (kubecost::ReasonOf(status) != ErrorReason::kEmpty) return status;
    nothing = std::move(status);
    return absl::OkStatus();
  };
  absl::Status status = read(Level::kCluster, Columns::kAll, nullptr, levels.table(Level::kCluster));
  if (!status.ok()) return status;
  if (pods.has_value() && !levels.in_parts) {
    status = read(Level::kPod, *pods, nullptr, levels.table(Level::kPod));
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  NamespaceRows rows;
  status = read(Level::kNamespace, Columns::kAll, &rows, levels.table(Level::kNamespace));
  if (!status.ok()) return status;
  if (pods.has_value() && levels.in_parts) {
    status = levels_.ReadPodsInParts(day, *pods, rows, levels.table(Level::kPod), stop);
    if (!status.ok()) return levels_.AfterPodFailure(status);
  }
  const bool has_rows =
      std::any_of(levels.tables.begin(), levels.tables.end(), [](const LevelTable& table) { return table.rows() > 0; });
  return has_rows ? read(Level::kCluster, Columns::kTotal, nullptr, levels.cluster_again) : nothing;
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
