#include "metrics/table_builder.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/text.h"
#include "metrics/text_format.h"

namespace metrics {
namespace {

using kubecost::AddCosts;
using kubecost::Allocation;
using kubecost::IsKnown;
using kubecost::kPropertyFields;
using kubecost::kUnknown;

bool IsSpecialName(absl::string_view name) {
  return name.size() > 4 && absl::StartsWith(name, "__") && absl::EndsWith(name, "__");
}

// The part of a row's key that has the form of a special row's name (`__idle__`, `cluster-one/__idle__`), else empty.
// Any part that has no value is `__unallocated__`, which another special name is the more telling of. This recognises
// the row; its labels come from its properties.
absl::string_view SpecialName(absl::string_view key) {
  absl::string_view found;
  if (!absl::StrContains(key, "__")) return found;
  for (const absl::string_view part : absl::StrSplit(key, '/')) {
    if (!IsSpecialName(part)) continue;
    found = part;
    if (part != kubecost::kUnallocated) break;
  }
  return found;
}

// Kubecost gives a namespace's claims that no pod mounts a pod of this name, with the whole window as its run time.
bool HasOnlyUnmountedClaims(const kubecost::Properties& properties) {
  constexpr absl::string_view kUnmountedClaims = "-unmounted-pvcs";
  return properties.node.empty() && absl::EndsWith(properties.pod, kUnmountedClaims);
}

bool HasInvalidUtf8(const kubecost::Properties& properties) {
  return std::any_of(
      kPropertyFields.begin(), kPropertyFields.end(),
      [&properties](const kubecost::PropertyField& field) { return !base::IsValidUtf8(properties.*field.text); });
}

double Cost(const kubecost::ResourceCosts& costs, Resource resource) { return costs[static_cast<size_t>(resource)]; }

// Ranks of the texts in byte order, by id.
std::vector<uint32_t> RanksOf(const std::vector<std::string>& texts) {
  std::vector<uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&texts](uint32_t a, uint32_t b) { return texts[a] < texts[b]; });
  std::vector<uint32_t> ranks(texts.size());
  for (uint32_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

// sum(usage x minutes) / sum(request x minutes) over several rows.
class UsageRatio {
 public:
  void Add(double usage, double request, double minutes) {
    valid_ = valid_ && IsKnown(usage) && IsKnown(request) && minutes > 0;
    usage_ += usage * minutes;
    request_ += request * minutes;
  }
  double value() const { return valid_ && request_ != 0 ? usage_ / request_ : kUnknown; }

 private:
  bool valid_ = true;
  double usage_ = 0;
  double request_ = 0;
};

// The efficiency of merged rows.
class MergedEfficiency {
 public:
  void Add(const kubecost::Usage& usage, double total_efficiency, const kubecost::ResourceCosts& costs) {
    cpu_.Add(usage.cpu_usage, usage.cpu_request, usage.minutes);
    memory_.Add(usage.memory_usage, usage.memory_request, usage.minutes);
    // What Kubecost's total efficiency is itself weighted by.
    const double weight =
        AddCosts(AddCosts(Cost(costs, Resource::kCpu), Cost(costs, Resource::kMemory)), Cost(costs, Resource::kGpu));
    total_.Add(total_efficiency * weight, weight, usage.minutes > 0 ? 1 : kUnknown);
  }
  kubecost::Efficiency value() const { return {cpu_.value(), memory_.value(), total_.value()}; }

 private:
  UsageRatio cpu_;
  UsageRatio memory_;
  UsageRatio total_;
};

}  // namespace

uint32_t Interner::Intern(absl::string_view text) {
  if (!texts_.empty() && texts_[last_] == text) return last_;
  const auto [entry, added] = ids_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
  if (added) texts_.emplace_back(text);
  last_ = entry->second;
  return last_;
}

TableBuilder::TableBuilder(Level level, absl::string_view cluster_name, size_t expected_rows)
    : level_(level), cluster_name_(cluster_name) {
  rows_.reserve(expected_rows);
}

bool TableBuilder::IsSpecial(const Allocation& row) {
  const absl::string_view special = SpecialName(row.name);
  const absl::string_view name =
      special == kubecost::kIdle || row.properties.namespace_name.empty() ? special : row.properties.namespace_name;
  return IsSpecialName(name) && name != kubecost::kUnallocated;
}

RowProblem TableBuilder::AddRepaired(const Allocation& row) {
  // Before rows are compared: two names that differ in invalid bytes alone would else become one series twice.
  Allocation repaired = row;
  for (const kubecost::PropertyField& field : kPropertyFields) {
    std::string& text = repaired.properties.*field.text;
    if (base::IsValidUtf8(text)) continue;
    text = base::ReplaceInvalidUtf8(text);
    ++invalid_utf8_;
  }
  if (!base::IsValidUtf8(SpecialName(row.name))) {
    repaired.name = base::ReplaceInvalidUtf8(row.name);
    ++invalid_utf8_;
  }
  return Add(repaired);
}

RowProblem TableBuilder::Add(const Allocation& row) {
  if (HasInvalidUtf8(row.properties) || !base::IsValidUtf8(SpecialName(row.name))) return AddRepaired(row);
  const kubecost::Properties& properties = row.properties;
  for (const kubecost::PropertyField& field : kPropertyFields) {
    if ((properties.*field.text).size() > kMaxLabelBytes) return RowProblem::kNameTooLong;
  }
  if (!cluster_name_.empty() && !properties.cluster.empty()) {
    if (!only_cluster_.empty() && only_cluster_ != properties.cluster) return RowProblem::kSecondCluster;
    only_cluster_ = properties.cluster;
  }

  const absl::string_view special = SpecialName(row.name);
  const bool is_idle = special == kubecost::kIdle;
  const absl::string_view unnamed = special.empty() ? kubecost::kUnallocated : special;
  absl::string_view namespace_name = properties.namespace_name;
  absl::string_view pod = absl::string_view(properties.pod).substr(0, properties.pod.find(' '));
  if (is_idle) {
    namespace_name = pod = kubecost::kIdle;
  } else if (namespace_name.empty()) {
    namespace_name = unnamed;
    if (pod.empty()) pod = unnamed;
  } else if (pod.empty()) {
    pod = IsSpecialName(namespace_name) ? namespace_name : kubecost::kUnallocated;
  }
  if (level_ != Level::kPod) pod = "";
  if (level_ == Level::kCluster) namespace_name = "";

  const bool has_attributes = level_ == Level::kPod && !is_idle;
  const auto attribute = [has_attributes](const std::string& text) {
    return has_attributes ? absl::string_view(text) : absl::string_view();
  };
  Row& kept = rows_.emplace_back();
  kept.cluster = Intern(clusters_, cluster_name_.empty() ? properties.cluster : cluster_name_);
  kept.namespace_name = Intern(namespaces_, namespace_name);
  kept.pod_begin = static_cast<uint32_t>(pods_.size());
  AppendLabelValue(pod, pods_);
  kept.pod_size = static_cast<uint32_t>(pods_.size()) - kept.pod_begin;
  kept.node = Intern(nodes_, attribute(properties.node));
  kept.controller_kind = Intern(controller_kinds_, attribute(properties.controller_kind));
  kept.controller = Intern(controllers_, attribute(properties.controller));
  kept.terms = 1;
  kept.is_idle = is_idle;
  kept.has_null_cost = row.has_null_cost;
  kept.total = row.total_cost;
  kept.costs = row.costs;
  kept.efficiency = row.efficiency;
  kept.usage = row.usage;
  times_.resize(std::max(times_.size(), size_t{kept.cluster} + 1));
  Times& times = times_[kept.cluster];
  if (row.window.has_value()) times.windows.Add(*row.window);
  if (level_ != Level::kCluster && row.extent.has_value() && !IsSpecial(row) && !HasOnlyUnmountedClaims(properties)) {
    times.pods.Add(*row.extent);
  }
  return RowProblem::kNone;
}

uint32_t TableBuilder::Intern(Interner& interner, absl::string_view text) {
  escaped_.clear();
  AppendLabelValue(text, escaped_);
  return interner.Intern(escaped_);
}

void TableBuilder::SortRows() {
  const std::vector<uint32_t> clusters = RanksOf(clusters_.texts());
  const std::vector<uint32_t> namespaces = RanksOf(namespaces_.texts());
  const auto less = [&](const Row& a, const Row& b) {
    if (a.cluster != b.cluster) return clusters[a.cluster] < clusters[b.cluster];
    if (a.namespace_name != b.namespace_name) return namespaces[a.namespace_name] < namespaces[b.namespace_name];
    return Pod(a) < Pod(b);
  };
  // Kubecost's own order is nearly this one.
  if (!std::is_sorted(rows_.begin(), rows_.end(), less)) std::stable_sort(rows_.begin(), rows_.end(), less);
}

bool TableBuilder::HasLesserAttributes(const Row& a, const Row& b) const {
  const auto attributes = [this](const Row& row) {
    return std::tie(nodes_.texts()[row.node], controller_kinds_.texts()[row.controller_kind],
                    controllers_.texts()[row.controller]);
  };
  return attributes(a) < attributes(b);
}

TableBuilder::Row TableBuilder::Merge(const Row* first, const Row* last) {
  const auto rank = [](const Row& row) { return std::pair(IsKnown(row.total), IsKnown(row.total) ? row.total : 0); };
  Row merged = *first;
  MergedEfficiency efficiency;
  const Row* costliest = first;
  const Row* only_workload = nullptr;  // the one row that is not idle, if there is just one
  size_t workloads = 0;
  for (const Row* row = first; row != last; ++row) {
    if (row != first) {
      merged.total = AddCosts(merged.total, row->total);
      for (size_t i = 0; i < merged.costs.size(); ++i) merged.costs[i] = AddCosts(merged.costs[i], row->costs[i]);
      merged.has_null_cost |= row->has_null_cost;
      merged.terms += row->terms;
      if (rank(*row) > rank(*costliest) || (rank(*row) == rank(*costliest) && HasLesserAttributes(*row, *costliest))) {
        costliest = row;
      }
    }
    if (level_ == Level::kCluster && row->is_idle) continue;
    efficiency.Add(row->usage, row->efficiency.total, row->costs);
    only_workload = row;
    ++workloads;
  }
  if (merged.has_null_cost) merged.total = kUnknown;
  merged.node = costliest->node;
  merged.controller_kind = costliest->controller_kind;
  merged.controller = costliest->controller;
  merged.efficiency = workloads == 1 ? only_workload->efficiency : efficiency.value();
  merged_rows_ += workloads > 1 ? workloads - 1 : 0;
  return merged;
}

void TableBuilder::MergeRows() {
  size_t kept = 0;
  for (size_t first = 0; first < rows_.size();) {
    size_t last = first + 1;
    while (last < rows_.size() && SameKey(rows_[first], rows_[last])) ++last;
    rows_[kept] = last == first + 1 ? rows_[first] : Merge(&rows_[first], rows_.data() + last);
    ++kept;
    first = last;
  }
  rows_.resize(kept);
}

void TableBuilder::FillScopes(LevelTable& table) {
  table.scope_of_row_.reserve(rows_.size());
  const Row* previous = nullptr;
  for (const Row& row : rows_) {
    const std::string& cluster = clusters_.texts()[row.cluster];
    const bool is_new_cluster = previous == nullptr || previous->cluster != row.cluster;
    if (is_new_cluster) {
      LevelTable::ClusterSum& sum = table.sums_.emplace_back();
      sum.cluster = cluster;
      const Times& times = times_[row.cluster];
      sum.extent = times.pods.extent();
      sum.ran = times.pods.ran();
      sum.window = times.windows.extent();
    }
    if (is_new_cluster || previous->namespace_name != row.namespace_name) {
      table.scopes_.push_back({cluster, namespaces_.texts()[row.namespace_name]});
    }
    table.scope_of_row_.push_back(static_cast<uint32_t>(table.scopes_.size() - 1));
    LevelTable::ClusterSum& sum = table.sums_.back();
    sum.total = AddCosts(sum.total, row.total);
    sum.terms += row.terms;
    sum.samples += IsKnown(row.total) ? 1 : 0;
    previous = &row;
  }
  table.scopes_.shrink_to_fit();
}

void TableBuilder::FillPods(LevelTable& table) {
  // By kind and name.
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint32_t> ids;
  table.pods_.reserve(pods_.size());
  table.pod_begin_.reserve(rows_.size() + 1);
  table.node_of_row_.reserve(rows_.size());
  table.controller_of_row_.reserve(rows_.size());
  table.nodes_ = nodes_.texts();
  for (const Row& row : rows_) {
    table.pod_begin_.push_back(static_cast<uint32_t>(table.pods_.size()));
    absl::StrAppend(&table.pods_, Pod(row));
    table.node_of_row_.push_back(row.node);
    const auto [entry, added] =
        ids.try_emplace({row.controller_kind, row.controller}, static_cast<uint32_t>(table.controllers_.size()));
    if (added) {
      table.controllers_.push_back(
          {controller_kinds_.texts()[row.controller_kind], controllers_.texts()[row.controller]});
    }
    table.controller_of_row_.push_back(entry->second);
  }
  table.pod_begin_.push_back(static_cast<uint32_t>(table.pods_.size()));
  table.pods_.shrink_to_fit();
  table.controllers_.shrink_to_fit();
}

void TableBuilder::FillColumns(LevelTable& table, Columns columns) {
  const auto fill = [&](Column column, auto value) {
    std::vector<double>& values = table.columns_[static_cast<size_t>(column)];
    values.reserve(rows_.size());
    for (const Row& row : rows_) values.push_back(value(row));
    if (std::none_of(values.begin(), values.end(), IsKnown)) std::vector<double>().swap(values);
  };
  fill(Column::kTotal, [](const Row& row) { return row.total; });
  if (columns == Columns::kTotal) return;
  for (size_t i = 0; i < kubecost::kResourceCount; ++i) {
    const bool omits_zero =
        columns != Columns::kEverything && level_ == Level::kPod && kubecost::kResources[i].omit_zero_on_pods;
    fill(static_cast<Column>(i),
         [i, omits_zero](const Row& row) { return omits_zero && row.costs[i] == 0 ? kUnknown : row.costs[i]; });
  }
  if (columns == Columns::kCosts) return;
  fill(Column::kCpuEfficiency, [](const Row& row) { return row.efficiency.cpu; });
  fill(Column::kMemoryEfficiency, [](const Row& row) { return row.efficiency.memory; });
  fill(Column::kTotalEfficiency, [](const Row& row) { return row.efficiency.total; });
}

void TableBuilder::NameClusters() {
  const std::vector<std::string>& names = clusters_.texts();
  const auto unnamed = static_cast<uint32_t>(std::find(names.begin(), names.end(), "") - names.begin());
  if (unnamed == names.size() || names.size() > 2) return;
  if (names.size() == 1) {
    escaped_.clear();
    AppendLabelValue(base::ReplaceInvalidUtf8(fallback_cluster_), escaped_);
    clusters_.ReplaceOnly(escaped_);
    return;
  }
  const uint32_t only = 1 - unnamed;
  for (Row& row : rows_) row.cluster = only;
  times_[only].pods.Add(times_[unnamed].pods);
  times_[only].windows.Add(times_[unnamed].windows);
}

LevelTable TableBuilder::Build(Columns columns) {
  NameClusters();
  SortRows();
  MergeRows();
  LevelTable table;
  table.level_ = level_;
  FillScopes(table);
  if (level_ == Level::kPod) FillPods(table);
  FillColumns(table, columns);
  return table;
}

void TableBuilder::AddSpecialCosts(const LevelTable& namespaces, LevelTable& clusters) {
  const std::vector<double>& totals = namespaces.column(Column::kTotal);
  if (totals.empty()) return;
  for (const SpecialCost& special : kSpecialCosts) {
    std::vector<double> values(clusters.rows(), kUnknown);
    for (size_t row = 0; row < namespaces.rows(); ++row) {
      if (namespaces.namespace_name(row) != special.namespace_name) continue;
      for (size_t cluster = 0; cluster < clusters.rows(); ++cluster) {
        if (clusters.cluster(cluster) == namespaces.cluster(row)) values[cluster] = totals[row];
      }
    }
    if (std::any_of(values.begin(), values.end(), IsKnown)) {
      clusters.columns_[static_cast<size_t>(special.column)] = std::move(values);
    }
  }
}

}  // namespace metrics
