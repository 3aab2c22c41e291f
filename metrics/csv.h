// Days as CSV, for spreadsheets.
#ifndef METRICS_CSV_H_
#define METRICS_CSV_H_

#include <string>
#include <vector>

#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"

namespace metrics {

// A line per pod and day, sorted by cluster, namespace and pod: RFC 4180, but lines end in LF. Costs in `currency`;
// empty where unknown, for which the days are to be read with Columns::kEverything. Names stand as they are, special
// rows among them.
class CsvWriter {
 public:
  // Writes the header line.
  CsvWriter(std::string currency, BlockWriter& out);

  // The clusters of a day, sorted.
  void Write(const std::vector<ServedDay>& clusters);

 private:
  void WriteRows(const ServedDay& day);

  const std::string currency_;
  BlockWriter& out_;
};

}  // namespace metrics

#endif  // METRICS_CSV_H_
