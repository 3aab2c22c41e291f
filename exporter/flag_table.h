// Every flag: name, default, help, and what it does to Options. The single source for --help, the environment and the
// README.
#ifndef EXPORTER_FLAG_TABLE_H_
#define EXPORTER_FLAG_TABLE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/options.h"

namespace exporter {

struct Flag {
  const char* group;
  const char* name;
  const char* type;
  const char* default_text;
  const char* help;
  // Takes the texts given, one unless repeatable; an error names what was expected.
  std::function<absl::Status(Options&, const std::vector<std::string>&)> apply;
  bool repeatable = false;
};

// In the order of --help.
const std::vector<Flag>& Flags();

inline absl::Status Problem(absl::string_view value, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is not ", expected));
}

// As Go writes them, with an end.
absl::Status ParseDuration(const std::string& text, absl::Duration& value);

template <typename Choice>
absl::Status ParseChoice(const std::string& text, const std::vector<std::pair<absl::string_view, Choice>>& choices,
                         Choice& value) {
  std::vector<absl::string_view> names;
  for (const auto& [name, choice] : choices) {
    if (name == text) {
      value = choice;
      return absl::OkStatus();
    }
    names.push_back(name);
  }
  return Problem(text, absl::StrCat("one of ", absl::StrJoin(names, ", ")));
}

}  // namespace exporter

#endif  // EXPORTER_FLAG_TABLE_H_
