#include "base/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace base {
namespace {

bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

std::string Decoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && IsHexDigit(text[i + 1]) && IsHexDigit(text[i + 2])) {
      decoded.append(absl::HexStringToBytes(text.substr(i + 1, 2)));
      i += 2;
    } else {
      decoded.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return decoded;
}

}  // namespace

UrlParts SplitUrl(absl::string_view url) {
  UrlParts parts;
  const size_t authority_at = url.find("://") + 3;
  parts.scheme = std::string(url.substr(0, authority_at - 3));
  const absl::string_view tail = url.substr(authority_at);
  const absl::string_view authority = tail.substr(0, tail.find_first_of("/?"));
  parts.rest = std::string(tail.substr(authority.size()));
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  parts.host = std::string(authority.substr(0, has_port ? colon : authority.npos));
  if (has_port) parts.port = std::string(authority.substr(colon + 1));
  return parts;
}

bool IsHostName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

std::optional<uint16_t> ParsePort(absl::string_view text) {
  uint32_t port = 0;
  const bool is_number = text.find_first_not_of("0123456789") == text.npos && absl::SimpleAtoi(text, &port);
  return is_number && port <= 65535 ? std::optional(static_cast<uint16_t>(port)) : std::nullopt;
}

bool IsLoopback(absl::string_view host) {
  const bool is_address = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "[::1]" || (is_address && absl::StartsWith(host, "127."));
}

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", c)) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::vector<std::pair<std::string, std::string>> QueryParameters(absl::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    parameters.emplace_back(Decoded(pair.first), Decoded(pair.second));
  }
  return parameters;
}

}  // namespace base
