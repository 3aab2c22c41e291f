// The rows of one level (cluster, namespace or pod) over one window, columnar and interned.
#ifndef METRICS_LEVEL_TABLE_H_
#define METRICS_LEVEL_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/family.h"

namespace metrics {

// Immutable once built by TableBuilder. Rows are unique by (cluster, namespace, pod) and sorted by these texts. All
// texts are stored escaped, ready to be copied between the quotes of a label.
class LevelTable {
 public:
  // A cluster, or a namespace of one.
  struct Scope {
    std::string cluster;
    std::string namespace_name;
    // The beginning of the label block, up to where the pod's name or the closing brace stands:
    // `{cluster="a",namespace="b",pod="` or `{cluster="a",namespace="b"} `.
    std::string labels;
  };

  Level level() const { return level_; }
  size_t rows() const { return scope_of_row_.size(); }

  const Scope& scope(size_t row) const { return scopes_[scope_of_row_[row]]; }
  // Of the pod level.
  absl::string_view pod(size_t row) const {
    return absl::string_view(pods_.data() + pod_begin_[row], pod_begin_[row + 1] - pod_begin_[row]);
  }
  absl::string_view node(size_t row) const { return nodes_[node_of_row_[row]]; }
  // `kind",controller="name`: what stands between the quotes of the two labels.
  absl::string_view controller(size_t row) const { return controllers_[controller_of_row_[row]]; }

  // One value per row, kubecost::kUnknown where there is no sample; empty when no row has one.
  const std::vector<double>& column(Column column) const { return columns_[static_cast<size_t>(column)]; }

  // Samples that `column` gives.
  size_t CountSamples(Column column) const;

  // Memory held, in bytes.
  size_t bytes() const;

 private:
  friend class TableBuilder;

  Level level_ = Level::kPod;
  std::vector<Scope> scopes_;
  std::vector<uint32_t> scope_of_row_;
  std::string pods_;
  std::vector<uint32_t> pod_begin_;
  std::vector<std::string> nodes_;
  std::vector<uint32_t> node_of_row_;
  std::vector<std::string> controllers_;
  std::vector<uint32_t> controller_of_row_;
  std::array<std::vector<double>, kColumnCount> columns_;
};

// True when both tables give the same total to the same clusters and namespaces: two reads of one generation.
bool SameTotals(const LevelTable& a, const LevelTable& b);

}  // namespace metrics

#endif  // METRICS_LEVEL_TABLE_H_
