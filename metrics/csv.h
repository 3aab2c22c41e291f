// Days as CSV, for spreadsheets.
#ifndef METRICS_CSV_H_
#define METRICS_CSV_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"

namespace metrics {

void WriteCsvHeader(BlockWriter& out);

// A line per pod of a day's clusters, which are sorted, then by namespace and pod: RFC 4180, but lines end in LF. Costs
// in `currency`; empty where unknown, for which the day is to be read with Columns::kEverything. Names stand as they
// are, special rows among them.
void WriteCsv(const std::vector<ServedDay>& clusters, absl::string_view currency, BlockWriter& out);

}  // namespace metrics

#endif  // METRICS_CSV_H_
