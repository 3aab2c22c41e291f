// Reads one level of a window from Kubecost, as a whole or in parts.
#ifndef EXPORTER_POLLING_LEVEL_READER_H_
#define EXPORTER_POLLING_LEVEL_READER_H_

#include <array>
#include <cstddef>
#include <numeric>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/day.h"
#include "exporter/polling/options.h"
#include "kubecost/allocation_client.h"
#include "metrics/table_builder.h"

namespace polling {

// What a pod level is put together from, collected from the rows of the namespace level.
struct NamespaceRows {
  std::set<std::string> names;
  // Rows that no filter picks: each is its own only pod.
  std::vector<kubecost::Allocation> special;

  void Add(const kubecost::Allocation& row);
};

// A pod level that is too big for Kubecost is asked for in parts from the next read on: some namespaces at a time, half
// as many after each failure. Whether the parts add up is for the caller to see. No retry, no sleep. For one thread.
class LevelReader {
 public:
  // `cluster_id`: the cluster of rows for which Kubecost gives none, at the time of a reading.
  LevelReader(const Options& options, kubecost::AllocationClient& client, const std::string& cluster_id)
      : options_(options), client_(client), cluster_id_(cluster_id) {}

  // Begins to count anew.
  void Begin() { invalid_ = {}; }

  // `rows` may be null.
  absl::Status Read(kubecost::Level level, const base::Window& window, metrics::Columns columns, NamespaceRows* rows,
                    metrics::LevelTable& table, std::stop_token stop);
  // The level and, summed from the same answer, those above it: totals alone.
  absl::Status ReadSummed(kubecost::Level level, const base::Window& window, NamespaceRows* rows,
                          metrics::LevelTables& tables, std::stop_token stop);
  absl::Status ReadPodsInParts(const base::Window& window, metrics::Columns columns, const NamespaceRows& rows,
                               metrics::LevelTable& table, std::stop_token stop);

  // Whether pods are to be asked for in parts.
  bool in_parts() const { return in_parts_; }
  void AskForTheWhole() { in_parts_ = false; }
  // To be called when a question of pods failed; decides how the next read asks. Returns `status`.
  absl::Status AfterPodFailure(absl::Status status);

  // Of all levels since Begin().
  const kubecost::InvalidValues& invalid() const { return invalid_; }
  // Rows that went into another one, in the newest answers of all levels.
  size_t merged_rows() const { return std::accumulate(merged_rows_.begin(), merged_rows_.end(), size_t{0}); }

 private:
  absl::Status ReadInto(absl::Span<metrics::TableBuilder> builders, const kubecost::AllocationQuery& query,
                        NamespaceRows* rows, std::stop_token stop);
  metrics::LevelTable Build(metrics::TableBuilder& builder, kubecost::Level level, metrics::Columns columns);

  // Constant after construction.
  const Options& options_;
  kubecost::AllocationClient& client_;
  const std::string& cluster_id_;

  std::array<size_t, kubecost::kLevelCount> last_rows_ = {};
  std::array<size_t, kubecost::kLevelCount> merged_rows_ = {};  // of the level's newest answer
  kubecost::InvalidValues invalid_;
  bool in_parts_ = false;
  // The size that worked last, or is to be tried next.
  size_t namespaces_per_request_ = 8;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_LEVEL_READER_H_
