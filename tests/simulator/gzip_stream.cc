#include "tests/simulator/gzip_stream.h"

#include <zlib.h>

#include <vector>

namespace simulator {

class GzipStream::Impl {
 public:
  explicit Impl(BodySink& out) : out_(out), buffer_(64 * 1024) {
    // 15 + 16: the largest window, with a gzip header. Level 1, as of a proxy that has much to send.
    deflateInit2(&stream_, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  }
  ~Impl() { deflateEnd(&stream_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool Run(absl::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = buffer_.data();
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      deflate(&stream_, flush);
      const size_t size = buffer_.size() - stream_.avail_out;
      if (size > 0 && !out_.Write({reinterpret_cast<const char*>(buffer_.data()), size})) return false;
    } while (stream_.avail_out == 0);
    return true;
  }

 private:
  BodySink& out_;
  z_stream stream_{};
  std::vector<Bytef> buffer_;
};

GzipStream::GzipStream(BodySink& out) : impl_(std::make_unique<Impl>(out)) {}
GzipStream::~GzipStream() = default;

bool GzipStream::Write(absl::string_view bytes) { return impl_->Run(bytes, Z_NO_FLUSH); }

bool GzipStream::Finish() { return impl_->Run({}, Z_FINISH); }

}  // namespace simulator
