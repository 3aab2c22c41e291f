// Reads one calendar day from Kubecost: all levels, as one generation.
#ifndef EXPORTER_POLLING_DAY_READER_H_
#define EXPORTER_POLLING_DAY_READER_H_

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
#include "exporter/polling/level_reader.h"
#include "exporter/polling/options.h"
#include "kubecost/allocation_client.h"
#include "metrics/day_facts.h"

namespace polling {

// What was read of a cluster.
struct ClusterReading {
  std::shared_ptr<const metrics::DayFacts> facts;
  // Why it is not sound, where it is not: its parts do not belong together.
  absl::Status status;
};

struct DayReading {
  // Whether the questions were answered.
  absl::Status status;
  // Sorted by cluster.
  std::vector<ClusterReading> clusters;
  // Counted on the way, whether or not it succeeded.
  kubecost::InvalidValues invalid;
  // Rows of all levels that went into another one; nothing unless the pods were read.
  std::optional<size_t> merged_rows;
};

// Asks for cluster, pod, namespace and once more cluster level. A cluster whose two totals differ by more than rounding
// was being recomputed, and its levels may not fit: it is not sound, the others are. A level without rows means nothing
// only when all are without (reason empty).
//
// What the parts of a pod level add up to must reconcile with the levels above; where it does not, the server may not
// know filters, and the next read asks for the whole again, as it does for each new day.
//
// No retry, no sleep. For one thread.
class DayReader {
 public:
  // `cluster_id`: the cluster of rows for which Kubecost gives none, at the time of a reading.
  DayReader(const Options& options, kubecost::AllocationClient& client, const std::string& cluster_id)
      : options_(options), client_(client), levels_(options, client, cluster_id) {}

  // `pods`: how much of the pod level is read; nothing leaves it out.
  DayReading Read(const base::Window& day, std::optional<metrics::Columns> pods, std::stop_token stop);

  // Those of the days of `span` that Kubecost has costs for, found with one question of the cluster level.
  absl::StatusOr<std::vector<base::Window>> FindDays(const base::Window& span, std::stop_token stop);

 private:
  // The levels, and the cluster level as it was at the end.
  struct Levels : metrics::LevelTables {
    metrics::LevelTable cluster_again;
    bool in_parts = false;
  };

  absl::Status ReadLevels(const base::Window& day, std::optional<metrics::Columns> pods, Levels& levels,
                          std::stop_token stop);

  // Constant after construction.
  const Options& options_;
  kubecost::AllocationClient& client_;

  LevelReader levels_;
  absl::Time newest_end_ = absl::InfinitePast();
};

}  // namespace polling

#endif  // EXPORTER_POLLING_DAY_READER_H_
