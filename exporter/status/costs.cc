#include "exporter/status/costs.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "base/day.h"
#include "exporter/status/charts.h"
#include "exporter/status/text.h"
#include "metrics/text_format.h"

namespace status {
namespace {

using kubecost::IsKnown;
using metrics::Column;
using metrics::Level;
using metrics::LevelTable;
using metrics::LiveFacts;

constexpr size_t kMaxClusters = 12;
constexpr size_t kTopRows = 15;
constexpr size_t kMaxFoundNamespaces = 30;
constexpr size_t kMaxFoundPods = 100;

// The row of `table` with the identity of another table's row.
std::optional<size_t> FindRow(const LevelTable& table, const LevelTable& other, size_t row) {
  size_t first = 0;
  for (size_t last = table.rows(); first < last;) {
    const size_t middle = first + (last - first) / 2;
    const bool is_before = CompareIdentity(table, middle, other, row) < 0;
    (is_before ? first : last) = is_before ? middle + 1 : middle;
  }
  if (first == table.rows() || CompareIdentity(table, first, other, row) != 0) return std::nullopt;
  return first;
}

// What a total is sorted and summed by.
double KnownOr(double value, double otherwise) { return IsKnown(value) ? value : otherwise; }

// What a special row is; nothing for any other.
absl::string_view SpecialNote(absl::string_view name) {
  if (name == kubecost::kIdle) return "capacity that nobody used";
  if (name == kubecost::kUnallocated) return "cost that belongs to no namespace or pod";
  if (name == kubecost::kUnmounted) return "volumes and load balancers that nobody uses";
  return "";
}

// What a row cost on each of the days served.
Trend TrendOf(const StatusFacts& facts, const LevelTable& table, size_t row) {
  Trend trend;
  if (facts.snapshot.daily == nullptr) return trend;
  for (const metrics::ServedDay& day : facts.snapshot.daily->days()) {
    if (day.facts == nullptr || (table.level() == Level::kPod && !day.has_pods())) continue;
    // A day of another cluster alone is a gap.
    auto point = std::lower_bound(trend.points.begin(), trend.points.end(), day.date,
                                  [](const Trend::Point& each, const std::string& date) { return each.date < date; });
    if (point == trend.points.end() || point->date != day.date) {
      point = trend.points.insert(point, {day.facts->window.start, day.date});
    }
    if (day.cluster != table.cluster(row)) continue;
    const LevelTable& then = day.facts->table(table.level());
    const std::optional<size_t> same = FindRow(then, table, row);
    if (!same.has_value()) continue;
    point->total = then.value(Column::kTotal, *same);
    point->idle = then.value(Column::kIdle, *same);
  }
  return trend;
}

kubecost::ResourceCosts CostsOf(const LevelTable& table, size_t row) {
  kubecost::ResourceCosts costs;
  for (size_t i = 0; i < costs.size(); ++i) costs[i] = table.value(static_cast<Column>(i), row);
  return costs;
}

// A row of the newest day.
struct Row {
  const LevelTable* table;
  uint32_t row;

  double total() const { return table->value(Column::kTotal, row); }
};

// The first `count` of the rows, the most expensive first.
void KeepDearest(size_t count, std::vector<Row>& rows) {
  const auto is_before = [](const Row& a, const Row& b) {
    constexpr double kLast = -std::numeric_limits<double>::infinity();
    const double cost_a = KnownOr(a.total(), kLast);
    const double cost_b = KnownOr(b.total(), kLast);
    return cost_a != cost_b ? cost_a > cost_b : CompareIdentity(*a.table, a.row, *b.table, b.row) < 0;
  };
  count = std::min(count, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), is_before);
  rows.resize(count);
}

std::vector<Row> AllRows(const metrics::ClusterFacts& day, Level level) {
  std::vector<Row> rows;
  for (const auto& cluster : day) {
    const LevelTable& table = cluster->table(level);
    for (uint32_t row = 0; row < table.rows(); ++row) rows.push_back({&table, row});
  }
  return rows;
}

double SumOf(const std::vector<Row>& rows) {
  double sum = 0;
  for (const Row& row : rows) sum += KnownOr(row.total(), 0);
  return sum;
}

absl::string_view TitleOf(Level level) { return level == Level::kPod ? "Pod" : "Namespace"; }

void AppendName(const LevelTable& table, size_t row, bool has_clusters, std::string& html) {
  const bool is_pod = table.level() == Level::kPod;
  const absl::string_view name = is_pod ? table.pod(row) : table.namespace_name(row);
  absl::StrAppend(&html, "<tr><th scope=\"row\" class=\"name\">", NameHtml(name));
  if (is_pod) absl::StrAppend(&html, "<small>", NameHtml(table.namespace_name(row)), "</small>");
  const absl::string_view note = is_pod ? "" : SpecialNote(name);
  if (!note.empty()) absl::StrAppend(&html, "<small>", note, "</small>");
  absl::StrAppend(&html, "</th>");
  if (has_clusters) absl::StrAppend(&html, "<td class=\"name\">", NameHtml(table.cluster(row)), "</td>");
}

// A table of rows of the newest day.
void AppendRows(const StatusFacts& facts, Level level, const std::vector<Row>& rows, absl::string_view caption,
                std::string& html) {
  const std::vector<Row> clusters = AllRows(facts.snapshot.day, Level::kCluster);
  const bool has_clusters = clusters.size() > 1;
  const double whole = SumOf(clusters);
  absl::StrAppend(&html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", TitleOf(level),
                  "s\"><table><caption>", caption, "</caption><thead><tr><th scope=\"col\">", TitleOf(level), "</th>",
                  has_clusters ? "<th scope=\"col\">Cluster</th>" : "",
                  "<th scope=\"col\" class=\"num\">Cost</th><th scope=\"col\" class=\"num\">Of all</th>"
                  "<th scope=\"col\" class=\"bars\">By resource</th><th scope=\"col\">By day</th></tr></thead><tbody>");
  for (const Row& each : rows) {
    if (html.size() >= kFullPageBytes) break;
    const double total = each.total();
    AppendName(*each.table, each.row, has_clusters, html);
    absl::StrAppend(&html, "<td class=\"num\">", MoneyHtml(total, facts.currency), "</td><td class=\"num\">",
                    PercentText(total, whole), ShareBar(total, whole), "</td><td>",
                    ResourceBar(CostsOf(*each.table, each.row)), "</td><td>",
                    TrendSpark(TrendOf(facts, *each.table, each.row), facts.currency), "</td></tr>\n");
  }
  absl::StrAppend(&html, "</tbody></table></div>");
}

// What the cluster cost in a live view; nothing when it is not in there.
std::optional<double> LiveCost(const std::shared_ptr<const LiveFacts>& live, const LevelTable& clusters, size_t row) {
  if (live == nullptr) return std::nullopt;
  const LevelTable& table = live->table(Level::kCluster);
  const std::optional<size_t> same = FindRow(table, clusters, row);
  if (!same.has_value()) return std::nullopt;
  return table.value(Column::kTotal, *same);
}

std::string Figure(absl::string_view title, absl::string_view value, absl::string_view small = "") {
  return absl::StrCat("<div><dt>", title, "</dt><dd>", value,
                      small.empty() ? "" : absl::StrCat("<small>", small, "</small>"), "</dd></div>");
}

std::string ClockText(absl::Time time, const Options& options) {
  return absl::FormatTime("%H:%M", time + options.day_utc_offset, absl::UTCTimeZone());
}

void AppendLive(const StatusFacts& facts, const LevelTable& clusters, size_t row, std::string& html) {
  const std::optional<double> hour = LiveCost(facts.snapshot.hour, clusters, row);
  if (hour.has_value()) {
    const base::Window& window = facts.snapshot.hour->window;
    const double rate = *hour / absl::FDivDuration(window.end - window.start, absl::Hours(1));
    const absl::string_view unit = IsKnown(rate) ? "&nbsp;/&nbsp;h" : "";
    absl::StrAppend(&html, Figure("Last hour", absl::StrCat(MoneyHtml(rate, facts.currency), unit),
                                  absl::StrCat(ClockText(window.start, facts.options), "–",
                                               ClockText(window.end, facts.options), ", not final")));
  }
  const std::optional<double> today = LiveCost(facts.snapshot.today, clusters, row);
  if (today.has_value()) {
    absl::StrAppend(
        &html, Figure("Today so far", MoneyHtml(*today, facts.currency),
                      absl::StrCat("as of ", ClockText(facts.snapshot.today->read_at, facts.options), ", not final")));
  }
}

const metrics::ServedDay* StatusOf(const StatusFacts& facts, const LevelTable& clusters) {
  if (facts.snapshot.daily == nullptr) return nullptr;
  for (const metrics::ServedDay& day : facts.snapshot.daily->days()) {
    if (day.facts != nullptr && &day.facts->table(Level::kCluster) == &clusters) return &day;
  }
  return nullptr;
}

// One cluster of the newest day.
void AppendDayOfCluster(const StatusFacts& facts, const LevelTable& clusters, size_t row, std::string& html) {
  const double total = clusters.value(Column::kTotal, row);
  const double idle = clusters.value(Column::kIdle, row);
  const metrics::ServedDay* const status = StatusOf(facts, clusters);
  absl::StrAppend(&html, "<article class=\"card\"><div class=\"row\"><h3>", NameHtml(clusters.cluster(row)), "</h3>");
  if (status != nullptr) {
    absl::StrAppend(
        &html, status->complete ? PillHtml(Mood::kGood, "Complete") : PillHtml(Mood::kBad, "Not complete"),
        status->settled ? PillHtml(Mood::kGood, "Settled") : PillHtml(Mood::kNeutral, "May still be corrected"));
  }
  absl::StrAppend(&html, "</div><div class=\"halves\"><div><p class=\"big\">", MoneyHtml(total, facts.currency), "</p>",
                  IdleBar(idle, total), "<dl class=\"figures\">");
  if (IsKnown(idle)) absl::StrAppend(&html, Figure("Idle", MoneyHtml(idle, facts.currency), PercentText(idle, total)));
  AppendLive(facts, clusters, row, html);
  if (status != nullptr && status->has_pods()) {
    absl::StrAppend(&html, Figure("Pods", CountText(status->facts->pods)));
  }
  absl::StrAppend(&html, "</dl></div><div>", TrendChart(TrendOf(facts, clusters, row), facts.currency),
                  "</div></div></article>\n");
}

// A cluster before its first closed day.
void AppendLiveCluster(const StatusFacts& facts, const LevelTable& clusters, size_t row, std::string& html) {
  absl::StrAppend(&html, "<article class=\"card\"><h3>", NameHtml(clusters.cluster(row)),
                  "</h3><dl class=\"figures\">");
  AppendLive(facts, clusters, row, html);
  absl::StrAppend(&html, "</dl></article>\n");
}

// Whether `escaped`, a text of a LevelTable, holds `lower`, ASCII letters in whatever case.
bool Holds(absl::string_view escaped, absl::string_view lower) {
  const bool is_plain = escaped.find('\\') == absl::string_view::npos;
  const std::string unescaped = is_plain ? "" : metrics::UnescapeLabelValue(escaped);
  const absl::string_view text = is_plain ? escaped : unescaped;
  const auto is_same = [](char a, char b) { return absl::ascii_tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), is_same) != text.end();
}

// The rows that hold the text in the name of their namespace, or of their pod.
std::vector<Row> Find(const StatusFacts& facts, Level level, absl::string_view lower) {
  std::vector<Row> found = AllRows(facts.snapshot.day, level);
  absl::string_view name;
  bool is_in_name = false;
  std::erase_if(found, [&, is_first = true](const Row& row) mutable {
    if (std::exchange(is_first, false) || name != row.table->namespace_name(row.row)) {
      name = row.table->namespace_name(row.row);
      is_in_name = Holds(name, lower);
    }
    return !is_in_name && (level != Level::kPod || !Holds(row.table->pod(row.row), lower));
  });
  return found;
}

void AppendFound(const StatusFacts& facts, Level level, absl::string_view lower, size_t most, std::string& html) {
  std::vector<Row> rows = Find(facts, level, lower);
  const size_t count = rows.size();
  if (count == 0) return;
  const double sum = SumOf(rows);
  KeepDearest(most, rows);
  AppendRows(facts, level, rows,
             absl::StrCat(CountText(count), level == Level::kPod ? " pod" : " namespace", count == 1 ? "" : "s",
                          ", together ", MoneyHtml(sum, facts.currency),
                          count > most ? absl::StrCat("; the ", most, " dearest are shown") : ""),
             html);
}

}  // namespace

std::string DayTitle(absl::string_view date) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day)) return TextHtml(date);
  return absl::FormatTime("%A, %-d %B %Y", absl::FromCivil(day, absl::UTCTimeZone()), absl::UTCTimeZone());
}

void AppendClusters(const StatusFacts& facts, std::string& html) {
  std::vector<Row> rows = AllRows(facts.snapshot.day, Level::kCluster);
  const size_t all = rows.size();
  size_t shown = 0;
  if (all > 1) {
    absl::StrAppend(&html, "<p class=\"note\">", CountText(all), " clusters, together ",
                    MoneyHtml(SumOf(rows), facts.currency), "</p>");
  }
  absl::StrAppend(&html, "<div class=\"clusters\">");
  KeepDearest(kMaxClusters, rows);
  for (; shown < rows.size() && html.size() < kFullPageBytes; ++shown) {
    AppendDayOfCluster(facts, *rows[shown].table, rows[shown].row, html);
  }
  const size_t hidden = all - shown;
  for (const LiveFacts* live : {facts.snapshot.hour.get(), facts.snapshot.today.get()}) {
    if (live == nullptr || shown > 0) continue;
    const LevelTable& clusters = live->table(Level::kCluster);
    for (uint32_t row = 0; row < std::min(clusters.rows(), kMaxClusters); ++row, ++shown)
      AppendLiveCluster(facts, clusters, row, html);
  }
  absl::StrAppend(&html, "</div>");
  if (hidden > 0) absl::StrAppend(&html, "<p class=\"note\">and ", CountText(hidden), " cheaper clusters</p>");
}

void AppendTop(const StatusFacts& facts, Level level, std::string& html) {
  const bool is_pod = level == Level::kPod;
  std::vector<Row> rows = AllRows(facts.snapshot.day, level);
  if (is_pod) {
    std::erase_if(rows, [](const Row& row) { return !SpecialNote(row.table->namespace_name(row.row)).empty(); });
  }
  const size_t all = rows.size();
  KeepDearest(kTopRows, rows);
  absl::StrAppend(&html, "<section class=\"card\"><h2>", TitleOf(level), "s</h2>", ResourceLegend());
  const std::string which = rows.size() < all ? absl::StrCat("The ", rows.size(), " dearest of ") : "All ";
  AppendRows(facts, level, rows,
             absl::StrCat(which, CountText(all), " on ", TextHtml(facts.snapshot.day.front()->date),
                          is_pod ? ", without idle and unallocated cost" : ""),
             html);
  absl::StrAppend(&html, "</section>\n");
}

void AppendSearchResults(const StatusFacts& facts, absl::string_view search, std::string& html) {
  const std::string lower = absl::AsciiStrToLower(search);
  absl::StrAppend(&html,
                  "<section class=\"card\" aria-labelledby=\"found\"><div class=\"row\"><h2 id=\"found\">Found “",
                  TextHtml(search, kMaxNameLength), "”</h2><a href=\"/\">Clear</a></div>");
  const size_t before = html.size();
  if (!facts.snapshot.day.empty()) {
    AppendFound(facts, Level::kNamespace, lower, kMaxFoundNamespaces, html);
    AppendFound(facts, Level::kPod, lower, kMaxFoundPods, html);
  }
  if (html.size() == before) {
    absl::StrAppend(&html, "<p>",
                    facts.snapshot.day.empty()
                        ? "There is nothing to search in yet: no day has been read."
                        : absl::StrCat("No namespace or pod of ", TextHtml(facts.snapshot.day.front()->date),
                                       " has a name with this in it."),
                    "</p>");
  }
  absl::StrAppend(&html, "</section>");
}

}  // namespace status
