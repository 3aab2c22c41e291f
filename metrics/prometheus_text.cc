#include "metrics/prometheus_text.h"

#include <string>
#include <utility>

#include "metrics/text_format.h"
#include "metrics/walk.h"

namespace metrics {

void WritePrometheusText(const Snapshot& snapshot, Selection selection, BlockWriter& out) {
  for (const Family& family : kFamilies) {
    if (family.source == Source::kExporter || !selection.Has(CollectorOf(family))) continue;
    std::string header;
    AppendHeader(family, header);
    SeriesText series(family);
    WalkFamily(snapshot, family, [&](const Sample& sample) {
      if (!header.empty()) out.Append(std::exchange(header, ""));
      char* end = series.Write(sample, out.Reserve(series.MaxSize(sample) + kMaxNumberLength + 1));
      end = WriteNumber(sample.value, end);
      *end++ = '\n';
      out.Advance(end);
      return out.is_wanted();
    });
  }
}

}  // namespace metrics
