#include "exporter/web/request.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/text.h"

namespace web {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// application/x-www-form-urlencoded; what is no escape stays as it is.
std::string Decoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (is_escape) {
      decoded.push_back(static_cast<char>(16 * HexDigit(text[i + 1]) + HexDigit(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

std::vector<std::pair<std::string, std::string>> Parameters(absl::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    parameters.emplace_back(Decoded(pair.first), Decoded(pair.second));
  }
  return parameters;
}

}  // namespace

absl::StatusOr<metrics::Selection> ParseCollect(absl::string_view query) {
  metrics::Selection selection = metrics::Selection::None();
  for (const auto& [name, value] : Parameters(query)) {
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

std::string QueryParameter(absl::string_view query, absl::string_view name) {
  for (const auto& [key, value] : Parameters(query)) {
    if (key == name) return value;
  }
  return "";
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
