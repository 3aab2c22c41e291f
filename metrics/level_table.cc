#include "metrics/level_table.h"

#include <algorithm>

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

int CompareIdentity(const LevelTable& a, size_t i, const LevelTable& b, size_t j) {
  if (const int order = a.cluster(i).compare(b.cluster(j)); order != 0) return order;
  if (const int order = a.namespace_name(i).compare(b.namespace_name(j)); order != 0) return order;
  return a.level() == Level::kPod ? a.pod(i).compare(b.pod(j)) : 0;
}

bool SameTotals(const LevelTable& a, const LevelTable& b) {
  if (a.rows() != b.rows()) return false;
  for (size_t row = 0; row < a.rows(); ++row) {
    if (CompareIdentity(a, row, b, row) != 0) return false;
  }
  const std::vector<double>& totals_a = a.column(Column::kTotal);
  const std::vector<double>& totals_b = b.column(Column::kTotal);
  return std::equal(totals_a.begin(), totals_a.end(), totals_b.begin(), totals_b.end(),
                    [](double x, double y) { return x == y || (!kubecost::IsKnown(x) && !kubecost::IsKnown(y)); });
}

}  // namespace metrics
