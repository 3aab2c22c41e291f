#include "metrics/open_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "metrics/text_format.h"
#include "metrics/walk.h"

namespace metrics {

std::vector<int64_t> SampleTimes(absl::Time from, absl::Time to, absl::Duration interval) {
  std::vector<int64_t> times;
  if (from >= to) return times;
  times.push_back(absl::ToUnixSeconds(from));
  absl::Time next = absl::UnixEpoch() + absl::Floor(from - absl::UnixEpoch(), interval) + interval;
  for (; next < to; next += interval) times.push_back(absl::ToUnixSeconds(next));
  return times;
}

void WriteOpenMetrics(std::vector<StampedDay> days, bool pod_resources, BlockWriter& out) {
  std::sort(days.begin(), days.end(), [](const StampedDay& a, const StampedDay& b) { return IsBefore(a.day, b.day); });
  std::vector<ServedDay> served;
  served.reserve(days.size());
  for (const StampedDay& day : days) served.push_back(day.day);
  const DailyFacts history(std::move(served), pod_resources);
  for (const Family& family : kFamilies) {
    if (family.source == Source::kExporter) continue;
    std::string header;
    AppendHeader(family, header);
    SeriesText series(family);
    std::string line;
    WalkHistory(history, family, [&](const Sample& sample) {
      const StampedDay& day = days[sample.day];
      line.resize(series.MaxSize(sample) + kMaxNumberLength + 1);
      char* end = WriteNumber(sample.value, series.Write(sample, line.data()));
      *end++ = ' ';
      line.resize(static_cast<size_t>(end - line.data()));
      for (const int64_t time : family.source == Source::kDay ? day.plain_times : day.dated_times) {
        out.Append(header, line, time, "\n");
        header.clear();
      }
      return out.is_wanted();
    });
  }
  out.Append("# EOF\n");
}

}  // namespace metrics
