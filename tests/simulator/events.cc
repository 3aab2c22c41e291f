#include "tests/simulator/events.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace simulator {
namespace {

std::optional<EventKind> ParseKind(absl::string_view text) {
  if (text == "off") return EventKind::kOff;
  if (text == "half") return EventKind::kHalf;
  if (text == "vanish") return EventKind::kVanish;
  if (text == "move") return EventKind::kMove;
  return std::nullopt;
}

}  // namespace

std::optional<DayEvent> ParseEvent(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() < 2) return std::nullopt;
  const std::optional<EventKind> kind = ParseKind(parts[0]);
  DayEvent event;
  if (!kind || !absl::ParseCivilTime(parts[1], &event.day)) return std::nullopt;
  event.kind = *kind;
  if (parts.size() == 2) return event;
  double hours = 0;
  if (*kind != EventKind::kVanish || parts.size() > 3 || !absl::SimpleAtod(parts[2], &hours) || hours < 0) {
    return std::nullopt;
  }
  event.delay = absl::Hours(hours);
  return event;
}

std::optional<Outage> ParseOutage(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  Outage outage;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, parts.first, &outage.start, &error) ||
      !absl::ParseTime(absl::RFC3339_full, parts.second, &outage.end, &error) || outage.end <= outage.start) {
    return std::nullopt;
  }
  return outage;
}

}  // namespace simulator
