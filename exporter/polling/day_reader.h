// Reads one calendar day from Kubecost: all levels, as one generation.
#ifndef EXPORTER_POLLING_DAY_READER_H_
#define EXPORTER_POLLING_DAY_READER_H_

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/day.h"
#include "exporter/polling/options.h"
#include "kubecost/allocation_client.h"
#include "metrics/day_facts.h"
#include "metrics/table_builder.h"

namespace polling {

struct DayReading {
  absl::StatusOr<std::shared_ptr<const metrics::DayFacts>> facts;
  // Counted on the way, whether or not it succeeded.
  kubecost::InvalidValues invalid;
  // Rows of all levels that went into another one; nothing unless the pods were read.
  std::optional<size_t> merged_rows;
};

// Asks for cluster, pod, namespace and once more cluster level: when the two cluster answers differ, Kubecost was
// recomputing and the levels may not fit (reason inconsistent).
//
// A pod level that is too big for Kubecost is asked for in parts from the next read on: some namespaces at a time, half
// as many after each failure. What the parts add up to must then reconcile with the levels above; where it does not,
// the server may not know filters, and the next read asks for the whole again, as it does for each new day.
//
// No retry, no sleep. For one thread.
class DayReader {
 public:
  // `cluster_id`: the cluster of rows for which Kubecost gives none, at the time of a reading.
  DayReader(const Options& options, kubecost::AllocationClient& client, const std::string& cluster_id)
      : options_(options), client_(client), cluster_id_(cluster_id) {}

  // `pods`: how much of the pod level is read; nothing leaves it out.
  DayReading Read(const base::Window& day, std::optional<metrics::Columns> pods, std::stop_token stop);

  // Those of the days of `span` that Kubecost has costs for, found with one question of the cluster level.
  absl::StatusOr<std::vector<base::Window>> FindDays(const base::Window& span, std::stop_token stop);

 private:
  struct NamespaceRows;

  absl::Status ReadLevels(metrics::DayFacts& day, std::optional<metrics::Columns> pods, std::stop_token stop);
  absl::Status ReadLevel(kubecost::Level level, const base::Window& day, metrics::Columns columns, NamespaceRows* rows,
                         metrics::LevelTable& table, std::stop_token stop);
  absl::Status ReadPodsInParts(const base::Window& day, metrics::Columns columns, const NamespaceRows& rows,
                               metrics::LevelTable& table, std::stop_token stop);
  absl::Status ReadInto(metrics::TableBuilder& builder, const kubecost::AllocationQuery& query, NamespaceRows* rows,
                        std::stop_token stop);
  metrics::LevelTable Build(metrics::TableBuilder& builder, kubecost::Level level, metrics::Columns columns);
  absl::Status AfterPodFailure(absl::Status status);

  // Constant after construction.
  const Options& options_;
  kubecost::AllocationClient& client_;
  const std::string& cluster_id_;

  std::array<size_t, kubecost::kLevelCount> last_rows_ = {};
  std::array<size_t, kubecost::kLevelCount> merged_rows_ = {};  // of the level's newest answer
  kubecost::InvalidValues invalid_;                             // of the reading so far
  absl::Time newest_end_ = absl::InfinitePast();
  bool in_parts_ = false;
  // The size that worked last, or is to be tried next.
  size_t namespaces_per_request_ = 8;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_DAY_READER_H_
