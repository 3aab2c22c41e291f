#include "metrics/prometheus_text.h"

#include <string>

#include "metrics/text_format.h"
#include "metrics/walk.h"

namespace metrics {

void WritePrometheusText(const Snapshot& snapshot, Selection selection, BlockWriter& out) {
  for (const Family& family : kFamilies) {
    if (!selection.Has(CollectorOf(family))) continue;
    std::string header;
    AppendHeader(family, header);
    SeriesText series(family);
    WalkFamily(snapshot, family, [&](const Sample& sample) {
      char number[kMaxNumberLength + 1];
      char* const end = WriteNumber(sample.value, number);
      *end = '\n';
      out.Append(header, series.Of(sample), absl::string_view(number, static_cast<size_t>(end + 1 - number)));
      header.clear();
      return out.is_wanted();
    });
  }
}

}  // namespace metrics
