// Rows of an answer -> LevelTable: identity, merging, sorting, interning.
#ifndef METRICS_TABLE_BUILDER_H_
#define METRICS_TABLE_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"
#include "metrics/level_table.h"

namespace metrics {

// Gives equal texts the same small number. The answer arrives sorted, so a text mostly equals the one before it.
class Interner {
 public:
  uint32_t Intern(absl::string_view text);
  const std::vector<std::string>& texts() const { return texts_; }
  // Gives another text to all that is interned, which must be one text alone.
  void ReplaceOnly(absl::string_view text) { texts_[0] = std::string(text); }

 private:
  std::vector<std::string> texts_;
  absl::flat_hash_map<std::string, uint32_t> ids_;
  uint32_t last_ = 0;
};

// What a sink tells apart when a row cannot be taken.
enum class RowProblem { kNone, kSecondCluster, kNameTooLong };

// Which values of a row are kept. kEverything has the zeros as well that a scrape does without.
enum class Columns { kEverything, kAll, kCosts, kTotal };

// The rules of identity and merging (metric contract, "Labels, identity, merging"):
//  - a row is keyed by cluster, namespace and pod as far as the level goes; a UID behind a space in the pod's name is
//    cut off; the idle row is namespace and pod `__idle__`; a namespace or pod that is empty has the special name that
//    the row's key holds, the same on every level, else `__unallocated__`;
//  - a row without a cluster is that of the one cluster that the others name; where none does, the fallback's;
//  - rows of one key merge: costs add, attributes come from the costlier row, an amount that is unknown in one row is
//    unknown in the sum, and so is the total; efficiency is usage over request, both weighted by minutes, the total
//    one weighted by the cost of CPU, memory and GPU;
//  - on cluster level the idle row adds to its cluster's costs and leaves the efficiency alone;
//  - on pod level a cost of 0 of a resource with `omit_zero_on_pods` is left out, unless the columns are kEverything.
//
// A real pod is one that ran: neither a special row nor the volumes of a namespace that no pod mounts.
class TableBuilder {
 public:
  // `cluster_name` replaces the cluster of every row when not empty. `expected_rows`: as many as the last answer had.
  TableBuilder(Level level, absl::string_view cluster_name, size_t expected_rows);

  // The cluster of rows for which Kubecost gives none, where it gives none at all.
  void set_fallback_cluster(absl::string_view name) { fallback_cluster_ = std::string(name); }

  // kSecondCluster when a cluster name is given and the rows hold two clusters; kNameTooLong when a label value is
  // longer than any name Kubernetes allows. The row is then not taken.
  RowProblem Add(const kubecost::Allocation& row);

  // True for a row of cost that no pod causes: `__idle__`, `__unmounted__`.
  static bool IsSpecial(const kubecost::Allocation& row);

  size_t rows() const { return rows_.size(); }

  // Ends the builder.
  LevelTable Build(Columns columns = Columns::kAll);

  // Fills the idle, unallocated and unmounted columns of a cluster table from the special rows of the namespace table.
  static void AddSpecialCosts(const LevelTable& namespaces, LevelTable& clusters);

  // Rows that went into another one; known after Build().
  size_t merged_rows() const { return merged_rows_; }
  // Label values that held invalid UTF-8, which is replaced.
  size_t invalid_utf8() const { return invalid_utf8_; }

  // Longest label value taken. Kubernetes allows names of 253 bytes; cloud ids as cluster names are longer.
  static constexpr size_t kMaxLabelBytes = 1024;

 private:
  struct Row {
    uint32_t cluster;
    uint32_t namespace_name;
    uint32_t pod_begin;
    uint32_t pod_size;
    uint32_t node;
    uint32_t controller_kind;
    uint32_t controller;
    uint32_t terms;  // answered rows in it
    bool is_idle;
    bool has_null_cost;
    double total;
    kubecost::ResourceCosts costs;
    kubecost::Efficiency efficiency;
    kubecost::Usage usage;
  };

  struct Times {
    Coverage pods;  // real ones
    Coverage windows;
  };

  absl::string_view Pod(const Row& row) const { return absl::string_view(pods_).substr(row.pod_begin, row.pod_size); }
  bool SameKey(const Row& a, const Row& b) const {
    return a.cluster == b.cluster && a.namespace_name == b.namespace_name && Pod(a) == Pod(b);
  }
  bool HasLesserAttributes(const Row& a, const Row& b) const;
  void NameClusters();
  RowProblem AddRepaired(const kubecost::Allocation& row);
  // The number of the text, escaped.
  uint32_t Intern(Interner& interner, absl::string_view text);
  void SortRows();
  void MergeRows();
  Row Merge(const Row* first, const Row* last);
  // And the sums of the clusters.
  void FillScopes(LevelTable& table);
  void FillPods(LevelTable& table);
  void FillColumns(LevelTable& table, Columns columns);

  // Constant after construction.
  const Level level_;
  const std::string cluster_name_;

  std::string fallback_cluster_;
  std::vector<Row> rows_;
  std::string pods_;
  Interner clusters_;
  Interner namespaces_;
  Interner nodes_;
  Interner controller_kinds_;
  Interner controllers_;
  std::string escaped_;
  std::vector<Times> times_;  // by cluster
  std::string only_cluster_;
  size_t merged_rows_ = 0;
  size_t invalid_utf8_ = 0;
};

}  // namespace metrics

#endif  // METRICS_TABLE_BUILDER_H_
