// What the polling counts: the families of the metric contract that tell of Kubecost's answers and of the snapshot.
#ifndef EXPORTER_POLLING_METRICS_H_
#define EXPORTER_POLLING_METRICS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/options.h"
#include "kubecost/allocation.h"
#include "kubecost/allocation_client.h"
#include "kubecost/api_error.h"
#include "metrics/registry.h"
#include "metrics/snapshot.h"

namespace polling {

// For one thread.
class Metrics {
 public:
  Metrics(metrics::Registry& registry, const Options& options);

  void SetApi(kubecost::Api api);
  void SetCurrency(absl::string_view currency);
  void SetUp(bool up) { up_.Set(up ? 1 : 0); }
  // Nothing for a view that is off.
  void SetViewUp(absl::string_view view, std::optional<bool> up);
  void CountRequest(const kubecost::RequestRecord& request);
  void CountError(kubecost::ErrorReason reason) { api_errors_.Add({kubecost::ErrorReasonName(reason)}); }
  void CountUnsound(absl::string_view cluster, absl::string_view reason) { unsound_.Add({cluster, reason}); }
  // Nothing while it is not known.
  void SetClockDifference(std::optional<absl::Duration> ahead);
  void CountPoll(absl::string_view view, bool success, absl::Duration duration, absl::Time finished);
  void CountInvalidValues(const kubecost::InvalidValues& values);
  void SetMergedRows(size_t rows) { merged_rows_.Set(static_cast<double>(rows)); }
  void SetSnapshot(const metrics::Snapshot& snapshot);

 private:
  void ShowConfig();

  const metrics::Counters api_errors_;
  const metrics::Counters api_requests_;
  const metrics::Gauges response_bytes_;
  const metrics::Gauges clock_difference_;
  const metrics::Counters unsound_;
  metrics::Info config_info_;
  const metrics::Gauges day_end_;
  const metrics::Gauges day_start_;
  const metrics::Gauges hour_coverage_;
  const metrics::Counters invalid_;
  const metrics::Gauges last_success_;
  const metrics::Gauges merged_rows_;
  const metrics::Histograms poll_duration_;
  const metrics::Counters polls_;
  const metrics::Gauges series_;
  const metrics::Gauges snapshot_bytes_;
  const metrics::Gauges up_;
  const metrics::Gauges view_up_;

  // The labels of config_info.
  std::string api_;
  std::string currency_;
  const std::string utc_offset_;
  const std::string idle_;
  const bool share_tenancy_;
};

}  // namespace polling

#endif  // EXPORTER_POLLING_METRICS_H_
