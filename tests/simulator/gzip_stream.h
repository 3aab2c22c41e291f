// Streaming gzip compression.
#ifndef TESTS_SIMULATOR_GZIP_STREAM_H_
#define TESTS_SIMULATOR_GZIP_STREAM_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tests/simulator/http_server.h"

namespace simulator {

// Compresses what is written to it into `out`, which it does not own.
class GzipStream : public BodySink {
 public:
  explicit GzipStream(BodySink& out);
  ~GzipStream() override;

  bool Write(absl::string_view bytes) override;
  // Writes what is left; to be called once, last.
  bool Finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_GZIP_STREAM_H_
