// Files of the configuration that may be replaced while the exporter runs.
#ifndef EXPORTER_SMALL_FILE_H_
#define EXPORTER_SMALL_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace exporter {

// The whole of a regular file; an error names the path and the reason. Symbolic links are followed.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t max_bytes);

// What differs when a file was replaced, written, or reached through another symbolic link; all 0 where there is none.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t bytes = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

FileStamp StampOf(const std::string& path);

}  // namespace exporter

#endif  // EXPORTER_SMALL_FILE_H_
