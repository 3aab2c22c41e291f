// The page at /: for whoever opens the exporter in a browser.
#ifndef EXPORTER_LANDING_PAGE_H_
#define EXPORTER_LANDING_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace exporter {

// A whole HTML page without external resources: name, version and links.
std::string LandingPage(absl::string_view telemetry_path);

}  // namespace exporter

#endif  // EXPORTER_LANDING_PAGE_H_
