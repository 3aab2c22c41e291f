// What the exporter can be told, and whether it makes sense.
#ifndef EXPORTER_OPTIONS_H_
#define EXPORTER_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "kubecost/allocation_client.h"
#include "kubecost/allocation_query.h"
#include "kubecost/credentials.h"
#include "kubecost/curl_http_client.h"

namespace exporter {

// Where neither the options nor Kubecost tell another.
inline constexpr char kDefaultCurrency[] = "USD";

enum class ClusterInfoMode { kMirror, kOff };

// Filled by flags and environment (flags.h), read by the parts that need it. Defaults are the product's.
struct Options {
  kubecost::EndpointSettings endpoint = {"http://kubecost-cost-analyzer.kubecost:9090", kubecost::Api::kAuto, {}};
  kubecost::CurlOptions http;
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
  int day_keep = 3;
  absl::Duration day_settle_after = absl::Hours(48);
  bool day_pod_resources = false;

  int backfill_days = 15;
  absl::Duration backfill_expose_for = absl::Hours(26);
  bool backfill_pods = false;
  int backfill_parallel_days = 5;
  bool hour_enabled = true;
  absl::Duration hour_close_delay = absl::Minutes(15);
  bool today_enabled = true;
  absl::Duration today_refresh = absl::Minutes(30);
  bool today_pods = false;

  // Empty: nothing is remembered over a restart.
  std::string state_path;

  std::vector<std::string> listen_addresses = {":9103"};
  // Empty: no TLS and no password.
  std::string web_config_file;
  std::string telemetry_path = "/metrics";
  int web_threads = 16;
  int web_max_requests = 4;
  absl::Duration web_request_timeout = absl::Seconds(5);
  absl::Duration web_keep_alive_timeout = absl::ZeroDuration();

  base::LogLevel log_level = base::LogLevel::kInfo;
  base::LogFormat log_format = base::LogFormat::kLogfmt;

  // Every problem of the values together, each a sentence that names its flag; empty when all is well.
  std::vector<std::string> Validate() const;

  // The same of the files that requests to Kubecost need, as they are now.
  std::vector<std::string> ValidateFiles() const;

  // What works but is unsafe, each a sentence for the log.
  std::vector<std::string> Warnings() const;
};

// Whether the text is of the form of an ISO 4217 code: "EUR".
bool IsCurrencyCode(absl::string_view text);

}  // namespace exporter

#endif  // EXPORTER_OPTIONS_H_
