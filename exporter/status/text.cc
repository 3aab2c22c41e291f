#include "exporter/status/text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/day.h"
#include "base/text.h"
#include "kubecost/allocation.h"
#include "metrics/text_format.h"

namespace status {
namespace {

// Characters that are invisible, or turn the direction of what follows: a name could look like another one.
constexpr std::pair<uint32_t, uint32_t> kInvisible[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},   {0x115F, 0x1160},
    {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}};

bool IsInvisible(uint32_t point) {
  return std::any_of(std::begin(kInvisible), std::end(kInvisible),
                     [point](const auto& range) { return point >= range.first && point <= range.second; });
}

// The first character of valid UTF-8, and its bytes.
std::pair<uint32_t, size_t> Decode(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {point, length};
}

void AppendCharacter(absl::string_view character, uint32_t point, std::string& out) {
  if (IsInvisible(point)) {
    absl::StrAppendFormat(&out, "⟨U+%04X⟩", point);
  } else {
    absl::StrAppend(&out, character);
  }
}

size_t CountCharacters(absl::string_view valid) {
  return static_cast<size_t>(
      std::count_if(valid.begin(), valid.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// "1234" -> "1,234"
std::string Group(absl::string_view digits) {
  std::string grouped;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped.push_back(',');
    grouped.push_back(digits[i]);
  }
  return grouped;
}

bool IsTime(absl::Time time) {
  return time != absl::InfiniteFuture() && time != absl::InfinitePast() && time != absl::UnixEpoch();
}

}  // namespace

std::string TextHtml(absl::string_view text, size_t max_length) {
  // Bytes that cannot be among those shown are not looked at.
  const size_t tail = max_length / 3;
  const size_t head = max_length - tail;
  if (text.size() > 8 * max_length) {
    return absl::StrCat(TextHtml(text.substr(0, head), head), "…", TextHtml(text.substr(text.size() - tail), tail));
  }
  const std::string valid = base::ReplaceInvalidUtf8(text);
  const size_t length = CountCharacters(valid);
  std::string out;
  absl::string_view rest = valid;
  for (size_t i = 0; !rest.empty(); ++i) {
    const auto [point, bytes] = Decode(rest);
    const bool is_left_out = length > max_length && i >= head && i < length - tail;
    if (is_left_out && i == head) out.append("…");
    if (!is_left_out) AppendCharacter(rest.substr(0, bytes), point, out);
    rest.remove_prefix(bytes);
  }
  return absl::StrReplaceAll(out, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string NameHtml(absl::string_view escaped) {
  const std::string text = metrics::UnescapeLabelValue(escaped);
  if (text.empty()) return "<span class=\"muted\">(no name)</span>";
  constexpr size_t kTooltip = 255;
  if (text.size() <= kMaxNameLength) return absl::StrCat("<bdi>", TextHtml(text, kMaxNameLength), "</bdi>");
  return absl::StrCat("<bdi title=\"", TextHtml(text, kTooltip), "\">", TextHtml(text, kMaxNameLength), "</bdi>");
}

std::string AmountText(double value) {
  const absl::string_view sign = value < 0 ? "−" : "";
  const double size = std::abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return absl::StrCat(sign, absl::StrFormat("%.3g", size));
  if (size > 0 && size < 0.1) {
    const int decimals = std::min(6, 1 - static_cast<int>(std::floor(std::log10(size))));
    const std::string text = absl::StrFormat("%.*f", decimals, size);
    return absl::StrCat(sign, text.substr(0, text.find_last_not_of('0') + 1));
  }
  const std::string text = absl::StrFormat("%.2f", size);
  const size_t point = text.size() - 3;
  return absl::StrCat(sign, Group(absl::string_view(text).substr(0, point)), text.substr(point));
}

std::string MoneyHtml(double value, absl::string_view currency) {
  if (!kubecost::IsKnown(value)) return "<span class=\"muted\" title=\"Kubecost did not say\">—</span>";
  const std::string number = metrics::NumberText(value);
  const std::string unit = TextHtml(currency, 16);
  return absl::StrCat("<data value=\"", number, "\" title=\"", number, " ", unit, "\">", AmountText(value),
                      " <span class=\"unit\">", unit, "</span></data>");
}

std::string PercentText(double part, double whole) {
  const double percent = 100 * part / whole;
  if (!std::isfinite(percent) || whole <= 0) return "";
  if (percent > 0 && percent < 0.05) return "&lt;0.1 %";
  const int decimals = percent != 0 && std::abs(percent) < 9.95 ? 1 : 0;
  return absl::StrFormat("%.*f %%", decimals, percent);
}

std::string CountText(size_t count) { return Group(absl::StrCat(count)); }

std::string DurationText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (hours < 1) return absl::StrCat(minutes, " min");
  if (hours < 24)
    return minutes % 60 == 0 ? absl::StrCat(hours, " h") : absl::StrCat(hours, " h ", minutes % 60, " min");
  if (hours < 48) return hours == 24 ? "1 day" : absl::StrCat("1 day ", hours - 24, " h");
  return absl::StrCat(hours / 24, " days");
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone()); }

std::string TimeHtml(absl::Time time, absl::Time now) {
  if (!IsTime(time)) return "never";
  const absl::Duration age = now - time;
  std::string words = "now";
  if (age >= absl::Seconds(1)) words = absl::StrCat(DurationText(age), " ago");
  if (age <= -absl::Seconds(1)) words = absl::StrCat("in ", DurationText(-age));
  return absl::StrCat("<time datetime=\"", base::Rfc3339Text(time), "\">", words, " <span class=\"at\">",
                      TimeText(time), "</span></time>");
}

absl::string_view MoodClass(Mood mood) {
  constexpr absl::string_view kClasses[] = {"good", "warning", "bad", "neutral"};
  return kClasses[static_cast<size_t>(mood)];
}

std::string PillHtml(Mood mood, absl::string_view text) {
  return absl::StrCat("<span class=\"pill ", MoodClass(mood), "\">", TextHtml(text), "</span>");
}

}  // namespace status
