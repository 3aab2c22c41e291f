// Small files that others replace while the exporter runs, and files that it replaces in one step.
#ifndef BASE_FILES_H_
#define BASE_FILES_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// The whole of a regular file of at most 1 MiB. An error names the path and the reason; NotFound where there is no such
// file. Symbolic links are followed.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// False, with the reason in errno, when not all of it could be written.
bool WriteAll(int file, absl::string_view text);

// What differs when a file was replaced, written, or reached through another symbolic link; all 0 where there is no
// file.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t bytes = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

FileStamp StampOf(const std::string& path);

// A text on its way to standard output, or to a file that is replaced once it is complete: a reader of the file finds
// the old text or the new one, whatever happens meanwhile. Until then the text is in a file of that name and ".tmp"
// beside it, which is removed by the destructor. Errors name path and cause.
class OutputFile {
 public:
  // An empty path is standard output. Unavailable when another process is writing the same file; Internal when the
  // folder cannot be written.
  static absl::StatusOr<OutputFile> Create(const std::string& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  absl::Status Write(absl::string_view text);
  // Puts the file in place. Nothing may follow.
  absl::Status Commit();

 private:
  OutputFile(int file, std::string path, std::string next)
      : file_(file), path_(std::move(path)), next_(std::move(next)) {}

  int file_;
  // Both empty for standard output.
  std::string path_;
  std::string next_;
};

// Creates or replaces the file at `path`.
absl::Status ReplaceFile(const std::string& path, absl::string_view text);

}  // namespace base

#endif  // BASE_FILES_H_
