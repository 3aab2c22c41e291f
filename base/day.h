// Spans of time, calendar days at an offset from UTC, and their texts.
#ifndef BASE_DAY_H_
#define BASE_DAY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace base {

// A half-open span of time, [start, end).
struct Window {
  absl::Time start;
  absl::Time end;

  bool Contains(const Window& other) const { return other.start >= start && other.end <= end; }

  friend bool operator==(const Window&, const Window&) = default;
};

// Days at a fixed offset are all of this length.
inline constexpr absl::Duration kDayLength = absl::Hours(24);

// The calendar day [00:00, 24:00) at `utc_offset` that `time` lies in.
Window DayOf(absl::Time time, absl::Duration utc_offset);

// The newest calendar day [00:00, 24:00) at `utc_offset` that ended at least `close_delay` before `now`.
Window NewestCompleteDay(absl::Time now, absl::Duration utc_offset, absl::Duration close_delay);

// "2026-11-19"
std::string DateText(const Window& day, absl::Duration utc_offset);

// "+05:30"
std::string UtcOffsetText(absl::Duration offset);

// "2026-11-19T10:30:00Z"
std::string Rfc3339Text(absl::Time time);

// Reads "2026-11-19T10:30:00Z" and every other form of RFC 3339; nothing for any other text. The first form, which
// every row carries twice, costs a tenth of what absl::ParseTime does.
std::optional<absl::Time> ParseRfc3339(absl::string_view text);

}  // namespace base

#endif  // BASE_DAY_H_
