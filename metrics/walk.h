// The samples of a snapshot, family by family: the one walk behind every format and the count of series.
#ifndef METRICS_WALK_H_
#define METRICS_WALK_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "metrics/daily_facts.h"
#include "metrics/family.h"
#include "metrics/sample.h"
#include "metrics/snapshot.h"

namespace metrics {

// Accepts a sample, valid during the call, and returns false when it wants no more.
using SampleSink = absl::FunctionRef<bool(const Sample&)>;

// Gives the samples of a family in the order of a scrape: by identity, then resource, then date. False when the sink
// wanted no more. A family of Source::kExporter has none here.
bool WalkFamily(const Snapshot& snapshot, const Family& family, SampleSink sink);

// The same over all days of a history, where a plain family (Source::kDay) has each day's value: those of one series
// follow each other by date. Live and compatible families have none there.
bool WalkHistory(const DailyFacts& history, const Family& family, SampleSink sink);

// Series of every family that is read from a snapshot, 0 where it has none.
std::vector<std::pair<absl::string_view, size_t>> CountSeries(const Snapshot& snapshot);

}  // namespace metrics

#endif  // METRICS_WALK_H_
