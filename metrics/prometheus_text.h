// Snapshot -> exposition text, block by block.
#ifndef METRICS_PROMETHEUS_TEXT_H_
#define METRICS_PROMETHEUS_TEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/selection.h"
#include "metrics/snapshot.h"

namespace metrics {

// Renders every family of a snapshot in the order of kFamilies. Keeps no more than one block of text; the caller
// writes it out between two calls. Holds its snapshot, so a newer one may be published meanwhile. One thread each.
class Renderer {
 public:
  static constexpr size_t kBlockBytes = size_t{256} << 10;

  explicit Renderer(std::shared_ptr<const Snapshot> snapshot, Selection selection = Selection::All());

  // The next block, valid until the next call; empty at the end. A line never straddles two blocks.
  absl::string_view Next();

 private:
  // What stands around the value of one row.
  struct Line {
    absl::string_view name;
    absl::string_view scope;
    absl::string_view pod;
    absl::string_view node;        // of an info family
    absl::string_view controller;  // of an info family
    absl::string_view resource;    // of a family of parts
    absl::string_view labels_end;
  };

  // Each of these writes lines of the present family until the block is full (false) or the family is done (true).
  bool RenderFamily(const Family& family);
  bool RenderTable(const Family& family, const LevelTable& table, absl::string_view labels_end, double divisor);
  bool RenderLive(const Family& family, const LiveFacts* live);
  bool RenderCompat(const Family& family);
  bool RenderDaily(const Family& family, const DailyFacts& daily);
  // Writes all lines of a family that has few.
  void RenderStatuses(const Family& family, const DailyFacts& daily);
  void RenderText(const Family& family, absl::string_view lines);
  // A line of the row; false when the block has no room for it.
  bool RenderRow(const Family& family, const LevelTable& table, size_t row, absl::string_view resource,
                 absl::string_view labels_end, double value);
  bool WriteLine(const Line& line, bool is_info, double value);

  const std::shared_ptr<const Snapshot> snapshot_;
  const Selection selection_;
  const std::string compat_labels_end_;
  // How far it has come: the family, ...
  size_t family_ = 0;
  // ... its header, still to be written, ...
  std::string header_;
  // ... the row, or the place in DailyFacts::order(), ...
  size_t row_ = 0;
  // ... and there the next row of each day, and the line of the identity.
  std::vector<size_t> row_of_day_;
  size_t part_ = 0;
  std::string block_;
  size_t used_ = 0;
};

}  // namespace metrics

#endif  // METRICS_PROMETHEUS_TEXT_H_
