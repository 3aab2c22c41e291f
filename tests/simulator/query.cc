#include "tests/simulator/query.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace simulator {
namespace {

struct DimensionName {
  absl::string_view name;
  Dimension dimension;
};

constexpr std::array<DimensionName, 17> kDimensions = {{
    {"cluster", Dimension::kCluster},
    {"node", Dimension::kNode},
    {"namespace", Dimension::kNamespace},
    {"controllerkind", Dimension::kControllerKind},
    {"controller", Dimension::kController},
    {"service", Dimension::kService},
    {"pod", Dimension::kPod},
    {"container", Dimension::kContainer},
    {"deployment", Dimension::kDeployment},
    {"statefulset", Dimension::kStatefulSet},
    {"daemonset", Dimension::kDaemonSet},
    {"job", Dimension::kJob},
    {"department", Dimension::kUnknownLabel},
    {"environment", Dimension::kUnknownLabel},
    {"owner", Dimension::kUnknownLabel},
    {"product", Dimension::kAppLabel},
    {"team", Dimension::kUnknownLabel},
}};

bool Flag(const TextMap& parameters, absl::string_view name, bool otherwise) {
  const std::string text = absl::AsciiStrToLower(Find(parameters, name));
  if (text == "true" || text == "1" || text == "t") return true;
  if (text == "false" || text == "0" || text == "f") return false;
  return otherwise;
}

std::vector<std::string> List(const TextMap& parameters, absl::string_view name) {
  return absl::StrSplit(Find(parameters, name), ',', absl::SkipWhitespace());
}

// Seconds of "15m", "24h", "7d", "2w"; nothing for any other text.
std::optional<int64_t> ParseDuration(absl::string_view text, char* unit = nullptr) {
  if (text.size() < 2) return std::nullopt;
  int64_t count = 0;
  if (!absl::SimpleAtoi(text.substr(0, text.size() - 1), &count) || count <= 0 || count > 100000) return std::nullopt;
  if (unit != nullptr) *unit = text.back();
  switch (text.back()) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * kHour;
    case 'd':
      return count * kDay;
    case 'w':
      return count * 7 * kDay;
    default:
      return std::nullopt;
  }
}

// A step is a duration of Go's, or one in days or weeks.
std::optional<int64_t> ParseStep(absl::string_view text) {
  if (const auto seconds = ParseDuration(text)) return seconds;
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::Seconds(1) || duration > absl::Hours(100'000)) {
    return std::nullopt;
  }
  return absl::ToInt64Seconds(duration);
}

// Durations end with the running unit, in the future, and snap in UTC.
std::optional<Span> DurationWindow(absl::string_view text, int64_t now) {
  char unit = ' ';
  const std::optional<int64_t> length = ParseDuration(text, &unit);
  if (!length || unit == 's') return std::nullopt;
  const int64_t step = unit == 'm' ? 60 : unit == 'h' ? kHour : kDay;
  const int64_t end = FloorDiv(now, step) * step + step;
  return Span{end - *length, end};
}

std::optional<Span> NamedWindow(const World& world, absl::string_view text, int64_t now) {
  const int64_t today = world.DayStart(now);
  // Day 0 of Unix time was a Thursday; weeks begin on Sunday.
  const int64_t days = FloorDiv(today + world.offset_seconds(), kDay);
  const int64_t sunday = today - ((days % 7 + 4) % 7) * kDay;
  const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + days;
  const absl::CivilDay month(date.year(), date.month(), 1);
  const absl::CivilDay last = absl::CivilDay(absl::CivilMonth(month) - 1);
  const int64_t month_start = today - (date - month) * kDay;
  if (text == "today") return Span{today, today + kDay};
  if (text == "yesterday") return Span{today - kDay, today};
  if (text == "week") return Span{sunday, now};
  if (text == "lastweek") return Span{sunday - 7 * kDay, sunday};
  if (text == "month") return Span{month_start, now};
  if (text == "lastmonth") {
    return Span{month_start - (month - last) * kDay, month_start};
  }
  return std::nullopt;
}

std::optional<Span> PairWindow(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  if (parts.size() != 2) return std::nullopt;
  Span span;
  const bool zulu = ParseZulu(parts[0], span.start) && ParseZulu(parts[1], span.end);
  const bool seconds = !zulu && absl::SimpleAtoi(parts[0], &span.start) && absl::SimpleAtoi(parts[1], &span.end);
  if ((!zulu && !seconds) || span.empty()) return std::nullopt;
  return span;
}

std::optional<Span> ParseWindow(const World& world, absl::string_view text, int64_t now) {
  if (auto span = PairWindow(text)) return span;
  if (auto span = NamedWindow(world, text, now)) return span;
  return DurationWindow(text, now);
}

void ParseAggregate(const TextMap& parameters, AllocationQuery& query) {
  for (const std::string& raw : List(parameters, "aggregate")) {
    const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(raw));
    if (name == "all") query.aggregate_all = true;
    if (name == "label:app") query.aggregate.push_back(Dimension::kAppLabel);
    if (name != "label:app" && (absl::StartsWith(name, "label:") || absl::StartsWith(name, "annotation:"))) {
      query.aggregate.push_back(Dimension::kUnknownLabel);
    }
    const auto* it =
        std::find_if(kDimensions.begin(), kDimensions.end(), [&](const DimensionName& d) { return d.name == name; });
    if (it != kDimensions.end()) query.aggregate.push_back(it->dimension);
  }
  if (query.aggregate.empty() && !query.aggregate_all) {
    query.aggregate = {Dimension::kCluster, Dimension::kNode, Dimension::kNamespace, Dimension::kPod,
                       Dimension::kContainer};
    query.keep_all_properties = true;
  }
}

void ParseOpenCost(const TextMap& parameters, AllocationQuery& query) {
  query.idle = Flag(parameters, "includeIdle", false);
  query.share_idle = query.idle && Flag(parameters, "shareIdle", false);
}

void ParseKubecost(const TextMap& parameters, AllocationQuery& query) {
  query.idle = Flag(parameters, "idle", true);
  query.split_idle = Flag(parameters, "splitIdle", false);
  const absl::string_view share = Find(parameters, "shareIdle");
  query.share_idle = Flag(parameters, "shareIdle", false) || share == "weighted" || share == "even";
  query.conditions.share_tenancy = Flag(parameters, "shareTenancyCosts", true);
  query.conditions.external = Flag(parameters, "external", false);
  query.conditions.adjustments = query.conditions.adjustments && Flag(parameters, "reconcile", true);
  query.share_namespaces = List(parameters, "shareNamespaces");
  for (const std::string& label : List(parameters, "shareLabels")) {
    if (absl::StartsWith(label, "app:")) query.share_apps.push_back(label.substr(4));
  }
  const absl::string_view metric = Find(parameters, "costMetric");
  if (metric == "hourly") query.rate_hours = 1;
  if (metric == "daily") query.rate_hours = 24;
  if (metric == "monthly") query.rate_hours = 730;
  // Errors leave the defaults, as an absent parameter does.
  (void)absl::SimpleAtoi(Find(parameters, "offset"), &query.offset);
  (void)absl::SimpleAtoi(Find(parameters, "limit"), &query.limit);
}

// Kubecost's store has one set per day of its offset; a computed answer has one per step, the whole window without a
// step.
void ChooseSets(const World& world, int64_t step, bool stored, AllocationQuery& query) {
  const Span window = query.window;
  if (query.accumulate || (!stored && step <= 0)) {
    query.sets = {window};
    return;
  }
  if (stored) {
    for (int64_t day = world.DayStart(window.start); day < window.end; day += kDay) {
      query.sets.push_back(Intersect(window, {day, day + kDay}));
    }
    return;
  }
  constexpr int64_t kMaxSets = 100000;
  for (int64_t start = window.start; start < window.end && static_cast<int64_t>(query.sets.size()) < kMaxSets;
       start += step) {
    query.sets.push_back({start, start + step});
  }
}

bool Accumulates(const TextMap& parameters) {
  absl::string_view text = Find(parameters, "accumulateBy");
  if (text.empty()) text = Find(parameters, "accumulate");
  return text == "all" || Flag({{"v", std::string(text)}}, "v", false);
}

}  // namespace

bool ParseZulu(absl::string_view text, int64_t& seconds) {
  text = absl::StripAsciiWhitespace(text);
  constexpr absl::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return false;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", text, &time, &error)) return false;
  seconds = absl::ToUnixSeconds(time);
  return true;
}

ParsedQuery ParseQuery(const World& world, const TextMap& parameters, bool compute, int64_t now) {
  ParsedQuery parsed;
  AllocationQuery& query = parsed.query;
  const bool kubecost = world.options().product == Product::kKubecost;
  const absl::string_view window = Find(parameters, "window");
  const std::optional<Span> span = ParseWindow(world, window, now);
  if (!span) {
    parsed.problem = QueryProblem::kWindow;
    parsed.message = absl::StrCat("Invalid 'window' parameter: illegal window: ", window);
    return parsed;
  }
  query.window = *span;
  query.keep_all_properties =
      world.options().keep_attributes.value_or(kubecost ? KeepAttributes::kAggregated : KeepAttributes::kAll) ==
      KeepAttributes::kAll;
  ParseAggregate(parameters, query);
  query.accumulate = Accumulates(parameters);
  query.conditions.now = now;
  query.conditions.adjustments = world.reconciles() && (!kubecost || !compute);
  kubecost ? ParseKubecost(parameters, query) : ParseOpenCost(parameters, query);
  parsed.message = Filter::Parse(Find(parameters, "filter"), query.filter);
  if (!parsed.message.empty()) {
    parsed.problem = QueryProblem::kFilter;
    return parsed;
  }
  const bool stored = kubecost && !compute;
  const absl::string_view step_text = Find(parameters, "step");
  const std::optional<int64_t> step = ParseStep(step_text);
  if (!stored && !step_text.empty() && !step) {
    parsed.problem = QueryProblem::kStep;
    parsed.message = absl::StrCat("Invalid 'step' parameter: ", step_text);
    return parsed;
  }
  ChooseSets(world, step.value_or(0), stored, query);
  return parsed;
}

}  // namespace simulator
