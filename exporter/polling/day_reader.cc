#include "exporter/polling/day_reader.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/log.h"
#include "exporter/polling/upstream.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

// The namespace as a filter names it.
std::string FilterName(const kubecost::Allocation& row) {
  const std::string& name = row.properties.namespace_name;
  return name.empty() ? std::string(kubecost::kUnallocated) : name;
}

}  // namespace

// What the pod level is put together from.
struct DayReader::NamespaceRows {
  std::set<std::string> names;
  // Rows that no filter picks: each is its own only pod.
  std::vector<kubecost::Allocation> special;

  void Add(const kubecost::Allocation& row) {
    if (!metrics::TableBuilder::IsSpecial(row)) {
      names.insert(FilterName(row));
      return;
    }
    kubecost::Properties& properties = special.emplace_back(row).properties;
    // A group of one leaks the properties of its member.
    properties.node.clear();
    properties.controller_kind.clear();
    properties.controller.clear();
    properties.pod = properties.namespace_name;
  }
};

DayReading DayReader::Read(const base::Window& day, std::optional<metrics::Columns> pods, std::stop_token stop) {
  // The newest day alone is read in full.
  if (pods == metrics::Columns::kAll && day.end != newest_end_) {
    newest_end_ = day.end;
    in_parts_ = false;
  }
  auto facts = std::make_shared<metrics::DayFacts>();
  facts->window = day;
  facts->date = base::DateText(day, options_.day_utc_offset);
  facts->has_pods = pods.has_value();
  invalid_ = {};
  const absl::Status status = ReadLevels(*facts, pods, std::move(stop));
  if (!status.ok()) return {status, invalid_, {}};
  std::optional<size_t> merged_rows;
  if (facts->has_pods) merged_rows = std::accumulate(merged_rows_.begin(), merged_rows_.end(), size_t{0});
  return {std::move(facts), invalid_, merged_rows};
}

absl::Status DayReader::ReadLevels(metrics::DayFacts& day, std::optional<metrics::Columns> pods, std::stop_token stop) {
  using metrics::Columns;
  const bool in_parts = in_parts_;
  metrics::LevelTable& cluster = day.table(Level::kCluster);
  absl::Status status = ReadLevel(Level::kCluster, day.window, Columns::kAll, nullptr, cluster, stop);
  if (!status.ok()) return status;
  if (pods.has_value() && !in_parts) {
    status = ReadLevel(Level::kPod, day.window, *pods, nullptr, day.table(Level::kPod), stop);
    if (!status.ok()) return AfterPodFailure(status);
  }
  NamespaceRows rows;
  status = ReadLevel(Level::kNamespace, day.window, Columns::kAll, &rows, day.table(Level::kNamespace), stop);
  if (!status.ok()) return status;
  if (pods.has_value() && in_parts) {
    status = ReadPodsInParts(day.window, *pods, rows, day.table(Level::kPod), stop);
    if (!status.ok()) return AfterPodFailure(status);
  }
  metrics::LevelTable cluster_again;
  status = ReadLevel(Level::kCluster, day.window, Columns::kTotal, nullptr, cluster_again, stop);
  if (!status.ok()) return status;
  if (!metrics::SameTotals(cluster, cluster_again)) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the cluster's cost of ", day.date,
                                           " changed while it was being read: Kubecost was recomputing; the day is "
                                           "read again"));
  }
  day.Conclude();
  if (pods.has_value() && in_parts && !(day.Reconciles() && metrics::NamespacesReconcile(day))) {
    in_parts_ = false;
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the pods of ", day.date,
                                           ", asked for by namespace, do not add up to the levels above; the next "
                                           "read asks for them as a whole"));
  }
  return absl::OkStatus();
}

absl::Status DayReader::AfterPodFailure(absl::Status status) {
  if (!kubecost::MayBeTooBig(status)) return status;
  const size_t before = namespaces_per_request_;
  if (in_parts_) namespaces_per_request_ = std::max(before / 2, size_t{1});
  if (std::exchange(in_parts_, true) && namespaces_per_request_ == before) return status;
  base::Log(base::LogLevel::kInfo,
            "pods may be too many for one answer: the next read asks for some namespaces at a time",
            {{"namespaces_per_request", absl::StrCat(namespaces_per_request_)}});
  return status;
}

absl::Status DayReader::ReadLevel(Level level, const base::Window& day, metrics::Columns columns, NamespaceRows* rows,
                                  metrics::LevelTable& table, std::stop_token stop) {
  metrics::TableBuilder builder(level, options_.cluster_name, last_rows_[static_cast<size_t>(level)]);
  const absl::Status status = ReadInto(builder, {day, level}, rows, std::move(stop));
  if (status.ok()) table = Build(builder, level, columns);
  return status;
}

absl::Status DayReader::ReadPodsInParts(const base::Window& day, metrics::Columns columns, const NamespaceRows& rows,
                                        metrics::LevelTable& table, std::stop_token stop) {
  metrics::TableBuilder builder(Level::kPod, options_.cluster_name, last_rows_[static_cast<size_t>(Level::kPod)]);
  for (const kubecost::Allocation& row : rows.special) {
    const absl::Status status = ErrorOfRow(builder.Add(row), row);
    if (!status.ok()) return status;
  }
  kubecost::AllocationQuery query = {day, Level::kPod};
  for (auto name = rows.names.begin(); name != rows.names.end();) {
    query.namespaces.clear();
    while (name != rows.names.end() && query.namespaces.size() < namespaces_per_request_) {
      query.namespaces.push_back(*name++);
    }
    const absl::Status status = ReadInto(builder, query, nullptr, stop);
    // Namespaces without a pod; whether anything is missing, the sum will tell.
    if (kubecost::ReasonOf(status) == ErrorReason::kEmpty) continue;
    if (!status.ok()) return status;
  }
  table = Build(builder, Level::kPod, columns);
  return absl::OkStatus();
}

absl::Status DayReader::ReadInto(metrics::TableBuilder& builder, const kubecost::AllocationQuery& query,
                                 NamespaceRows* rows, std::stop_token stop) {
  // A server that does not know filters sends the whole each time, and idle cost may come with every part.
  const std::set<std::string> wanted(query.namespaces.begin(), query.namespaces.end());
  const absl::StatusOr<kubecost::ParsedAnswer> answer = client_.GetAllocations(
      query,
      [&builder, &wanted, rows](const kubecost::Allocation& row) {
        const bool is_other = metrics::TableBuilder::IsSpecial(row) || !wanted.contains(FilterName(row));
        if (!wanted.empty() && is_other) return absl::OkStatus();
        if (rows != nullptr) rows->Add(row);
        return ErrorOfRow(builder.Add(row), row);
      },
      std::move(stop));
  if (answer.ok()) invalid_.Add(answer->invalid);
  return answer.status();
}

metrics::LevelTable DayReader::Build(metrics::TableBuilder& builder, Level level, metrics::Columns columns) {
  last_rows_[static_cast<size_t>(level)] = builder.rows();
  builder.set_fallback_cluster(cluster_id_);
  metrics::LevelTable table = builder.Build(columns);
  invalid_.invalid_utf8 += builder.invalid_utf8();
  merged_rows_[static_cast<size_t>(level)] = builder.merged_rows();
  return table;
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
