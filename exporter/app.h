// Wires the parts together and runs them until a signal.
#ifndef EXPORTER_APP_H_
#define EXPORTER_APP_H_

#include "base/clock.h"

namespace exporter {

// The whole program, with the clock given; returns the exit code. To be called from the main thread, before any other
// thread exists: it blocks SIGTERM and SIGINT.
int RunMain(int argc, const char* const* argv, base::Clock& clock);

}  // namespace exporter

#endif  // EXPORTER_APP_H_
