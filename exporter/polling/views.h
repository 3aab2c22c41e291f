// What is polled: one row per view.
#ifndef EXPORTER_POLLING_VIEWS_H_
#define EXPORTER_POLLING_VIEWS_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "exporter/polling/options.h"

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
};

// In the order of View.
inline constexpr std::array<ViewSpec, 6> kViews = {{
    {View::kClusterInfo, "cluster_info",
     [](const Options& options) { return options.cluster_info == ClusterInfoMode::kMirror; }},
    {View::kDay, "day", [](const Options&) { return true; }},
    {View::kBackfill, "backfill", [](const Options& options) { return options.backfill_days > options.day_keep; }},
    {View::kHour, "hour", [](const Options& options) { return options.hour_enabled; }},
    {View::kToday, "today", [](const Options& options) { return options.today_enabled; }},
    {View::kCurrency, "currency", [](const Options& options) { return options.currency.empty(); }},
}};

inline constexpr size_t kViewCount = kViews.size();

inline const ViewSpec& SpecOf(View view) { return kViews[static_cast<size_t>(view)]; }

}  // namespace polling

#endif  // EXPORTER_POLLING_VIEWS_H_
