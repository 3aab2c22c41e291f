#include "exporter/polling/options.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace polling {
namespace {

bool IsLabelName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0])) || absl::StartsWith(name, "__")) {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

}  // namespace

std::vector<std::string> Options::Check() const {
  std::vector<std::string> problems;
  for (const auto& [name, value] : cluster_info_labels) {
    if (!IsLabelName(name)) {
      problems.push_back(absl::StrCat("--cluster-info.label: \"", name, "\" is not a label name"));
    }
  }
  if (!currency.empty() && !IsCurrencyCode(currency)) {
    problems.push_back(absl::StrCat("--currency: \"", currency, "\" is not an ISO 4217 code such as USD or EUR"));
  }
  return problems;
}

bool IsCurrencyCode(absl::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(),
                                         [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); });
}

}  // namespace polling
