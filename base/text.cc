#include "base/text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace base {
namespace {

constexpr size_t kMaxMessageBytes = 300;

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when it is not well-formed (RFC 3629: no overlong
// form, no surrogate, nothing above U+10FFFF).
size_t SequenceLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF0 && byte(1) < 0x90) ||
      (lead == 0xF4 && byte(1) > 0x8F)) {
    return 0;
  }
  return length;
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

bool HasSpaceOrControl(absl::string_view text) { return HasControl(text) || absl::StrContains(text, ' '); }

std::string ReplaceInvalidUtf8(absl::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    absl::StrAppend(&valid, length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

std::string JsonString(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : ReplaceInvalidUtf8(text)) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (c == '\n') {
      quoted.append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

std::string SanitizeMessage(absl::string_view text) {
  std::string clean;
  for (size_t i = 0; i < text.size() && clean.size() <= kMaxMessageBytes; ++i) {
    if (absl::StartsWith(text.substr(i), "://")) {
      const absl::string_view rest = text.substr(i + 3);
      const size_t at = rest.substr(0, rest.find_first_of("/ \"'")).rfind('@');
      const bool has_credentials = at != absl::string_view::npos;
      clean.append(has_credentials ? "://***@" : "://");
      i += 2 + (has_credentials ? at + 1 : 0);
      continue;
    }
    clean.push_back(absl::ascii_iscntrl(static_cast<unsigned char>(text[i])) ? ' ' : text[i]);
  }
  if (clean.size() > kMaxMessageBytes) {
    clean.resize(kMaxMessageBytes - kCutMark.size());
    // Not in the middle of a character.
    while (!clean.empty() && (static_cast<unsigned char>(clean.back()) & 0xC0) == 0x80) clean.pop_back();
    if (!clean.empty() && static_cast<unsigned char>(clean.back()) >= 0x80) clean.pop_back();
    absl::StrAppend(&clean, kCutMark);
  }
  return std::string(absl::StripAsciiWhitespace(clean));
}

uint64_t Fingerprint(absl::string_view text, uint64_t before) {
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t hash = before;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return (hash ^ 0xff) * kPrime;  // the end: no byte of UTF-8
}

}  // namespace base
