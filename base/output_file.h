// Files that are replaced in one step.
#ifndef BASE_OUTPUT_FILE_H_
#define BASE_OUTPUT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// A text on its way to standard output, or to a file that is replaced once it is complete: whoever reads the file finds
// the old text or the new one, whatever happens meanwhile. Until then the text is in a file of that name and ".tmp"
// beside it, which is removed by the destructor. Errors name path and cause.
class OutputFile {
 public:
  // Unavailable when another process is writing the same file; Internal when the folder cannot be written.
  static absl::StatusOr<OutputFile> Create(const std::string& path);
  static OutputFile StandardOutput();

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

#endif  // BASE_OUTPUT_FILE_H_
