// The product's own path, cut into the steps that are measured. Failures end the process: they are mistakes of the
// benchmark.
#ifndef BENCHMARKS_PRODUCT_H_
#define BENCHMARKS_PRODUCT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"
#include "kubecost/response_parser.h"
#include "metrics/level_table.h"
#include "metrics/snapshot.h"

namespace benchmarks {

// glibc's malloc as the exporter sets it at its start (exporter/app.cc).
void TuneMallocAsTheProductDoes();

// Streams the body, in pieces of 32 KiB as they come from the network, through the product's parser; returns the rows.
size_t ParseStreaming(absl::string_view body, absl::FunctionRef<void(const kubecost::Allocation&)> sink);

std::vector<kubecost::Allocation> ParseRows(absl::string_view body);

metrics::LevelTable BuildTable(const std::vector<kubecost::Allocation>& rows);

// A snapshot with one pod table and nothing else.
std::shared_ptr<const metrics::Snapshot> SnapshotOf(metrics::LevelTable pods);
std::shared_ptr<const metrics::Snapshot> SnapshotOf(absl::string_view body);

// Renders all blocks and drops them; returns the bytes.
size_t RenderAll(const std::shared_ptr<const metrics::Snapshot>& snapshot);
std::string RenderText(const std::shared_ptr<const metrics::Snapshot>& snapshot);

// Poll after poll of one process: parse, build, publish, free the former snapshot.
class ProductPolls {
 public:
  void Poll(kubecost::ByteSource source);
  void Poll(absl::string_view body);

  const metrics::SnapshotStore& store() const { return store_; }
  // From the last byte of the last answer to its snapshot being served.
  double publish_seconds() const { return publish_seconds_; }

 private:
  metrics::SnapshotStore store_;
  size_t last_rows_ = 0;
  double publish_seconds_ = 0;
};

}  // namespace benchmarks

#endif  // BENCHMARKS_PRODUCT_H_
