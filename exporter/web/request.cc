#include "exporter/web/request.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/text.h"
#include "base/url.h"

namespace web {

std::optional<Target> AbsoluteForm(absl::string_view target) {
  if (!absl::StartsWithIgnoreCase(target, "http://") && !absl::StartsWithIgnoreCase(target, "https://")) return {};
  target.remove_prefix(target.find("://") + 3);
  target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  const size_t query = std::min(target.find('?'), target.size());
  const absl::string_view path = target.substr(0, query);
  return Target{path.empty() ? "/" : path, target.substr(std::min(query + 1, target.size()))};
}

absl::StatusOr<metrics::Selection> ParseCollect(absl::string_view query) {
  metrics::Selection selection = metrics::Selection::None();
  for (const auto& [name, value] : base::QueryParameters(query)) {
    if (name != "collect[]") continue;
    const auto known = std::find(metrics::kCollectorNames.begin(), metrics::kCollectorNames.end(), value);
    if (known == metrics::kCollectorNames.end()) {
      return absl::InvalidArgumentError(absl::StrCat("collect[]: \"", base::SanitizeMessage(value), "\" is not one of ",
                                                     absl::StrJoin(metrics::kCollectorNames, ", ")));
    }
    selection.Add(static_cast<metrics::Collector>(known - metrics::kCollectorNames.begin()));
  }
  return selection == metrics::Selection::None() ? metrics::Selection::All() : selection;
}

bool NamesConsumer(absl::string_view query) {
  const auto parameters = base::QueryParameters(query);
  return std::any_of(parameters.begin(), parameters.end(),
                     [](const auto& each) { return each.first == "consumer" && !each.second.empty(); });
}

bool AcceptsGzip(absl::string_view accept_encoding) {
  bool by_wildcard = false;
  for (const absl::string_view part : absl::StrSplit(accept_encoding, ',')) {
    const std::vector<absl::string_view> words = absl::StrSplit(part, ';');
    const absl::string_view coding = absl::StripAsciiWhitespace(words[0]);
    const bool is_gzip = absl::EqualsIgnoreCase(coding, "gzip") || absl::EqualsIgnoreCase(coding, "x-gzip");
    if (!is_gzip && coding != "*") continue;
    double quality = 1;
    for (size_t i = 1; i < words.size(); ++i) {
      const absl::string_view parameter = absl::StripAsciiWhitespace(words[i]);
      const bool is_quality = absl::StartsWithIgnoreCase(parameter, "q=");
      if (is_quality && !absl::SimpleAtod(parameter.substr(2), &quality)) quality = 0;
    }
    if (is_gzip) return quality > 0;
    by_wildcard = quality > 0;
  }
  return by_wildcard;
}

}  // namespace web
