// Also tests metrics/selection.h
#include "metrics/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "metrics/table_builder.h"
#include "tests/render.h"

namespace metrics {
namespace {

std::shared_ptr<const Snapshot> SnapshotOf(int pods) {
  LevelTables read;
  for (const Level level : {Level::kCluster, Level::kNamespace, Level::kPod}) {
    TableBuilder builder(level, "", 0);
    for (int i = 0; i < pods; ++i) {
      kubecost::Allocation row;
      row.properties = {"c", "n", absl::StrCat("team-", i % 9), "", "", absl::StrCat("pod-", i)};
      row.total_cost = i * 0.00321;
      builder.Add(row);
    }
    read.table(level) = builder.Build();
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->day = SplitByCluster({}, "2026-11-19", true, std::move(read));
  return snapshot;
}

// The first gzip member, checked against its own checksum, and what is left behind it.
std::string Decompress(std::string bytes, size_t& rest) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    char piece[4096];
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof(piece);
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(piece, sizeof(piece) - stream.avail_out);
  }
  EXPECT_EQ(result, Z_STREAM_END);
  rest = stream.avail_in;
  inflateEnd(&stream);
  return text;
}

TEST(GzipTest, IsOneMemberWithTheFreshTextAtItsEnd) {
  for (const int pods : {0, 1, 20'000}) {
    const std::shared_ptr<const Snapshot> snapshot = SnapshotOf(pods);
    const CompressedText begin = CompressSnapshot(*snapshot, Selection::All());
    for (const absl::string_view own : {"", "up 1\n", "up 0\n"}) {
      size_t rest = 1;
      const std::string text = Decompress(absl::StrCat(begin.bytes, EndCompressed(begin, own)), rest);
      EXPECT_EQ(text, absl::StrCat(Render(*snapshot, Selection::All()), own)) << pods;
      EXPECT_EQ(rest, 0U) << "curl stops behind the first member";
    }
    EXPECT_EQ(begin.text_bytes, Render(*snapshot, Selection::All()).size());
  }
}

TEST(GzipTest, MuchSmallerThanTheText) {
  const CompressedText compressed = CompressSnapshot(*SnapshotOf(5000), Selection::All());
  EXPECT_LT(compressed.bytes.size(), compressed.text_bytes / 5);
}

TEST(CompressedSnapshotsTest, MadeOnceForASnapshotAndASelection) {
  CompressedSnapshots compressed;
  const std::shared_ptr<const Snapshot> snapshot = SnapshotOf(100);
  Selection pods = Selection::None();
  pods.Add(Collector::kPod);
  const auto all = compressed.Get(snapshot, Selection::All());
  EXPECT_EQ(compressed.Get(snapshot, Selection::All()), all);
  EXPECT_NE(compressed.Get(snapshot, pods), all);
  EXPECT_EQ(compressed.Get(snapshot, Selection::All()), all);
  EXPECT_NE(compressed.Get(SnapshotOf(100), Selection::All()), all);
}

TEST(CompressedSnapshotsTest, ManyAtOnceShareOne) {
  CompressedSnapshots compressed;
  const std::shared_ptr<const Snapshot> snapshot = SnapshotOf(20'000);
  std::vector<std::shared_ptr<const CompressedText>> found(8);
  {
    std::vector<std::jthread> threads;
    for (auto& each : found) {
      threads.emplace_back([&] { each = compressed.Get(snapshot, Selection::All()); });
    }
  }
  for (const auto& each : found) EXPECT_EQ(each, found[0]);
}

TEST(CompressedSnapshotsTest, AReplacedSnapshotIsNotKept) {
  CompressedSnapshots compressed;
  std::weak_ptr<const Snapshot> kept;
  {
    const std::shared_ptr<const Snapshot> snapshot = SnapshotOf(10);
    kept = snapshot;
    compressed.Get(snapshot, Selection::All());
  }
  EXPECT_TRUE(kept.expired());
}

TEST(SelectionTest, EveryFamilyBelongsToOneCollector) {
  const std::shared_ptr<const Snapshot> snapshot = SnapshotOf(30);
  std::string together;
  for (const Collector collector : {Collector::kPod, Collector::kNamespace, Collector::kCluster}) {
    Selection selection = Selection::None();
    selection.Add(collector);
    const std::string text = Render(*snapshot, selection);
    const absl::string_view name = kCollectorNames[static_cast<size_t>(collector)];
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("kubecost_", name, "_total_cost{"))) << name;
    absl::StrAppend(&together, text);
  }
  EXPECT_EQ(together.size(), Render(*snapshot, Selection::All()).size());
  EXPECT_EQ(CollectorOf(FamilyNamed("kubecost_day_complete")), Collector::kCluster);
  EXPECT_EQ(CollectorOf(FamilyNamed("kubecost_reconciliation_difference")), Collector::kCluster);
  EXPECT_EQ(CollectorOf(FamilyNamed("kubecost_cluster_info")), Collector::kCluster);
  EXPECT_EQ(CollectorOf(FamilyNamed("process_open_fds")), Collector::kExporter);
}

}  // namespace
}  // namespace metrics
