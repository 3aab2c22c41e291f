// The page at /: what the exporter reads and serves, for a person with a browser.
#ifndef EXPORTER_STATUS_PAGE_H_
#define EXPORTER_STATUS_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/report.h"
#include "exporter/status/options.h"
#include "metrics/snapshot.h"

namespace status {

// A whole HTML page without script and external resources, below kMaxStatusPageBytes whatever the facts are. `search`
// is what was asked for, decoded; the page then lists the namespaces and pods of the newest day whose name holds it.
// `web_security` says in words who is let in. Safe for names of any content. Takes time in proportion to the pods of
// one day.
std::string StatusPage(const Options& options, const metrics::Snapshot& snapshot, const polling::PollReport& report,
                       absl::string_view web_security, absl::Time now, absl::string_view search);

// Header lines that must go with the page, each with its end of line: nothing is loaded, run, framed or sent elsewhere.
absl::string_view StatusPageHeaders();

}  // namespace status

#endif  // EXPORTER_STATUS_PAGE_H_
