#include "benchmarks/product.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "metrics/prometheus_text.h"
#include "metrics/table_builder.h"

namespace benchmarks {
namespace {

constexpr size_t kPieceBytes = size_t{32} << 10;

[[noreturn]] void Die(absl::string_view message) {
  std::cerr << "benchmark is broken: " << message << "\n";
  std::abort();
}

void MustAdd(metrics::TableBuilder& builder, const kubecost::Allocation& row) {
  if (builder.Add(row) != metrics::RowProblem::kNone) Die("a row was refused");
}

// The rest of the body shrinks piece by piece.
auto PiecesOf(absl::string_view& rest) {
  return [&rest]() -> absl::StatusOr<absl::string_view> {
    const absl::string_view piece = rest.substr(0, kPieceBytes);
    rest.remove_prefix(piece.size());
    return piece;
  };
}

size_t Parse(kubecost::ByteSource source, absl::FunctionRef<void(const kubecost::Allocation&)> sink) {
  const auto answer =
      kubecost::ParseAllocations(source, kubecost::Envelope::kRequired, [sink](const kubecost::Allocation& row) {
        sink(row);
        return absl::OkStatus();
      });
  if (!answer.ok()) Die(answer.status().message());
  return answer->rows;
}

}  // namespace

void TuneMallocAsTheProductDoes() {
  constexpr int kThreshold = 256 * 1024;
  mallopt(M_MMAP_THRESHOLD, kThreshold);
  mallopt(M_TRIM_THRESHOLD, kThreshold);
  mallopt(M_ARENA_MAX, 2);
}

size_t ParseStreaming(absl::string_view body, absl::FunctionRef<void(const kubecost::Allocation&)> sink) {
  return Parse(PiecesOf(body), sink);
}

std::vector<kubecost::Allocation> ParseRows(absl::string_view body) {
  std::vector<kubecost::Allocation> rows;
  ParseStreaming(body, [&rows](const kubecost::Allocation& row) { rows.push_back(row); });
  return rows;
}

metrics::LevelTable BuildTable(const std::vector<kubecost::Allocation>& rows) {
  metrics::TableBuilder builder(kubecost::Level::kPod, "", rows.size());
  for (const kubecost::Allocation& row : rows) MustAdd(builder, row);
  return builder.Build();
}

std::shared_ptr<const metrics::Snapshot> SnapshotOf(metrics::LevelTable pods) {
  metrics::LevelTables read;
  read.table(kubecost::Level::kPod) = std::move(pods);
  auto snapshot = std::make_shared<metrics::Snapshot>();
  snapshot->day = metrics::SplitByCluster({}, "2026-11-19", true, std::move(read));
  return snapshot;
}

std::shared_ptr<const metrics::Snapshot> SnapshotOf(absl::string_view body) {
  metrics::TableBuilder builder(kubecost::Level::kPod, "", 0);
  ParseStreaming(body, [&builder](const kubecost::Allocation& row) { MustAdd(builder, row); });
  return SnapshotOf(builder.Build());
}

size_t RenderAll(const std::shared_ptr<const metrics::Snapshot>& snapshot) {
  size_t bytes = 0;
  metrics::BlockWriter out([&bytes](absl::string_view block) {
    bytes += block.size();
    return true;
  });
  metrics::WritePrometheusText(*snapshot, metrics::Selection::All(), out);
  out.Flush();
  return bytes;
}

std::string RenderText(const std::shared_ptr<const metrics::Snapshot>& snapshot) {
  std::string text;
  metrics::BlockWriter out([&text](absl::string_view block) {
    text.append(block.data(), block.size());
    return true;
  });
  metrics::WritePrometheusText(*snapshot, metrics::Selection::All(), out);
  out.Flush();
  return text;
}

void ProductPolls::Poll(absl::string_view body) { Poll(PiecesOf(body)); }

void ProductPolls::Poll(kubecost::ByteSource source) {
  metrics::TableBuilder builder(kubecost::Level::kPod, "", last_rows_);
  Parse(source, [&builder](const kubecost::Allocation& row) { MustAdd(builder, row); });
  const auto last_byte = std::chrono::steady_clock::now();
  last_rows_ = builder.rows();
  store_.Publish(SnapshotOf(builder.Build()));
  publish_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - last_byte).count();
}

}  // namespace benchmarks
