// Days and hours that are unlike the others.
#ifndef TESTS_SIMULATOR_EVENTS_H_
#define TESTS_SIMULATOR_EVENTS_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace simulator {

enum class EventKind {
  kOff,     // every cluster was powered off all day
  kHalf,    // ... from 12:00 on
  kVanish,  // a tenth of the pods leaves the day's data some time after its end
  kMove,    // a third of the pods ran on two nodes
};

// What is true of one day in the server's offset, and of no other.
struct DayEvent {
  EventKind kind = EventKind::kOff;
  absl::CivilDay day;
  // kVanish only: from the day's end to when the pods leave its data.
  absl::Duration delay = absl::Hours(20);
};

// [start, end): the server answers no API request.
struct Outage {
  absl::Time start;
  absl::Time end;
};

// Reads "off:DATE", "half:DATE", "vanish:DATE[:HOURS]" or "move:DATE", DATE as YYYY-MM-DD.
std::optional<DayEvent> ParseEvent(absl::string_view text);

// Reads "START/END", both RFC 3339.
std::optional<Outage> ParseOutage(absl::string_view text);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_EVENTS_H_
