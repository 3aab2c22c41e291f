// Files of certificates, credentials and settings, which may be replaced while the exporter runs.
#ifndef BASE_FILES_H_
#define BASE_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// The whole of a regular file of at most 1 MiB. An error names the path and the reason; NotFound where there is no such
// file. Symbolic links are followed.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// False, with the reason in errno, when not all of it could be written.
bool WriteAll(int file, absl::string_view text);

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

}  // namespace base

#endif  // BASE_FILES_H_
