#include "base/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"

namespace base {
namespace {

absl::Status FileError(absl::string_view what, absl::string_view path) {
  return absl::InternalError(absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

// Whether `path` still names the open file: another process may have put it in its place meanwhile.
bool IsNamed(int file, const std::string& path) {
  struct stat open_file = {};
  struct stat named = {};
  return fstat(file, &open_file) == 0 && stat(path.c_str(), &named) == 0 && open_file.st_dev == named.st_dev &&
         open_file.st_ino == named.st_ino;
}

}  // namespace

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  const std::string next = absl::StrCat(path, ".tmp");
  // What a process has left behind that was killed is written over, but not what another is writing.
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return FileError("cannot create", next);
  if (flock(file, LOCK_EX | LOCK_NB) != 0 || !IsNamed(file, next)) {
    close(file);
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": another process is writing it"));
  }
  OutputFile output(file, path, next);
  if (ftruncate(file, 0) != 0) return FileError("cannot write", next);
  return output;
}

OutputFile OutputFile::StandardOutput() { return OutputFile(STDOUT_FILENO, "", ""); }

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)), next_(std::exchange(other.next_, "")) {}

OutputFile::~OutputFile() {
  if (next_.empty()) return;
  unlink(next_.c_str());
  close(file_);
}

absl::Status OutputFile::Write(absl::string_view text) {
  if (!WriteAll(file_, text)) return FileError("cannot write", next_.empty() ? "standard output" : next_);
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  if (next_.empty()) return absl::OkStatus();
  if (fsync(file_) != 0) return FileError("cannot write", next_);
  if (std::rename(next_.c_str(), path_.c_str()) != 0) return FileError("cannot replace", path_);
  close(file_);
  next_.clear();
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, absl::string_view text) {
  absl::StatusOr<OutputFile> file = OutputFile::Create(path);
  if (!file.ok()) return file.status();
  const absl::Status written = file->Write(text);
  return written.ok() ? file->Commit() : written;
}

}  // namespace base
