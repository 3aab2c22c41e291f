// The rows of one level (cluster, namespace or pod) over one window, columnar and interned.
#ifndef METRICS_LEVEL_TABLE_H_
#define METRICS_LEVEL_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/coverage.h"
#include "metrics/family.h"

namespace metrics {

// Immutable once built by TableBuilder. All texts are stored escaped, ready to be copied between the quotes of a label.
// Rows are unique by (cluster, namespace, pod) and sorted by these texts.
class LevelTable {
 public:
  // All rows of one cluster together.
  struct ClusterSum {
    std::string cluster;
    double total = 0;    // unknown when one row's is
    size_t terms = 0;    // amounts of Kubecost's that were added, each rounded
    size_t samples = 0;  // rows whose total is known
    // When the rows of real pods ran, and the sum of their run times; not from the cluster level.
    std::optional<Extent> extent;
    absl::Duration ran;
    // What the windows of the rows cover: the time that the answer is about, whatever was asked for. It has a hole
    // where `covered` is less than `span`. Nothing when no row has a window.
    std::optional<Extent> window;
  };

  Level level() const { return level_; }
  size_t rows() const { return scope_of_row_.size(); }

  // Rows that follow each other share the text.
  absl::string_view cluster(size_t row) const { return scopes_[scope_of_row_[row]].cluster; }
  absl::string_view namespace_name(size_t row) const { return scopes_[scope_of_row_[row]].namespace_name; }
  // Only the pod level has these.
  absl::string_view pod(size_t row) const {
    return absl::string_view(pods_.data() + pod_begin_[row], pod_begin_[row + 1] - pod_begin_[row]);
  }
  absl::string_view node(size_t row) const { return nodes_[node_of_row_[row]]; }
  absl::string_view controller_kind(size_t row) const { return controllers_[controller_of_row_[row]].kind; }
  absl::string_view controller(size_t row) const { return controllers_[controller_of_row_[row]].name; }

  // One value per row, kubecost::kUnknown where there is no sample; empty when no row has one.
  const std::vector<double>& column(Column column) const { return columns_[static_cast<size_t>(column)]; }
  // 1 for kInfo.
  double value(Column column, size_t row) const {
    if (column == Column::kInfo) return 1;
    const std::vector<double>& values = this->column(column);
    return values.empty() ? kubecost::kUnknown : values[row];
  }

  // Sorted by cluster.
  const std::vector<ClusterSum>& sums() const { return sums_; }

  // Memory held, in bytes.
  size_t bytes() const;

  // A table of each cluster, sorted by cluster.
  static std::vector<LevelTable> SplitByCluster(LevelTable&& table);

 private:
  friend class TableBuilder;

  // A cluster, or a namespace of one.
  struct Scope {
    std::string cluster;
    std::string namespace_name;
  };
  struct Controller {
    std::string kind;
    std::string name;
  };

  // Some of the rows, which are all of one cluster, without its sum.
  LevelTable Rows(size_t begin, size_t end) const;

  Level level_ = Level::kPod;
  std::vector<Scope> scopes_;
  std::vector<uint32_t> scope_of_row_;
  std::string pods_;
  std::vector<uint32_t> pod_begin_;
  std::vector<std::string> nodes_;
  std::vector<uint32_t> node_of_row_;
  std::vector<Controller> controllers_;
  std::vector<uint32_t> controller_of_row_;
  std::array<std::vector<double>, kColumnCount> columns_;
  std::vector<ClusterSum> sums_;
};

// A table for each level.
struct LevelTables {
  std::array<LevelTable, kubecost::kLevelCount> tables;

  LevelTable& table(Level level) { return tables[static_cast<size_t>(level)]; }
  const LevelTable& table(Level level) const { return tables[static_cast<size_t>(level)]; }
  // Memory held, in bytes.
  size_t bytes() const { return tables[0].bytes() + tables[1].bytes() + tables[2].bytes(); }
};

// The order of rows: negative when row `i` of `a` comes before row `j` of `b`, 0 when both have the same identity.
int CompareIdentity(const LevelTable& a, size_t i, const LevelTable& b, size_t j);

// What Kubecost's rounding of so many amounts to 5 decimals can come to in their sum, and that of the doubles
// themselves, which are not on its grid.
constexpr double RoundingOf(size_t amounts) { return 5e-6 * static_cast<double>(amounts) + 1e-9; }

// True when both totals are the same but for rounding, or both are unknown.
bool SameTotal(const LevelTable::ClusterSum& a, const LevelTable::ClusterSum& b);

}  // namespace metrics

#endif  // METRICS_LEVEL_TABLE_H_
