// Every flag: name, default, range, help, and the value that it sets. The single source for --help, the environment and
// the README.
#ifndef EXPORTER_FLAG_TABLE_H_
#define EXPORTER_FLAG_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "exporter/commands/options.h"
#include "exporter/polling/options.h"
#include "exporter/web/options.h"
#include "kubecost/allocation.h"
#include "kubecost/curl_http_client.h"

namespace exporter {

// The values of the exporter's flags, by the room that uses them. The defaults are the product's.
struct Options {
  kubecost::CurlOptions http;
  polling::Options polling;
  web::Options web;
  base::LogOptions log;
};

// A flag and the value of an option struct that it is bound to.
struct Flag {
  const char* group;
  const char* name;
  const char* type;
  const char* help;
  // The value when the flag was made; empty: there is no default to show.
  std::string default_text;
  // Sets the value from the texts given, one unless repeatable; an error says what was expected.
  std::function<absl::Status(const std::vector<std::string>&)> set;
  bool repeatable = false;
};

// In the order of --help. The argument must outlive the flags.
std::vector<Flag> Flags(Options& options);
std::vector<Flag> OnceFlags(commands::OnceOptions& once);
std::vector<Flag> HealthcheckFlags(absl::Duration& timeout);
std::vector<Flag> RenderFlags(kubecost::Level& level);

}  // namespace exporter

#endif  // EXPORTER_FLAG_TABLE_H_
