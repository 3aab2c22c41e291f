#include "tests/simulator/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace simulator {
namespace {

bool NeedsEscape(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || byte == 0xED;
}

void AppendTwoDigits(int64_t value, std::string& out) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

// Go fills up with zeros after the digits that matter, std::to_chars goes on with the exact ones.
void AppendLargeInteger(double value, std::string& out) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  const absl::string_view text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  const size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  size_t exponent = 0;
  for (const char c : text.substr(e + 2)) exponent = exponent * 10 + static_cast<size_t>(c - '0');
  const size_t point = digits.find('.');
  if (point != std::string::npos) digits.erase(point, 1);
  const size_t sign = value < 0 ? 1 : 0;
  digits.resize(sign + exponent + 1, '0');
  out.append(digits);
}

template <typename T>
void AppendInteger(T value, std::string& out) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end.ptr);
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string& out) {
  constexpr absl::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!NeedsEscape(c)) {
      out.push_back(c);
    } else if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (absl::StartsWith(text.substr(i), "\xED\xA0\x80")) {
      out.append("\\ud800");
      i += 2;
    } else if (static_cast<unsigned char>(c) == 0xED) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  out.push_back('"');
}

void AppendRounded(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  const double scaled = std::round(value * 1e5);
  // Up to 15 digits a decimal is the shortest text of its own double, so it can be written from the integer, which is
  // much faster.
  if (std::fabs(scaled) >= 1e15 || (scaled == 0 && std::signbit(scaled))) {
    AppendShortest(scaled / 1e5, out);
    return;
  }
  auto units = static_cast<int64_t>(scaled);
  if (units < 0) {
    out.push_back('-');
    units = -units;
  }
  AppendInteger(units / 100000, out);
  int64_t fraction = units % 100000;
  if (fraction == 0) return;
  size_t digits = 5;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  std::array<char, 5> text;
  for (size_t i = digits; i > 0; --i, fraction /= 10) text[i - 1] = static_cast<char>('0' + fraction % 10);
  out.push_back('.');
  out.append(text.data(), digits);
}

void AppendShortest(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  if (std::fabs(value) >= 0x1p53 && std::fabs(value) < 1e21) {
    AppendLargeInteger(value, out);
    return;
  }
  // Long enough for any double below 1e21, beyond which Go takes exponents.
  std::array<char, 64> buffer;
  const double size = std::fabs(value);
  const auto format =
      size != 0 && (size < 1e-6 || size >= 1e21) ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  out.append(buffer.data(), end.ptr);
}

void AppendTime(int64_t unix_seconds, int64_t offset_seconds, std::string& out) {
  const absl::CivilSecond time = absl::CivilSecond(1970, 1, 1) + (unix_seconds + offset_seconds);
  AppendInteger(time.year(), out);
  out.push_back('-');
  AppendTwoDigits(time.month(), out);
  out.push_back('-');
  AppendTwoDigits(time.day(), out);
  out.push_back('T');
  AppendTwoDigits(time.hour(), out);
  out.push_back(':');
  AppendTwoDigits(time.minute(), out);
  out.push_back(':');
  AppendTwoDigits(time.second(), out);
  if (offset_seconds == 0) {
    out.push_back('Z');
    return;
  }
  const int64_t minutes = std::abs(offset_seconds) / 60;
  out.push_back(offset_seconds < 0 ? '-' : '+');
  AppendTwoDigits(minutes / 60, out);
  out.push_back(':');
  AppendTwoDigits(minutes % 60, out);
}

}  // namespace simulator
