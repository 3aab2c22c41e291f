#include "exporter/polling/level_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
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

void NamespaceRows::Add(const kubecost::Allocation& row) {
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

absl::Status LevelReader::AfterPodFailure(absl::Status status) {
  if (!kubecost::MayBeTooBig(status)) return status;
  const size_t before = namespaces_per_request_;
  if (in_parts_) namespaces_per_request_ = std::max(before / 2, size_t{1});
  if (std::exchange(in_parts_, true) && namespaces_per_request_ == before) return status;
  base::Log(base::LogLevel::kInfo,
            "pods may be too many for one answer: the next read asks for some namespaces at a time",
            {{"namespaces_per_request", absl::StrCat(namespaces_per_request_)}});
  return status;
}

absl::Status LevelReader::Read(Level level, const base::Window& day, metrics::Columns columns, NamespaceRows* rows,
                               metrics::LevelTable& table, std::stop_token stop) {
  metrics::TableBuilder builder(level, options_.cluster_name, last_rows_[static_cast<size_t>(level)]);
  const absl::Status status = ReadInto(absl::MakeSpan(&builder, 1), {day, level}, rows, std::move(stop));
  if (status.ok()) table = Build(builder, level, columns);
  return status;
}

absl::Status LevelReader::ReadSummed(Level level, const base::Window& window, NamespaceRows* rows,
                                     metrics::LevelTables& tables, std::stop_token stop) {
  std::vector<metrics::TableBuilder> builders;
  builders.reserve(kubecost::kLevelCount);
  for (const Level each : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    if (each <= level) builders.emplace_back(each, options_.cluster_name, last_rows_[static_cast<size_t>(each)]);
  }
  const absl::Status status = ReadInto(absl::MakeSpan(builders), {window, level}, rows, std::move(stop));
  for (size_t i = 0; i < builders.size() && status.ok(); ++i) {
    tables.tables[i] = Build(builders[i], static_cast<Level>(i), metrics::Columns::kTotal);
  }
  return status;
}

absl::Status LevelReader::ReadPodsInParts(const base::Window& day, metrics::Columns columns, const NamespaceRows& rows,
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
    const absl::Status status = ReadInto(absl::MakeSpan(&builder, 1), query, nullptr, stop);
    // Namespaces without a pod; whether anything is missing, the sum will tell.
    if (kubecost::ReasonOf(status) == ErrorReason::kEmpty) continue;
    if (!status.ok()) return status;
  }
  table = Build(builder, Level::kPod, columns);
  return absl::OkStatus();
}

absl::Status LevelReader::ReadInto(absl::Span<metrics::TableBuilder> builders, const kubecost::AllocationQuery& query,
                                   NamespaceRows* rows, std::stop_token stop) {
  // A server that does not know filters sends the whole each time, and idle cost may come with every part.
  const std::set<std::string> wanted(query.namespaces.begin(), query.namespaces.end());
  const absl::StatusOr<kubecost::ParsedAnswer> answer = client_.GetAllocations(
      query,
      [&wanted, builders, rows](const kubecost::Allocation& row) {
        const bool is_other = metrics::TableBuilder::IsSpecial(row) || !wanted.contains(FilterName(row));
        if (!wanted.empty() && is_other) return absl::OkStatus();
        if (rows != nullptr) rows->Add(row);
        metrics::RowProblem problem = metrics::RowProblem::kNone;
        for (size_t i = 0; i < builders.size() && problem == metrics::RowProblem::kNone; ++i) {
          problem = builders[i].Add(row);
        }
        return ErrorOfRow(problem, row);
      },
      std::move(stop));
  if (answer.ok()) invalid_.Add(answer->invalid);
  return answer.status();
}

metrics::LevelTable LevelReader::Build(metrics::TableBuilder& builder, Level level, metrics::Columns columns) {
  last_rows_[static_cast<size_t>(level)] = builder.rows();
  builder.set_fallback_cluster(cluster_id_);
  metrics::LevelTable table = builder.Build(columns);
  invalid_.invalid_utf8 += builder.invalid_utf8();
  merged_rows_[static_cast<size_t>(level)] = builder.merged_rows();
  return table;
}

}  // namespace polling
