// Gives the days that `once` has read their form.
#ifndef EXPORTER_COMMANDS_DAY_PRINTER_H_
#define EXPORTER_COMMANDS_DAY_PRINTER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/commands/options.h"
#include "exporter/polling/options.h"
#include "metrics/block_writer.h"
#include "metrics/daily_facts.h"
#include "metrics/json.h"
#include "metrics/table_builder.h"

namespace commands {

// CSV and JSON leave with each day; the other forms have their families in one piece over all days, so that the days
// are kept, as tables, until the end. For one thread.
class DayPrinter {
 public:
  // `write` takes a block and returns false to end the output.
  DayPrinter(const OnceOptions& once, const polling::Options& options, std::function<bool(absl::string_view)> write)
      : once_(once), options_(options), out_(std::move(write)) {}

  // How much of a day's pods it prints.
  metrics::Columns PodsOf(bool is_newest) const;
  // Whether it shows what is known of the cluster, and the currency.
  bool WantsClusterInfo() const;
  bool WantsCurrency() const;

  // To be called before the first day. `cluster_info`: the label block, null when it is not known.
  void Begin(std::string currency, std::shared_ptr<const std::string> cluster_info);
  // The clusters of a day, in the order of dates.
  void Print(const std::vector<metrics::ServedDay>& day);
  // After the last day. `newest`, which the plain families show, is empty when that day could not be read.
  void End(const std::vector<metrics::MissingDay>& missing, metrics::ClusterFacts newest, absl::Time now);

 private:
  void PrintPrometheus(metrics::ClusterFacts newest);
  void PrintOpenMetrics(absl::Time now);

  // Constant after construction.
  const OnceOptions& once_;
  const polling::Options& options_;

  metrics::BlockWriter out_;
  std::string currency_;
  std::shared_ptr<const std::string> cluster_info_;
  bool has_printed_ = false;
  std::vector<metrics::ServedDay> days_;
};

}  // namespace commands

#endif  // EXPORTER_COMMANDS_DAY_PRINTER_H_
