#include "base/day.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_format.h"

namespace base {
namespace {

std::optional<absl::Time> ParseWholeSecondsUtc(absl::string_view text) {
  constexpr absl::string_view kForm = "0000-00-00T00:00:00Z";
  const auto fits = [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; };
  if (!std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), fits)) return std::nullopt;
  const auto two_digits = [text](size_t at) {
    return static_cast<unsigned>(10 * (text[at] - '0') + (text[at + 1] - '0'));
  };
  const std::chrono::year year(static_cast<int>(100 * two_digits(0) + two_digits(2)));
  const std::chrono::year_month_day date(year, std::chrono::month(two_digits(5)), std::chrono::day(two_digits(8)));
  if (!date.ok() || two_digits(11) > 23 || two_digits(14) > 59 || two_digits(17) > 59) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return absl::FromUnixSeconds(((days * 24 + two_digits(11)) * 60 + two_digits(14)) * 60 + two_digits(17));
}

}  // namespace

std::optional<absl::Time> ParseRfc3339(absl::string_view text) {
  const std::optional<absl::Time> plain = ParseWholeSecondsUtc(text);
  if (plain.has_value()) return plain;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return std::nullopt;
  return time;
}

Window DayOf(absl::Time time, absl::Duration utc_offset) {
  // Midnight is a multiple of a day once the offset is added.
  const absl::Duration since_epoch = time + utc_offset - absl::UnixEpoch();
  const absl::Time start = absl::UnixEpoch() + absl::Floor(since_epoch, kDayLength) - utc_offset;
  return {start, start + kDayLength};
}

Window NewestCompleteDay(absl::Time now, absl::Duration utc_offset, absl::Duration close_delay) {
  return DayOf(now - close_delay - kDayLength, utc_offset);
}

std::string DateText(const Window& day, absl::Duration utc_offset) {
  return absl::FormatTime("%Y-%m-%d", day.start + utc_offset, absl::UTCTimeZone());
}

std::string UtcOffsetText(absl::Duration offset) {
  const int64_t minutes = absl::ToInt64Minutes(offset);
  const int64_t absolute = minutes < 0 ? -minutes : minutes;
  return absl::StrFormat("%c%02d:%02d", minutes < 0 ? '-' : '+', absolute / 60, absolute % 60);
}

std::string Rfc3339Text(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace base
