// A snapshot in Prometheus' text format.
#ifndef METRICS_PROMETHEUS_TEXT_H_
#define METRICS_PROMETHEUS_TEXT_H_

#include "metrics/block_writer.h"
#include "metrics/selection.h"
#include "metrics/snapshot.h"

namespace metrics {

// Writes the families that `selection` picks, in the order of kFamilies. A block ends at the end of a line.
void WritePrometheusText(const Snapshot& snapshot, Selection selection, BlockWriter& out);

}  // namespace metrics

#endif  // METRICS_PROMETHEUS_TEXT_H_
