// Days as JSON, for scripts and support.
#ifndef METRICS_JSON_H_
#define METRICS_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"

namespace metrics {

// A day that was asked for and could not be read.
struct MissingDay {
  // "2026-11-19"
  std::string date;
  // As label reason of kubecost_exporter_api_errors_total.
  std::string reason;
  std::string error;
};

// These write one object: `currency`, `utc_offset` ("+05:30"), `days` and `missing`. Null where unknown, for which the
// days are to be read with Columns::kEverything; a number has the shortest digits that read back to the same double.
void BeginJson(absl::string_view currency, absl::string_view utc_offset, BlockWriter& out);
// The clusters of a day, sorted. `is_first`: no day is written yet.
void WriteJson(const std::vector<ServedDay>& clusters, bool is_first, BlockWriter& out);
void EndJson(const std::vector<MissingDay>& missing, BlockWriter& out);

}  // namespace metrics

#endif  // METRICS_JSON_H_
