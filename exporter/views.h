// What is polled when: one row per view.
#ifndef EXPORTER_VIEWS_H_
#define EXPORTER_VIEWS_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "exporter/options.h"

namespace exporter {

enum class View { kClusterInfo, kDay };

struct ViewSpec {
  View view;
  // Value of label `view`.
  absl::string_view name;
  // Whether the options ask for it.
  bool (*enabled)(const Options&);
  // Time from one good poll to the next.
  absl::Duration (*refresh)(const Options&);
};

// In the order in which they are polled when several are due.
inline constexpr std::array<ViewSpec, 2> kViews = {{
    {View::kClusterInfo, "cluster_info",
     [](const Options& options) { return options.cluster_info == ClusterInfoMode::kMirror; },
     [](const Options&) { return absl::Hours(1); }},
    {View::kDay, "day", [](const Options&) { return true; },
     [](const Options& options) { return options.day_refresh; }},
}};

inline constexpr size_t kViewCount = kViews.size();

}  // namespace exporter

#endif  // EXPORTER_VIEWS_H_
