#include "metrics/walk.h"

#include <algorithm>

namespace metrics {
namespace {

using kubecost::IsKnown;
using kubecost::kResources;

// The resources in the order of label resource.
constexpr auto kResourcesByName = [] {
  auto sorted = kResources;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return sorted;
}();

class Walk {
 public:
  Walk(const Family& family, SampleSink sink) : family_(family), sink_(sink) {}

  // A plain family of the newest complete day.
  bool Clusters(const ClusterFacts& day, double divisor = 1, absl::string_view currency = "") {
    sample_.currency = currency;
    return std::all_of(day.begin(), day.end(), [&](const auto& facts) { return Table(facts.get(), divisor); });
  }

  // Of one window.
  bool Table(const LevelTables* facts, double divisor = 1) {
    if (facts == nullptr) return true;
    const LevelTable& table = facts->table(family_.level);
    const bool is_info = family_.column == Column::kInfo;
    const double* const values = is_info ? nullptr : table.column(family_.column).data();
    if (!is_info && values == nullptr) return true;
    for (size_t row = 0; row < table.rows(); ++row) {
      if (!is_info) sample_.value = values[row] / divisor;
      if (!IsKnown(sample_.value)) continue;
      SetIdentity(table, row);
      SetAttributes(table, row);
      if (!sink_(sample_)) return false;
    }
    return true;
  }

  // Rows of all days, identity by identity.
  bool Days(const DailyFacts& daily) {
    if (!daily.Serves(family_)) return true;
    const std::vector<uint16_t>& order = daily.order(family_.level);
    std::vector<size_t> next_row(daily.days().size());
    std::vector<Place> places;
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t day = order[i] & DailyFacts::kDayMask;
      const DayFacts& facts = *daily.days()[day].facts;
      places.push_back({day, next_row[day]++, &facts.table(family_.level), facts.date});
      const bool is_last = i + 1 == order.size() || (order[i + 1] & DailyFacts::kNewIdentity) != 0;
      if (!is_last) continue;
      if (!Identity(places)) return false;
      places.clear();
    }
    return true;
  }

  bool Statuses(const DailyFacts& daily) {
    for (const ServedDay& day : daily.days()) {
      sample_.cluster = day.cluster;
      sample_.date = day.date;
      sample_.reason = day.doubt;
      sample_.day = static_cast<size_t>(&day - daily.days().data());
      for (const Level level : {Level::kNamespace, Level::kPod}) {
        if (family_.column != Column::kDifference && level == Level::kPod) continue;
        sample_.level = kubecost::kLevelNames[static_cast<size_t>(level)];
        sample_.value = ValueOf(day, family_.column, level);
        if (IsKnown(sample_.value) && !sink_(sample_)) return false;
      }
    }
    return true;
  }

  bool ClusterInfo(absl::string_view labels) {
    sample_.cluster_info = labels;
    return sink_(sample_);
  }

 private:
  // A row of a day.
  struct Place {
    size_t day;
    size_t row;
    const LevelTable* table;
    absl::string_view date;
  };

  void SetIdentity(const LevelTable& table, size_t row) {
    sample_.cluster = table.cluster(row);
    sample_.namespace_name = table.namespace_name(row);
    if (family_.level == Level::kPod) sample_.pod = table.pod(row);
  }

  void SetAttributes(const LevelTable& table, size_t row) {
    if (family_.column != Column::kInfo) return;
    sample_.node = table.node(row);
    sample_.controller_kind = table.controller_kind(row);
    sample_.controller = table.controller(row);
  }

  static bool HaveSameAttributes(const Place& a, const Place& b) {
    return a.table->node(a.row) == b.table->node(b.row) &&
           a.table->controller_kind(a.row) == b.table->controller_kind(b.row) &&
           a.table->controller(a.row) == b.table->controller(b.row);
  }

  bool Identity(std::vector<Place>& places) {
    SetIdentity(*places[0].table, places[0].row);
    if (family_.column == Column::kResources) {
      for (const kubecost::ResourceInfo& resource : kResourcesByName) {
        sample_.resource = resource.name;
        if (!Values(places, ColumnOf(resource.resource), family_.level == Level::kPod)) return false;
      }
      return true;
    }
    if (family_.column == Column::kInfo && family_.source == Source::kDay) {
      // A node or controller may come back after another one, and its series with it.
      for (auto rest = places.begin(); rest != places.end();) {
        rest = std::stable_partition(rest, places.end(),
                                     [first = *rest](const Place& place) { return HaveSameAttributes(first, place); });
      }
    }
    const bool is_resource = family_.column < Column::kTotal;
    return Values(places, family_.column,
                  is_resource && family_.level == Level::kPod &&
                      kResources[static_cast<size_t>(family_.column)].omit_zero_on_pods);
  }

  bool Values(const std::vector<Place>& places, Column column, bool omits_zero) {
    for (const Place& place : places) {
      sample_.value = place.table->value(column, place.row);
      if (!IsKnown(sample_.value) || (omits_zero && sample_.value == 0)) continue;
      SetAttributes(*place.table, place.row);
      sample_.date = place.date;
      sample_.day = place.day;
      if (!sink_(sample_)) return false;
    }
    return true;
  }

  const Family& family_;
  const SampleSink sink_;
  Sample sample_;
};

}  // namespace

bool WalkFamily(const Snapshot& snapshot, const Family& family, SampleSink sink) {
  Walk walk(family, sink);
  switch (family.source) {
    case Source::kDay:
      return walk.Clusters(snapshot.day);
    case Source::kHour:
      return walk.Table(snapshot.hour.get());
    case Source::kToday:
      return walk.Table(snapshot.today.get());
    case Source::kCompat:
      // Its reader multiplies by the hours of a day.
      return !snapshot.compat_currency.has_value() ||
             walk.Clusters(snapshot.day, IsEfficiency(family.column) ? 1 : 24, *snapshot.compat_currency);
    case Source::kDaily:
      return snapshot.daily == nullptr || walk.Days(*snapshot.daily);
    case Source::kDayStatus:
      return snapshot.daily == nullptr || walk.Statuses(*snapshot.daily);
    case Source::kClusterInfo:
      return snapshot.cluster_info == nullptr || walk.ClusterInfo(*snapshot.cluster_info);
    case Source::kExporter:
      break;
  }
  return true;
}

bool WalkHistory(const DailyFacts& history, const Family& family, SampleSink sink) {
  Walk walk(family, sink);
  if (family.source == Source::kDayStatus) return walk.Statuses(history);
  return (family.source != Source::kDay && family.source != Source::kDaily) || walk.Days(history);
}

std::vector<std::pair<absl::string_view, size_t>> CountSeries(const Snapshot& snapshot) {
  std::vector<std::pair<absl::string_view, size_t>> series;
  for (const Family& family : kFamilies) {
    if (family.source == Source::kExporter) continue;
    if (family.source == Source::kCompat && !snapshot.compat_currency.has_value()) continue;
    size_t& count = series.emplace_back(family.name, 0).second;
    WalkFamily(snapshot, family, [&count](const Sample&) {
      ++count;
      return true;
    });
  }
  return series;
}

}  // namespace metrics
