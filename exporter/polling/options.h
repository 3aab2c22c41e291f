// What is polled, how often, and what of it is served.
#ifndef EXPORTER_POLLING_OPTIONS_H_
#define EXPORTER_POLLING_OPTIONS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kubecost/allocation_client.h"
#include "kubecost/allocation_query.h"

namespace polling {

// Used where neither the options nor Kubecost give another.
inline constexpr char kDefaultCurrency[] = "USD";

enum class ClusterInfoMode { kMirror, kOff };
inline constexpr absl::string_view kClusterInfoModeNames[] = {"mirror", "off"};

// From the first day to the last, both included.
using DayRange = std::pair<absl::CivilDay, absl::CivilDay>;

struct Options {
  kubecost::EndpointSettings endpoint;
  kubecost::QuerySettings query;

  std::string cluster_name;
  ClusterInfoMode cluster_info = ClusterInfoMode::kMirror;
  std::map<std::string, std::string> cluster_info_labels;
  // ISO 4217; empty: what Kubecost says, else USD.
  std::string currency;
  bool compat_cloudtuner = false;

  absl::Duration day_utc_offset = absl::ZeroDuration();
  absl::Duration day_close_delay = absl::Hours(2);
  absl::Duration day_refresh = absl::Hours(1);
  absl::Duration day_refresh_max = absl::Hours(6);
  int day_keep = 3;
  absl::Duration day_settle_after = absl::Hours(48);
  bool day_pod_resources = false;

  int backfill_days = 15;
  absl::Duration backfill_expose_for = absl::Hours(26);
  bool backfill_pods = false;
  int backfill_parallel_days = 5;
  // Days that are to be delivered once more.
  std::optional<DayRange> backfill_again;
  bool hour_enabled = true;
  absl::Duration hour_close_delay = absl::Minutes(15);
  bool today_enabled = true;
  absl::Duration today_refresh = absl::Minutes(30);
  bool today_pods = false;

  // Empty: nothing is remembered over a restart.
  std::string state_path;

  // Every problem of its own values, each a sentence that names its flag. The range of a number stands at its flag.
  std::vector<std::string> Check() const;
};

// Whether the text is of the form of an ISO 4217 code: "EUR".
bool IsCurrencyCode(absl::string_view text);

}  // namespace polling

#endif  // EXPORTER_POLLING_OPTIONS_H_
