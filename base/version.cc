#include "base/version.h"

#include "absl/strings/str_cat.h"

namespace base {

// CMake defines both for this file alone.
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
