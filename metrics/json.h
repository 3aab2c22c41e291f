// Days as JSON, for scripts and support.
#ifndef METRICS_JSON_H_
#define METRICS_JSON_H_

#include <string>
#include <utility>
#include <vector>

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

// One object: `currency`, `utc_offset`, `days` and `missing`. Null where unknown, for which the days are to be read
// with Columns::kEverything; a number has the shortest digits that read back to the same double.
class JsonWriter {
 public:
  // `utc_offset` as "+05:30".
  JsonWriter(std::string currency, std::string utc_offset, BlockWriter& out)
      : currency_(std::move(currency)), utc_offset_(std::move(utc_offset)), out_(out) {}

  // The clusters of a day, sorted.
  void Write(const std::vector<ServedDay>& clusters);
  // Ends the object; to be called once, after the last day.
  void End(const std::vector<MissingDay>& missing);

 private:
  void WriteHead();

  const std::string currency_;
  const std::string utc_offset_;
  BlockWriter& out_;
  bool has_day_ = false;
};

}  // namespace metrics

#endif  // METRICS_JSON_H_
