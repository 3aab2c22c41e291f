// What a person wants to know of the polling; the numbers are in Metrics.
#ifndef EXPORTER_POLLING_REPORT_H_
#define EXPORTER_POLLING_REPORT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/cell.h"

namespace polling {

struct ViewReport {
  // Value of label `view`: "day".
  std::string name;
  // Nothing before the first success, or failure.
  std::optional<absl::Time> last_success;
  std::optional<absl::Time> last_failure;
  // What the last failure said, with what to do about it; free of secrets, not escaped. Empty when the view is well.
  std::string error;
  // The server cannot answer it, and it is not asked for any more.
  bool is_off = false;
  absl::Time next_poll;
};

struct PollReport {
  // In the order of kViews; those that are not enabled are left out.
  std::vector<ViewReport> views;
  // In force: as configured, as Kubecost says, or USD.
  std::string currency;
  // Path of the Allocation API as found: "/model/allocation"; empty before the first answer.
  std::string path;
  // Days of the back-fill that are still to be read, that are served at present, and that were served long enough.
  size_t backfill_waiting = 0;
  size_t backfill_served = 0;
  size_t backfill_delivered = 0;
};

using PollReportStore = base::Cell<PollReport>;

}  // namespace polling

#endif  // EXPORTER_POLLING_REPORT_H_
