// The settings that the status page shows, or needs to explain what it shows.
#ifndef EXPORTER_STATUS_OPTIONS_H_
#define EXPORTER_STATUS_OPTIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace status {

struct Options {
  // Where Kubecost is, and how it is asked.
  std::string url;
  bool tls_verify = true;
  std::string credential_flags;  // empty: no credentials are sent
  absl::string_view idle;        // the value of --idle
  bool share_tenancy_costs = true;
  std::string share_namespaces;
  std::string share_labels;
  std::string filter;

  std::string cluster_name;
  std::string currency;  // empty: as Kubecost says
  absl::Duration day_utc_offset;
  absl::Duration day_close_delay;
  int day_keep = 0;
  bool has_backfill = false;
  std::string telemetry_path;
};

}  // namespace status

#endif  // EXPORTER_STATUS_OPTIONS_H_
