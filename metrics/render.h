// Snapshot -> exposition text, block by block.
#ifndef METRICS_RENDER_H_
#define METRICS_RENDER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "metrics/snapshot.h"

namespace metrics {

// Renders every family of a snapshot in the order of kFamilies. Keeps no more than one block of text; the caller
// writes it out between two calls. Holds its snapshot, so a newer one may be published meanwhile. One thread each.
class Renderer {
 public:
  static constexpr size_t kBlockBytes = size_t{256} << 10;

  explicit Renderer(std::shared_ptr<const Snapshot> snapshot);

  // The next block, valid until the next call; empty at the end. A line never straddles two blocks.
  absl::string_view Next();

 private:
  // Writes rows of the present family until the block is full (false) or the family is done (true).
  bool RenderTable(const Family& family, const LevelTable& table);
  void RenderClusterInfo(const Family& family);

  const std::shared_ptr<const Snapshot> snapshot_;
  size_t family_ = 0;
  size_t row_ = 0;
  bool header_written_ = false;
  std::string block_;
  size_t used_ = 0;
};

}  // namespace metrics

#endif  // METRICS_RENDER_H_
