// Text on its way out, gathered into blocks.
#ifndef METRICS_BLOCK_WRITER_H_
#define METRICS_BLOCK_WRITER_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace metrics {

// Holds no more than a block, or a single longer piece. For one thread.
class BlockWriter {
 public:
  static constexpr size_t kBlockBytes = size_t{256} << 10;

  // `write` takes a block and returns false to end the output; it is not called again then.
  explicit BlockWriter(std::function<bool(absl::string_view)> write)
      : write_(std::move(write)), block_(kBlockBytes, '\0') {}

  template <typename... Piece>
  void Append(const Piece&... pieces) {
    (AppendText(absl::AlphaNum(pieces).Piece()), ...);
  }

  // Room for a piece of at most `size` bytes, which Advance() ends; it stands in one block.
  char* Reserve(size_t size) {
    if (size > block_.size() - used_) {
      Flush();
      block_.resize(std::max(size, block_.size()));
    }
    return block_.data() + used_;
  }
  void Advance(const char* end) { used_ = static_cast<size_t>(end - block_.data()); }

  // Hands on what has gathered; false when the output has ended.
  bool Flush() {
    is_wanted_ = is_wanted_ && (used_ == 0 || write_(absl::string_view(block_.data(), used_)));
    used_ = 0;
    return is_wanted_;
  }

  // False when whatever follows would be lost.
  bool is_wanted() const { return is_wanted_; }

 private:
  void AppendText(absl::string_view text) { Advance(std::copy(text.begin(), text.end(), Reserve(text.size()))); }

  const std::function<bool(absl::string_view)> write_;
  std::string block_;
  size_t used_ = 0;
  bool is_wanted_ = true;
};

}  // namespace metrics

#endif  // METRICS_BLOCK_WRITER_H_
