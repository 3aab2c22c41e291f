// Command line and environment -> Options. The only CLI11 code.
#ifndef EXPORTER_FLAGS_H_
#define EXPORTER_FLAGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "exporter/commands/options.h"
#include "exporter/flag_table.h"
#include "kubecost/allocation.h"

namespace exporter {

enum class Command { kServe, kCheckConfig, kRender, kOnce, kHealthcheck, kPrintAndExit };

struct ParsedFlags {
  Command command = Command::kServe;
  Options options;
  // For `render`.
  std::string render_file;
  kubecost::Level render_level = kubecost::Level::kPod;
  // For `once`, with --config.check as well: which days there are is for the clock to tell.
  std::optional<commands::OnceOptions> once;
  // For `healthcheck`: what is asked, and for how long.
  absl::Duration healthcheck_timeout = absl::Seconds(3);
  std::string healthcheck_url;
  // For kPrintAndExit, --help and --version, and for kCheckConfig.
  std::string text;
  // What works but is unsafe.
  std::vector<std::string> warnings;
  // Every problem there is; then nothing above may be used.
  std::vector<std::string> problems;
};

// Reads the environment once, here and nowhere else. A flag on the command line wins over its variable.
ParsedFlags ParseFlags(int argc, const char* const* argv);

}  // namespace exporter

#endif  // EXPORTER_FLAGS_H_
