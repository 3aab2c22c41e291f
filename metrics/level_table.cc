#include "metrics/level_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace metrics {
namespace {

size_t BytesOf(const std::vector<std::string>& texts) {
  size_t bytes = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) bytes += text.capacity();
  return bytes;
}

template <typename T>
size_t BytesOf(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

// Copies the values that the rows from `begin` to `end` refer to, and what refers to them.
template <typename T>
void CopyReferred(const std::vector<T>& values, const std::vector<uint32_t>& value_of_row, size_t begin, size_t end,
                  std::vector<T>& copied, std::vector<uint32_t>& copied_of_row) {
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> ids(values.size(), kNone);
  copied_of_row.reserve(end - begin);
  for (size_t row = begin; row < end; ++row) {
    uint32_t& id = ids[value_of_row[row]];
    if (id == kNone) {
      id = static_cast<uint32_t>(copied.size());
      copied.push_back(values[value_of_row[row]]);
    }
    copied_of_row.push_back(id);
  }
  copied.shrink_to_fit();
}

}  // namespace

size_t LevelTable::bytes() const {
  size_t bytes = sizeof(*this) + BytesOf(scopes_) + BytesOf(scope_of_row_) + pods_.capacity() + BytesOf(pod_begin_) +
                 BytesOf(nodes_) + BytesOf(node_of_row_) + BytesOf(controllers_) + BytesOf(controller_of_row_);
  for (const Scope& scope : scopes_) {
    bytes += scope.cluster.capacity() + scope.namespace_name.capacity();
  }
  for (const Controller& controller : controllers_) bytes += controller.kind.capacity() + controller.name.capacity();
  for (const std::vector<double>& column : columns_) bytes += BytesOf(column);
  for (const ClusterSum& sum : sums_) bytes += sizeof(sum) + sum.cluster.capacity();
  return bytes;
}

LevelTable LevelTable::Rows(size_t begin, size_t end) const {
  LevelTable part;
  part.level_ = level_;
  CopyReferred(scopes_, scope_of_row_, begin, end, part.scopes_, part.scope_of_row_);
  if (level_ == Level::kPod) {
    part.pods_ = pods_.substr(pod_begin_[begin], pod_begin_[end] - pod_begin_[begin]);
    part.pod_begin_.reserve(end - begin + 1);
    for (size_t row = begin; row <= end; ++row) part.pod_begin_.push_back(pod_begin_[row] - pod_begin_[begin]);
    CopyReferred(nodes_, node_of_row_, begin, end, part.nodes_, part.node_of_row_);
    CopyReferred(controllers_, controller_of_row_, begin, end, part.controllers_, part.controller_of_row_);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].empty()) continue;
    const double* const values = columns_[i].data();
    if (std::any_of(values + begin, values + end, kubecost::IsKnown)) {
      part.columns_[i].assign(values + begin, values + end);
    }
  }
  return part;
}

std::vector<LevelTable> LevelTable::SplitByCluster(LevelTable&& table) {
  std::vector<LevelTable> parts;
  if (table.sums_.size() == 1) {
    parts.push_back(std::move(table));
    return parts;
  }
  parts.reserve(table.sums_.size());
  size_t begin = 0;
  for (ClusterSum& sum : table.sums_) {
    size_t end = begin + 1;
    while (end < table.rows() && table.cluster(end) == sum.cluster) ++end;
    parts.push_back(table.Rows(begin, end));
    parts.back().sums_.push_back(std::move(sum));
    begin = end;
  }
  return parts;
}

int CompareIdentity(const LevelTable& a, size_t i, const LevelTable& b, size_t j) {
  if (const int order = a.cluster(i).compare(b.cluster(j)); order != 0) return order;
  if (const int order = a.namespace_name(i).compare(b.namespace_name(j)); order != 0) return order;
  return a.level() == Level::kPod ? a.pod(i).compare(b.pod(j)) : 0;
}

bool SameTotal(const LevelTable::ClusterSum& a, const LevelTable::ClusterSum& b) {
  const bool is_known = kubecost::IsKnown(a.total);
  return is_known == kubecost::IsKnown(b.total) &&
         (!is_known || std::abs(a.total - b.total) <= RoundingOf(a.terms + b.terms));
}

}  // namespace metrics
