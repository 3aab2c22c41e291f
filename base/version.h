// What this build is.
#ifndef BASE_VERSION_H_
#define BASE_VERSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace base {

absl::string_view Version();
absl::string_view Revision();
absl::string_view Compiler();

// For --version.
std::string VersionText();

}  // namespace base

#endif  // BASE_VERSION_H_
