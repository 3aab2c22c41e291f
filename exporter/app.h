// Wires the parts together and runs them until a signal.
#ifndef EXPORTER_APP_H_
#define EXPORTER_APP_H_

#include "base/clock.h"
#include "exporter/options.h"

namespace exporter {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRuntime = 1;
inline constexpr int kExitConfiguration = 2;
// For `once` alone: Kubecost cannot be reached or does not answer in time, has nothing for the days, or not all of
// them.
inline constexpr int kExitUnreachable = 3;
inline constexpr int kExitNoData = 4;
inline constexpr int kExitPartial = 5;

// Serves until SIGTERM or SIGINT and returns the exit code. To be called from the main thread, before any other
// thread exists; blocks those signals.
int RunExporter(const Options& options, base::Clock& clock);

// The whole program, with the clock given.
int RunMain(int argc, const char* const* argv, base::Clock& clock);

}  // namespace exporter

#endif  // EXPORTER_APP_H_
