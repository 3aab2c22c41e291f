#include "metrics/open_metrics.h"

#include <algorithm>
#include <array>
#include <queue>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "metrics/exposition.h"
#include "metrics/table_builder.h"

namespace metrics {
namespace {

constexpr absl::string_view kLabelsEnd = "\"} ";

// A row of a day's table.
struct Place {
  uint32_t row;
  uint16_t day;
  // Another identity than the place before.
  bool is_first;
};

// The rows of all days by identity, then by date.
std::vector<Place> Merge(const std::vector<StampedDay>& days, Level level) {
  const auto table = [&](const Place& place) -> const LevelTable& { return days[place.day].day.facts->table(level); };
  const auto compare = [&](const Place& a, const Place& b) {
    return CompareIdentity(table(a), a.row, table(b), b.row);
  };
  const auto is_later = [&](const Place& a, const Place& b) {
    const int order = compare(a, b);
    return order != 0 ? order > 0 : a.day > b.day;
  };
  std::priority_queue<Place, std::vector<Place>, decltype(is_later)> heads(is_later);
  size_t rows = 0;
  for (size_t day = 0; day < days.size(); ++day) {
    const Place head = {0, static_cast<uint16_t>(day), true};
    if (table(head).rows() > 0) heads.push(head);
    rows += table(head).rows();
  }
  std::vector<Place> merged;
  merged.reserve(rows);
  while (!heads.empty()) {
    Place place = heads.top();
    heads.pop();
    place.is_first = merged.empty() || compare(merged.back(), place) != 0;
    merged.push_back(place);
    ++place.row;
    if (place.row < table(place).rows()) heads.push(place);
  }
  return merged;
}

// A time as it stands behind a value.
std::vector<std::string> TimeTexts(const std::vector<int64_t>& times) {
  std::vector<std::string> texts;
  texts.reserve(times.size());
  for (const int64_t time : times) texts.push_back(absl::StrCat(" ", time, "\n"));
  return texts;
}

class Writer {
 public:
  Writer(const std::vector<StampedDay>& days, bool pod_resources, BlockWriter& out)
      : days_(days), pod_resources_(pod_resources), out_(out) {
    for (const StampedDay& day : days) {
      plain_times_.push_back(TimeTexts(day.plain_times));
      dated_times_.push_back(TimeTexts(day.dated_times));
    }
    for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
      merged_[static_cast<size_t>(level)] = Merge(days, level);
    }
  }

  void WriteFamily(const Family& family) {
    header_.clear();
    AppendHeader(family, header_);
    if (family.source == Source::kDayStatus) WriteStatuses(family);
    if (family.source == Source::kDay || family.source == Source::kDaily) WriteRows(family);
  }

 private:
  using Places = absl::Span<const Place>;

  const LevelTable& Table(const Family& family, const Place& place) const {
    return days_[place.day].day.facts->table(family.level);
  }

  void WriteRows(const Family& family) {
    const bool has_parts = family.column == Column::kResources;
    if (has_parts && family.level == Level::kPod && !pod_resources_) return;
    const std::vector<Place>& places = merged_[static_cast<size_t>(family.level)];
    for (size_t first = 0; first < places.size() && out_.is_wanted();) {
      size_t last = first + 1;
      while (last < places.size() && !places[last].is_first) ++last;
      const Places same = Places(places).subspan(first, last - first);
      if (family.column == Column::kInfo && family.source == Source::kDay) {
        WriteByAttributes(family, same);
      } else if (has_parts) {
        for (const kubecost::Resource resource : kResourcesByName) WriteDated(family, same, &resource);
      } else if (family.source == Source::kDaily) {
        WriteDated(family, same, nullptr);
      } else {
        WritePlain(family, same);
      }
      first = last;
    }
  }

  // The days of one identity are one series.
  void WritePlain(const Family& family, Places same) {
    StartSeries(family, same[0]);
    absl::StrAppend(&series_, kLabelsEnd);
    for (const Place& place : same) WriteSamples(ValueOf(family.column, family, place), plain_times_[place.day]);
  }

  // The days of one identity are a series for each node and controller it has had, which may come back.
  void WriteByAttributes(const Family& family, Places same) {
    std::vector<bool> is_done(same.size());
    for (size_t i = 0; i < same.size(); ++i) {
      if (is_done[i]) continue;
      StartSeries(family, same[i]);
      const std::string attributes = Attributes(family, same[i]);
      absl::StrAppend(&series_, attributes, kLabelsEnd);
      for (size_t j = i; j < same.size(); ++j) {
        if (is_done[j] || Attributes(family, same[j]) != attributes) continue;
        WriteSamples(1, plain_times_[same[j].day]);
        is_done[j] = true;
      }
    }
  }

  // Each day is a series of its own.
  void WriteDated(const Family& family, Places same, const kubecost::Resource* resource) {
    for (const Place& place : same) {
      const Column column = resource == nullptr ? family.column : static_cast<Column>(*resource);
      const double value = ValueOf(column, family, place);
      if (resource != nullptr && !IsServedPart(family.level, value)) continue;
      StartSeries(family, place);
      if (column == Column::kInfo) absl::StrAppend(&series_, Attributes(family, place));
      if (resource != nullptr) {
        absl::StrAppend(&series_, "\",resource=\"", kubecost::kResources[static_cast<size_t>(*resource)].name);
      }
      absl::StrAppend(&series_, "\",date=\"", days_[place.day].day.facts->date, kLabelsEnd);
      WriteSamples(value, dated_times_[place.day]);
    }
  }

  void WriteStatuses(const Family& family) {
    struct Status {
      DailyFacts::Status status;
      size_t day;
    };
    std::vector<Status> statuses;
    for (size_t i = 0; i < days_.size(); ++i) {
      for (const ClusterDay& cluster : days_[i].day.facts->clusters) statuses.push_back({{&cluster, &days_[i].day}, i});
    }
    std::stable_sort(statuses.begin(), statuses.end(), [](const Status& a, const Status& b) {
      return a.status.cluster->cluster < b.status.cluster->cluster;
    });
    const bool has_levels = family.column == Column::kDifference;
    for (const auto& [status, day] : statuses) {
      for (const Level level : {Level::kNamespace, Level::kPod}) {
        if (!has_levels && level == Level::kPod) continue;
        series_ =
            absl::StrCat(family.name, "{cluster=\"", status.cluster->cluster, "\",date=\"", status.day->facts->date);
        if (has_levels) absl::StrAppend(&series_, "\",level=\"", kubecost::kLevelNames[static_cast<size_t>(level)]);
        absl::StrAppend(&series_, kLabelsEnd);
        WriteSamples(metrics::ValueOf(status, family.column, level), dated_times_[day]);
      }
    }
  }

  double ValueOf(Column column, const Family& family, const Place& place) const {
    if (column == Column::kInfo) return 1;
    const std::vector<double>& values = Table(family, place).column(column);
    if (values.empty()) return kubecost::kUnknown;
    const double value = values[place.row];
    const bool may_be_left_out = family.level == Level::kPod && column < Column::kTotal &&
                                 kubecost::kResources[static_cast<size_t>(column)].omit_zero_on_pods;
    return may_be_left_out && value == 0 ? kubecost::kUnknown : value;
  }

  // Begins `series_` with the name and the labels of the identity.
  void StartSeries(const Family& family, const Place& place) {
    const LevelTable& table = Table(family, place);
    series_ = absl::StrCat(family.name, table.scope(place.row).labels);
    if (table.level() == Level::kPod) absl::StrAppend(&series_, table.pod(place.row));
  }

  std::string Attributes(const Family& family, const Place& place) const {
    const LevelTable& table = Table(family, place);
    return absl::StrCat("\",node=\"", table.node(place.row), "\",controller_kind=\"", table.controller(place.row));
  }

  void WriteSamples(double value, const std::vector<std::string>& times) {
    if (!kubecost::IsKnown(value) || times.empty()) return;
    if (!header_.empty()) out_.Append(std::exchange(header_, ""));
    char number[kMaxNumberLength];
    const size_t begin = series_.size();
    series_.append(number, static_cast<size_t>(WriteNumber(value, number) - number));
    for (const std::string& time : times) out_.Append(series_, time);
    series_.resize(begin);
  }

  const std::vector<StampedDay>& days_;
  const bool pod_resources_;
  BlockWriter& out_;
  std::vector<std::vector<std::string>> plain_times_;
  std::vector<std::vector<std::string>> dated_times_;
  std::array<std::vector<Place>, kubecost::kLevelCount> merged_;
  // Of the present family, still to be written.
  std::string header_;
  // A line up to its value.
  std::string series_;
};

}  // namespace

std::vector<int64_t> SampleTimes(absl::Time from, absl::Time to, absl::Duration interval) {
  std::vector<int64_t> times;
  if (from >= to) return times;
  times.push_back(absl::ToUnixSeconds(from));
  absl::Time next = absl::UnixEpoch() + absl::Floor(from - absl::UnixEpoch(), interval) + interval;
  for (; next < to; next += interval) times.push_back(absl::ToUnixSeconds(next));
  return times;
}

void WriteOpenMetrics(const std::vector<StampedDay>& days, bool pod_resources, BlockWriter& out) {
  Writer writer(days, pod_resources, out);
  for (const Family& family : kFamilies) writer.WriteFamily(family);
  out.Append("# EOF\n");
}

}  // namespace metrics
