// The small charts of the status page: inline SVG without script, its colours from the page's stylesheet.
#ifndef EXPORTER_STATUS_CHARTS_H_
#define EXPORTER_STATUS_CHARTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kubecost/allocation.h"

namespace status {

// Which colour is which resource.
std::string ResourceLegend();

// The positive parts of a cost as one bar, one colour for each. A part that is negative is named, not drawn.
std::string ResourceBar(const kubecost::ResourceCosts& costs);

// A short bar filled as far as the part is of the whole.
std::string ShareBar(double part, double whole);

// What is used and what is idle of a whole, as one bar.
std::string IdleBar(double idle, double total);

// A cost on each of some days.
struct Trend {
  struct Point {
    absl::Time day;
    std::string date;
    double total = kubecost::kUnknown;
    // The part of the total that is drawn apart; unknown: none.
    double idle = kubecost::kUnknown;
  };
  // Sorted by day; a day that is missing, or whose total is unknown, is a gap.
  std::vector<Point> points;
};

// A column for each day, for a cell of a table.
std::string TrendSpark(const Trend& trend, absl::string_view currency);
// The same large, with idle cost apart and a tooltip for each day.
std::string TrendChart(const Trend& trend, absl::string_view currency);

}  // namespace status

#endif  // EXPORTER_STATUS_CHARTS_H_
