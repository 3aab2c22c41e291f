// What this build is.
#ifndef EXPORTER_VERSION_H_
#define EXPORTER_VERSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace exporter {

absl::string_view Version();
absl::string_view Revision();
absl::string_view Compiler();

// For --version.
std::string VersionText();

}  // namespace exporter

#endif  // EXPORTER_VERSION_H_
