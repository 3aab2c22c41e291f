// What is asked of Kubecost: the views, the subjects that they are made of, and how asking ended.
#ifndef EXPORTER_POLLING_SUBJECTS_H_
#define EXPORTER_POLLING_SUBJECTS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/polling/options.h"
#include "exporter/polling/support.h"
#include "exporter/polling/upstream.h"
#include "kubecost/allocation.h"

namespace polling {

// What is known of the cluster, the closed days that are kept, those behind them, what is not closed yet, and the
// currency.
enum class View { kClusterInfo, kDay, kBackfill, kHour, kToday, kCurrency };

struct ViewSpec {
  View view;
  // Value of label `view`.
  absl::string_view name;
  // Whether the options ask for it.
  bool (*enabled)(const Options&);
  // It is looked up, where all others are costs that Kubecost computes.
  bool is_side_question = false;
};

// In the order of View.
inline constexpr std::array<ViewSpec, 6> kViews = {{
    {View::kClusterInfo, "cluster_info",
     [](const Options& options) { return options.cluster_info == ClusterInfoMode::kMirror; }, true},
    {View::kDay, "day", [](const Options&) { return true; }},
    {View::kBackfill, "backfill", [](const Options& options) { return options.backfill_days > options.day_keep; }},
    {View::kHour, "hour", [](const Options& options) { return options.hour_enabled; }},
    {View::kToday, "today", [](const Options& options) { return options.today_enabled; }},
    {View::kCurrency, "currency", [](const Options& options) { return options.currency.empty(); }, true},
}};

inline constexpr size_t kViewCount = kViews.size();

inline const ViewSpec& SpecOf(View view) { return kViews[static_cast<size_t>(view)]; }

// When a subject is asked for next, and what asking came to last.
struct Schedule {
  // By Clock::Elapsed().
  absl::Duration due = absl::ZeroDuration();
  // Of a side question: never sooner, because it took long.
  absl::Duration earliest = absl::ZeroDuration();
  int failures = 0;  // in a row
  bool was_polled = false;
  // False when the last poll failed.
  bool is_good = true;
  // False when the last answer did not arrive or was not valid.
  bool is_answered = true;
  // The failure that the log was last told, if it still lasts: its reason, "internal" or "off".
  std::string told;
  // Those of its newest answer.
  Oddities oddities = {};
  // The log knows that Kubecost has nothing for it.
  bool told_nothing = false;
  // Of the live views and the currency, which not every server has.
  Support support;
};

struct ClusterInfo {
  Schedule schedule;
  // Kubecost's name of the cluster; empty until it gave one.
  std::string id;
  bool told_missing_id = false;
};

struct Currency {
  Schedule schedule;
  // In force: as configured, as Kubecost says, or USD; empty when Kubecost's cannot be read.
  std::string code;
};

struct FindDays;  // which days there are to back-fill: day_book.h
struct Day;       // a closed one: day_book.h
class LiveView;   // the hour and today: live_view.h

// A subject, which outlives the task, with its view and its schedule.
struct Task {
  View view;
  Schedule* schedule;
  std::variant<ClusterInfo*, Currency*, FindDays*, Day*, LiveView*> subject;
};

// How asking for a subject ended.
enum class Ending {
  kGood,
  kNothing,  // Kubecost has nothing for an older day, which is no failure
  kDoubted,  // read well, but not believed yet: asked for again as any other
  kAbsent,   // the server may not have the view, which is no failure of the server
  kFailed,
};

struct Outcome {
  absl::Status status = absl::OkStatus();
  Ending ending = Ending::kGood;
  // Counted on the way, whether or not it succeeded.
  kubecost::InvalidValues invalid = {};
  std::optional<size_t> merged_rows = {};

  absl::Time finished = {};
  absl::Duration took = {};
  absl::Duration next_try_in = {};
  // "2026-11-19"; empty when no day is served.
  std::string served_day = {};

  bool is_good() const { return ending == Ending::kGood || ending == Ending::kNothing; }
};

}  // namespace polling

#endif  // EXPORTER_POLLING_SUBJECTS_H_
