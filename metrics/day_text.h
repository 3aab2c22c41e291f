// Days as text for spreadsheets, scripts and support: CSV and JSON, day after day.
#ifndef METRICS_DAY_TEXT_H_
#define METRICS_DAY_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"

namespace metrics {

// A line per pod and day, sorted by cluster, namespace and pod: RFC 4180, but lines end in LF. Costs in `currency`;
// empty where unknown, for which the days are to be read with Columns::kEverything. Names stand as they are, special
// rows among them.
class CsvWriter {
 public:
  CsvWriter(std::string currency, BlockWriter& out) : currency_(std::move(currency)), out_(out) {}

  // The first call writes the header line as well.
  void Write(const ServedDay& day);

 private:
  const std::string currency_;
  BlockWriter& out_;
  bool has_header_ = false;
};

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

  void Write(const ServedDay& day);
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

#endif  // METRICS_DAY_TEXT_H_
