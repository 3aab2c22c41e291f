#include "exporter/web/options.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/text.h"
#include "exporter/web/listen_address.h"

namespace web {

std::vector<std::string> Options::Check() const {
  std::vector<std::string> problems;
  for (const std::string& address : listen_addresses) {
    const absl::StatusOr<ListenAddress> parsed = ParseListenAddress(address);
    if (!parsed.ok()) problems.push_back(absl::StrCat("--web.listen-address: ", parsed.status().message()));
    const auto same = std::count(listen_addresses.begin(), listen_addresses.end(), address);
    if (same > 1 && parsed.ok() && parsed->port != 0) {
      problems.push_back(absl::StrCat("--web.listen-address: \"", address, "\" is given twice"));
      break;
    }
  }
  if (listen_addresses.empty()) problems.push_back("--web.listen-address: must be given at least once");
  const std::string& path = telemetry_path;
  if (path.size() < 2 || path[0] != '/' || base::HasSpaceOrControl(path) ||
      path.find_first_of("?#%\"<>&") != path.npos) {
    problems.push_back("--web.telemetry-path: must begin with a slash and name a path other than /");
  }
  for (const absl::string_view taken : {"/healthz", "/readyz", "/-/healthy", "/-/ready"}) {
    if (path == taken) problems.push_back(absl::StrCat("--web.telemetry-path: ", path, " is the health endpoint"));
  }
  if (web_max_requests < 1 || web_max_requests >= web_threads) {
    problems.push_back("--web.max-requests: must be at least 1 and less than --web.threads");
  }
  return problems;
}

}  // namespace web
