#include "exporter/status/charts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "exporter/status/text.h"

namespace status {
namespace {

using kubecost::IsKnown;
using kubecost::kResourceCount;
using kubecost::kResources;

// More days than these would be too thin to be seen.
constexpr size_t kMaxColumns = 45;

std::string Number(double value) { return absl::StrFormat("%.4g", value); }

std::string AmountOf(double value, absl::string_view currency) {
  return absl::StrCat(AmountText(value), " ", TextHtml(currency, 16));
}

// Where the columns of a trend stand: those of the newest days, by date.
struct Columns {
  std::vector<const Trend::Point*> points;
  size_t count = 0;
  // Those whose total is known.
  std::vector<const Trend::Point*> known;
  double highest = 0;
  double lowest = 0;

  size_t At(const Trend::Point& point) const { return Days(points[0]->day, point.day); }
  static size_t Days(absl::Time from, absl::Time to) {
    return static_cast<size_t>(std::max<int64_t>(0, (to - from) / absl::Hours(24)));
  }
};

Columns ColumnsOf(const Trend& trend) {
  Columns columns;
  for (const Trend::Point& point : trend.points) {
    if (Columns::Days(point.day, trend.points.back().day) >= kMaxColumns) continue;
    columns.points.push_back(&point);
    if (!IsKnown(point.total)) continue;
    columns.known.push_back(&point);
    columns.highest = std::max(columns.highest, point.total);
    columns.lowest = std::min(columns.lowest, point.total);
  }
  if (columns.points.empty()) return columns;
  columns.count = Columns::Days(columns.points.front()->day, columns.points.back()->day) + 1;
  return columns;
}

// What the columns show, in words.
std::string Summary(const Columns& columns, absl::string_view currency) {
  const Trend::Point& first = *columns.known.front();
  const Trend::Point& last = *columns.known.back();
  if (columns.known.size() == 1) return absl::StrCat(AmountOf(last.total, currency), " on ", last.date);
  return absl::StrCat("Cost by day: ", AmountOf(first.total, currency), " on ", first.date, ", ",
                      AmountOf(last.total, currency), " on ", last.date, ", at most ",
                      AmountOf(columns.highest, currency));
}

struct Span {
  double top = 0;
  double height = 0;
};

// The place of an amount between two others in a picture of that height.
Span SpanOf(const Columns& columns, double from, double to, double height) {
  const double scale = columns.highest > columns.lowest ? height / (columns.highest - columns.lowest) : 0;
  return {(columns.highest - std::max(from, to)) * scale, std::max(from, to) * scale - std::min(from, to) * scale};
}

// A picture that is stretched to the place it is given; `pixels` wide if that is not 0.
std::string Svg(absl::string_view css_class, double width, double height, absl::string_view label, size_t pixels = 0) {
  const std::string fixed = pixels == 0 ? "" : absl::StrCat("\" width=\"", pixels);
  return absl::StrCat("<svg class=\"", css_class, fixed, "\" viewBox=\"0 0 ", Number(width), " ", Number(height),
                      "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", label, "\">");
}

std::string Rect(absl::string_view css_class, double x, double width, const Span& span, absl::string_view title) {
  const std::string tooltip = title.empty() ? "" : absl::StrCat("<title>", title, "</title>");
  return absl::StrCat("<rect class=\"", css_class, "\" x=\"", Number(x), "\" y=\"", Number(span.top), "\" width=\"",
                      Number(width), "\" height=\"", Number(span.height), "\">", tooltip, "</rect>");
}

// An entry of a legend.
std::string Key(absl::string_view css_class, absl::string_view title) {
  return absl::StrCat("<li><svg class=\"swatch\" viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"", css_class,
                      "\" width=\"1\" height=\"1\"/></svg>", title, "</li>");
}

}  // namespace

std::string ResourceLegend() {
  std::string html = "<ul class=\"legend\">";
  for (size_t i = 0; i < kResourceCount; ++i) absl::StrAppend(&html, Key(absl::StrCat("r", i), kResources[i].title));
  return absl::StrCat(html, "</ul>");
}

std::string ResourceBar(const kubecost::ResourceCosts& costs) {
  double sum = 0;
  for (const double cost : costs) sum += cost > 0 ? cost : 0;
  std::vector<std::string> words;
  std::string rects;
  double x = 0;
  for (size_t i = 0; i < kResourceCount; ++i) {
    if (!IsKnown(costs[i]) || costs[i] == 0) continue;
    const absl::string_view title = kResources[i].title;
    const std::string amount = absl::StrCat(title, " ", AmountText(costs[i]));
    words.push_back(costs[i] < 0 ? amount : absl::StrCat(title, " ", PercentText(costs[i], sum)));
    if (costs[i] < 0) continue;
    const double width = 100 * costs[i] / sum;
    absl::StrAppend(&rects, Rect(absl::StrCat("r", i), x, width, {0, 10}, amount));
    x += width;
  }
  if (words.empty()) return "<span class=\"muted\">—</span>";
  return absl::StrCat(Svg("bar", 100, 10, absl::StrJoin(words, ", ")), rects, "</svg>");
}

std::string ShareBar(double part, double whole) {
  const double share = whole > 0 && part > 0 ? std::min(100.0, 100 * part / whole) : 0;
  return absl::StrCat("<svg class=\"share\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
                      Rect("track", 0, 100, {0, 10}, ""), Rect("used", 0, share, {0, 10}, ""), "</svg>");
}

std::string IdleBar(double idle, double total) {
  if (!IsKnown(idle) || !(total > 0) || idle < 0 || idle > total) return "";
  const double share = 100 * idle / total;
  return absl::StrCat(Svg("bar wide", 100, 10, absl::StrCat("Idle ", PercentText(idle, total))),
                      Rect("used", 0, 100 - share, {0, 10}, absl::StrCat("Used ", PercentText(total - idle, total))),
                      Rect("idle", 100 - share, share, {0, 10}, absl::StrCat("Idle ", PercentText(idle, total))),
                      "</svg>");
}

std::string TrendSpark(const Trend& trend, absl::string_view currency) {
  const Columns columns = ColumnsOf(trend);
  if (columns.known.empty()) return "";
  constexpr double kHeight = 30;
  const std::string summary = Summary(columns, currency);
  std::string path;
  for (const Trend::Point* point : columns.known) {
    const Span span = SpanOf(columns, 0, point->total, kHeight);
    absl::StrAppend(&path, "M", 4 * columns.At(*point), " ", Number(span.top), "h3v", Number(span.height), "h-3z");
  }
  const size_t pixels = std::min<size_t>(120, 10 * columns.count);
  return absl::StrCat(Svg("spark", 4 * static_cast<double>(columns.count) - 1, kHeight, summary, pixels), "<title>",
                      summary, "</title><path d=\"", path, "\"/></svg>");
}

std::string TrendChart(const Trend& trend, absl::string_view currency) {
  const Columns columns = ColumnsOf(trend);
  if (columns.known.empty()) return "";
  constexpr double kHeight = 100;
  std::string rects;
  bool is_split = false;
  for (const Trend::Point* point : columns.known) {
    const double x = 10 * static_cast<double>(columns.At(*point));
    const bool has_idle = point->idle > 0 && point->idle < point->total;
    is_split = is_split || has_idle;
    const double used = has_idle ? point->total - point->idle : point->total;
    std::string title = absl::StrCat(point->date, ": ", AmountOf(point->total, currency));
    if (has_idle) absl::StrAppend(&title, ", of it idle ", AmountOf(point->idle, currency));
    absl::StrAppend(&rects, Rect("used", x, 8, SpanOf(columns, 0, used, kHeight), title));
    if (has_idle) absl::StrAppend(&rects, Rect("idle", x, 8, SpanOf(columns, used, point->total, kHeight), title));
  }
  const size_t pixels = std::min<size_t>(520, 90 * columns.count);
  const std::string svg =
      Svg("chart", 10 * static_cast<double>(columns.count) - 2, kHeight, Summary(columns, currency), pixels);
  const std::string last =
      columns.count > 1 ? absl::StrCat("<span>", columns.points.back()->date, "</span>") : std::string();
  const std::string legend =
      is_split ? absl::StrCat("<ul class=\"legend\">", Key("used", "Used"), Key("idle", "Idle"), "</ul>") : "";
  return absl::StrCat("<figure class=\"trend\">", legend, svg, rects, "</svg><figcaption><span>",
                      columns.points.front()->date, "</span>", last, "</figcaption></figure>");
}

}  // namespace status
