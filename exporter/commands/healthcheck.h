// `healthcheck`: asks the exporter that runs beside it whether it is alive: for probes where there is no shell.
#ifndef EXPORTER_COMMANDS_HEALTHCHECK_H_
#define EXPORTER_COMMANDS_HEALTHCHECK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "exporter/web/options.h"
#include "kubecost/curl_http_client.h"

namespace commands {

// Where an exporter with these options tells its health, over https where a --web.config.file may ask for it: the first
// --web.listen-address that names a port, and the loopback where it stands for every interface. InvalidArgument when
// only the system knows the port.
absl::StatusOr<std::string> HealthUrl(const web::Options& options);

// How the question is asked: all within `timeout`, and past any proxy.
kubecost::CurlOptions HealthHttpOptions(absl::Duration timeout);

// Ok when `url`, or the same over http when there is no https, answers with 200; otherwise one line that says what was
// found there instead.
absl::Status CheckHealth(const std::string& url, absl::Duration timeout, kubecost::HttpClient& http,
                         const base::Clock& clock);

}  // namespace commands

#endif  // EXPORTER_COMMANDS_HEALTHCHECK_H_
