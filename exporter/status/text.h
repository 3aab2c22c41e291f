// Texts of the status page: names from outside made harmless, amounts and times made readable. All return HTML.
#ifndef EXPORTER_STATUS_TEXT_H_
#define EXPORTER_STATUS_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace status {

// Longest name, and longest message, that is shown as a whole, in characters.
inline constexpr size_t kMaxNameLength = 120;
inline constexpr size_t kMaxMessageLength = 1000;

// Any bytes as text between tags or between the quotes of an attribute. Invalid UTF-8 becomes U+FFFD; characters that
// cannot be seen but change what is (controls, directions, zero widths) are written out as ⟨U+202E⟩; of a longer text
// the middle is left out.
std::string TextHtml(absl::string_view text, size_t max_length = kMaxMessageLength);

// A text of a LevelTable, isolated from the direction of what stands around it; a long one whole in the tooltip.
std::string NameHtml(absl::string_view escaped);

// "1,234.50", and "0.0032" where two decimals would show nothing.
std::string AmountText(double value);
// An amount with its currency, the exact value in the tooltip; a dash when it is unknown.
std::string MoneyHtml(double value, absl::string_view currency);
// "31 %", "0.4 %"; empty when it is no share: unknown, or of nothing.
std::string PercentText(double part, double whole);
// "12,345"
std::string CountText(size_t count);

// "3 min", "2 h 10 min", "4 days"
std::string DurationText(absl::Duration duration);
// "2026-11-20 11:57:03 UTC"
std::string TimeText(absl::Time time);
// "3 min ago" or "in 3 min", with the time itself; "never" for a time that is not set.
std::string TimeHtml(absl::Time time, absl::Time now);

enum class Mood { kGood, kWarning, kBad, kNeutral };
// A state in a word or two: told by the words, the mood only colours it.
std::string PillHtml(Mood mood, absl::string_view text);
absl::string_view MoodClass(Mood mood);

}  // namespace status

#endif  // EXPORTER_STATUS_TEXT_H_
