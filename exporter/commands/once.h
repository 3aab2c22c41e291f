// `once`: reads closed days, prints them, and ends: for jobs and support.
#ifndef EXPORTER_COMMANDS_ONCE_H_
#define EXPORTER_COMMANDS_ONCE_H_

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/day.h"
#include "base/log.h"
#include "exporter/commands/options.h"
#include "exporter/polling/options.h"
#include "kubecost/http_client.h"

namespace commands {

// The days that are asked for at `now`, oldest first. Adds a sentence to `problems` for all that is wrong with them.
std::vector<base::Window> DaysOf(const OnceOptions& once, const polling::Options& options, absl::Time now,
                                 std::vector<std::string>& problems);

// The values are exit codes; 2 is that of a bad configuration.
enum class OnceOutcome {
  kComplete = 0,
  kFailed = 1,       // nothing was read, or printing failed
  kUnreachable = 3,  // nothing was read: no connection, or no answer in time
  kNoData = 4,       // Kubecost has nothing for any of the days; nothing is printed
  kPartial = 5,      // printed, but days are missing or do not reconcile
};

// What is said at the end.
struct OnceResult {
  OnceOutcome outcome = OnceOutcome::kFailed;
  std::string message;
  base::LogFields fields;
};

struct OnceStreams {
  // Takes the output, block by block; an error ends the run.
  std::function<absl::Status(absl::string_view)> write;
  // Takes a line, without its end, before each day of several.
  std::function<void(absl::string_view)> progress;
};

// Reads each of `days`, which DaysOf() has given, as one generation, and prints them. The newest is read first: what it
// teaches about the size of answers holds for the others. CSV and JSON are printed day by day, the others at the end.
//
// A reading that was inconsistent, not answered in time or by an HTTP 5xx is tried three times. The waits after such a
// failure are the poller's: 15 s, then 30 s, and at least ten times what the failed try took, because Kubecost goes on
// computing after a client has given up; but no more than 10 minutes. A day that fails nevertheless is left out. When
// that was not the day's fault (Kubecost cannot be reached, wants credentials, is not there), the others are not tried.
OnceResult RunOnce(const OnceOptions& once, const polling::Options& options, const std::vector<base::Window>& days,
                   base::Clock& clock, kubecost::HttpClient& http, const OnceStreams& streams, std::stop_token stop);

}  // namespace commands

#endif  // EXPORTER_COMMANDS_ONCE_H_
