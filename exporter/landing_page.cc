#include "exporter/landing_page.h"

#include "absl/strings/str_cat.h"
#include "exporter/version.h"

namespace exporter {

std::string LandingPage(absl::string_view telemetry_path) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Kubecost Allocation Exporter</title>\n"
      "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;"
      "padding:0 1rem}</style>\n</head>\n<body>\n<h1>Kubecost Allocation Exporter</h1>\n"
      "<p>What every pod and namespace costs, from Kubecost or OpenCost.</p>\n<p>Version ",
      Version(), " (revision ", Revision(), ")</p>\n<ul>\n<li><a href=\"", telemetry_path,
      "\">Metrics</a></li>\n<li><a href=\"/healthz\">Health</a></li>\n<li><a href=\"/readyz\">Readiness</a></li>\n"
      "</ul>\n</body>\n</html>\n");
}

}  // namespace exporter
