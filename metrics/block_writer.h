// Text on its way out, gathered into blocks.
#ifndef METRICS_BLOCK_WRITER_H_
#define METRICS_BLOCK_WRITER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace metrics {

// Holds no more than a block and the piece that filled it. For one thread.
class BlockWriter {
 public:
  static constexpr size_t kBlockBytes = size_t{256} << 10;

  // `write` takes a block and returns false to end the output; it is not called again then.
  explicit BlockWriter(std::function<bool(absl::string_view)> write) : write_(std::move(write)) {
    constexpr size_t kMostPieces = size_t{4} << 10;
    block_.reserve(kBlockBytes + kMostPieces);
  }

  template <typename... Piece>
  void Append(const Piece&... pieces) {
    absl::StrAppend(&block_, pieces...);
    if (block_.size() >= kBlockBytes) Flush();
  }

  // Hands on what has gathered; false when the output has ended.
  bool Flush() {
    is_wanted_ = is_wanted_ && (block_.empty() || write_(block_));
    block_.clear();
    return is_wanted_;
  }

  // False when whatever follows would be lost.
  bool is_wanted() const { return is_wanted_; }

 private:
  const std::function<bool(absl::string_view)> write_;
  std::string block_;
  bool is_wanted_ = true;
};

}  // namespace metrics

#endif  // METRICS_BLOCK_WRITER_H_
