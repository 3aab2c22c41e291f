#include "base/version.h"

#include "absl/strings/str_cat.h"

// Both are given by CMake to this file alone.
#ifndef EXPORTER_VERSION
#define EXPORTER_VERSION "unknown"
#endif
#ifndef EXPORTER_REVISION
#define EXPORTER_REVISION "unknown"
#endif

namespace base {

absl::string_view Version() { return EXPORTER_VERSION; }

absl::string_view Revision() { return EXPORTER_REVISION; }

absl::string_view Compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::string VersionText() {
  return absl::StrCat("kubecost-allocation-exporter, version ", Version(), " (revision: ", Revision(),
                      ", compiler: ", Compiler(), ")");
}

}  // namespace base
