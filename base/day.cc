#include "base/day.h"

#include <chrono>
#include <string>

#include "absl/strings/str_format.h"

namespace base {
namespace {

// The number of `count` digits at `begin`; negative when one of them is not a digit.
int Digits(absl::string_view text, size_t begin, size_t count) {
  int value = 0;
  for (size_t i = begin; i < begin + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

std::optional<absl::Time> ParseWholeSecondsUtc(absl::string_view text) {
  constexpr absl::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (const size_t i : {4U, 7U, 10U, 13U, 16U, 19U}) {
    if (text[i] != kForm[i]) return std::nullopt;
  }
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  const int hour = Digits(text, 11, 2);
  const int minute = Digits(text, 14, 2);
  const int second = Digits(text, 17, 2);
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (year < 0 || month < 0 || day < 0 || !date.ok()) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return absl::FromUnixSeconds(((days * 24 + hour) * 60 + minute) * 60 + second);
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
