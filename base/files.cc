#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"

namespace base {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;

// Somebody may have given what is in a file in place of its name: that must not be repeated.
bool MayBeContent(absl::string_view path) {
  return absl::StrContains(path, "-----BEGIN") || absl::StrContains(path, ": ") || path.size() > 4096 ||
         HasControl(path);
}

absl::Status SystemError(const std::string& path) {
  const bool is_absent = errno == ENOENT || errno == ENAMETOOLONG;
  const std::string reason = std::strerror(errno);
  return absl::Status(is_absent ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable,
                      MayBeContent(path) ? "the text given is no file's name (not repeated here, it may be what should "
                                           "be in the file): a path is wanted"
                                         : absl::StrCat(path, ": ", reason));
}

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

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // Not blocking: the other end of a pipe might never come.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError(path);
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info = {};
  if (fstat(fd, &info) != 0) return SystemError(path);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  std::string text;
  std::array<char, 16384> block;
  while (text.size() <= kMaxBytes) {
    const ssize_t count = read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(path);
    if (count == 0) return text;
    text.append(block.data(), static_cast<size_t>(count));
  }
  return absl::InvalidArgumentError(absl::StrCat(path, ": is larger than 1 MiB"));
}

bool WriteAll(int file, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

FileStamp StampOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return {};
  const auto nanoseconds = [](const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  if (path.empty()) return OutputFile(STDOUT_FILENO, "", "");
  const std::string next = absl::StrCat(path, ".tmp");
  // What a process has left behind that was killed is written over, but not what another is writing. A symbolic link
  // or a pipe in its place is not opened.
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (file < 0) return FileError("cannot create", next);
  if (flock(file, LOCK_EX | LOCK_NB) != 0 || !IsNamed(file, next)) {
    close(file);
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": another process is writing it"));
  }
  struct stat info = {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) {
    close(file);
    return absl::InternalError(absl::StrCat("cannot write ", next, ": it is not a regular file of its own"));
  }
  OutputFile output(file, path, next);
  if (ftruncate(file, 0) != 0) return FileError("cannot write", next);
  return output;
}

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
