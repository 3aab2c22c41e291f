// Scrapes compressed: the costs once per snapshot, the exporter's own metrics behind them each time. The only zlib
// code.
#ifndef METRICS_GZIP_H_
#define METRICS_GZIP_H_

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "metrics/selection.h"
#include "metrics/snapshot.h"

namespace metrics {

// The beginning of a gzip member: its header and whole deflate blocks, open for more.
struct CompressedText {
  std::string bytes;
  uint32_t crc = 0;         // of the text
  uint64_t text_bytes = 0;  // before compression
};

// What WritePrometheusText() writes.
CompressedText CompressSnapshot(const Snapshot& snapshot, Selection selection);

// What ends the member that `begin` has begun: `text` in the last blocks, then checksum and length of the whole. One
// member, because curl --compressed stops reading behind the first.
std::string EndCompressed(const CompressedText& begin, absl::string_view text);

// Compressed snapshots, made on first demand and kept until a newer snapshot is asked for. A second request meanwhile
// waits for the one that is being made. Safe from any thread.
class CompressedSnapshots {
 public:
  std::shared_ptr<const CompressedText> Get(const std::shared_ptr<const Snapshot>& snapshot, Selection selection);

 private:
  using Entry = std::shared_future<std::shared_ptr<const CompressedText>>;

  base::Mutex mutex_;
  // Weak: a snapshot that has been replaced is not kept for its compressed text's sake.
  std::weak_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  std::map<Selection, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace metrics

#endif  // METRICS_GZIP_H_
