#include "exporter/polling/day_reader.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/day.h"
#include "base/log.h"
#include "exporter/polling/row_error.h"
#include "kubecost/api_error.h"

namespace polling {
namespace {

using kubecost::ErrorReason;
using kubecost::Level;

metrics::Columns ColumnsOf(PodLevel pods) {
  switch (pods) {
    case PodLevel::kNone:
    case PodLevel::kTotals:
      return metrics::Columns::kTotal;
    case PodLevel::kCosts:
      return metrics::Columns::kCosts;
    case PodLevel::kAll:
      return metrics::Columns::kAll;
    case PodLevel::kEverything:
      break;
  }
  return metrics::Columns::kEverything;
}

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

DayReader::DayReader(const Options& options, kubecost::AllocationClient& client, Metrics& self_metrics,
                     std::function<void()> on_request)
    : options_(options), client_(client), self_metrics_(self_metrics), on_request_(std::move(on_request)) {}

absl::StatusOr<std::shared_ptr<const metrics::DayFacts>> DayReader::Read(const base::Window& day, PodLevel pods,
                                                                         std::stop_token stop) {
  // The newest day alone is read in full.
  if (pods == PodLevel::kAll && day.end != newest_end_) {
    newest_end_ = day.end;
    in_parts_ = false;
  }
  auto facts = std::make_shared<metrics::DayFacts>();
  facts->window = day;
  facts->date = base::DateText(day, options_.day_utc_offset);
  facts->has_pods = pods != PodLevel::kNone;
  const absl::Status status = ReadLevels(*facts, pods, std::move(stop));
  if (!status.ok()) return status;
  if (facts->has_pods) {
    self_metrics_.SetMergedRows(std::accumulate(merged_rows_.begin(), merged_rows_.end(), size_t{0}));
  }
  return facts;
}

absl::Status DayReader::ReadLevels(metrics::DayFacts& day, PodLevel pods, std::stop_token stop) {
  const bool in_parts = in_parts_;
  const auto take = [](absl::StatusOr<metrics::LevelTable> read, metrics::LevelTable& table) {
    if (!read.ok()) return read.status();
    table = *std::move(read);
    return absl::OkStatus();
  };
  absl::Status status =
      take(ReadLevel(Level::kCluster, day.window, metrics::Columns::kAll, nullptr, stop), day.table(Level::kCluster));
  if (!status.ok()) return status;
  if (day.has_pods && !in_parts) {
    status = take(ReadLevel(Level::kPod, day.window, ColumnsOf(pods), nullptr, stop), day.table(Level::kPod));
    if (!status.ok()) return AfterPodFailure(status);
  }
  NamespaceRows rows;
  status =
      take(ReadLevel(Level::kNamespace, day.window, metrics::Columns::kAll, &rows, stop), day.table(Level::kNamespace));
  if (!status.ok()) return status;
  if (day.has_pods && in_parts) {
    status = take(ReadPodsInParts(day.window, ColumnsOf(pods), rows, stop), day.table(Level::kPod));
    if (!status.ok()) return AfterPodFailure(status);
  }
  metrics::LevelTable cluster_again;
  status = take(ReadLevel(Level::kCluster, day.window, metrics::Columns::kTotal, nullptr, stop), cluster_again);
  if (!status.ok()) return status;
  if (!metrics::SameTotals(day.table(Level::kCluster), cluster_again)) {
    return kubecost::ApiError(ErrorReason::kInconsistent,
                              absl::StrCat("the cluster's cost of ", day.date,
                                           " changed while it was being read: Kubecost was recomputing; the day is "
                                           "read again"));
  }
  day.Conclude();
  if (day.has_pods && in_parts && !(day.Reconciles() && metrics::NamespacesReconcile(day))) {
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

absl::StatusOr<metrics::LevelTable> DayReader::ReadLevel(Level level, const base::Window& day, metrics::Columns columns,
                                                         NamespaceRows* rows, std::stop_token stop) {
  metrics::TableBuilder builder(level, options_.cluster_name, last_rows_[static_cast<size_t>(level)]);
  const absl::Status status = ReadInto(builder, {day, level}, rows, std::move(stop));
  if (!status.ok()) return status;
  return Build(builder, level, columns);
}

absl::StatusOr<metrics::LevelTable> DayReader::ReadPodsInParts(const base::Window& day, metrics::Columns columns,
                                                               const NamespaceRows& rows, std::stop_token stop) {
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
  return Build(builder, Level::kPod, columns);
}

absl::Status DayReader::ReadInto(metrics::TableBuilder& builder, const kubecost::AllocationQuery& query,
                                 NamespaceRows* rows, std::stop_token stop) {
  on_request_();
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
  if (answer.ok()) self_metrics_.CountInvalidValues(answer->invalid);
  return answer.status();
}

metrics::LevelTable DayReader::Build(metrics::TableBuilder& builder, Level level, metrics::Columns columns) {
  last_rows_[static_cast<size_t>(level)] = builder.rows();
  builder.set_fallback_cluster(cluster_id_);
  metrics::LevelTable table = builder.Build(columns);
  kubecost::InvalidValues invalid;
  invalid.invalid_utf8 = builder.invalid_utf8();
  self_metrics_.CountInvalidValues(invalid);
  merged_rows_[static_cast<size_t>(level)] = builder.merged_rows();
  return table;
}

absl::StatusOr<std::vector<base::Window>> DayReader::FindDays(const base::Window& span, std::stop_token stop) {
  on_request_();
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
