// Where and how the exporter serves.
#ifndef EXPORTER_WEB_OPTIONS_H_
#define EXPORTER_WEB_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace web {

struct Options {
  std::vector<std::string> listen_addresses = {":9103"};
  // Empty: no TLS and no password.
  std::string web_config_file;
  std::string telemetry_path = "/metrics";
  int web_threads = 16;
  int web_max_requests = 4;
  absl::Duration web_request_timeout = absl::Seconds(5);
  absl::Duration web_keep_alive_timeout = absl::ZeroDuration();

  // Every problem of its own values, each a sentence that names its flag. The range of a number stands at its flag.
  std::vector<std::string> Check() const;
};

}  // namespace web

#endif  // EXPORTER_WEB_OPTIONS_H_
