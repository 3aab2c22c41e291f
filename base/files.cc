#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace base {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;

// Somebody may have given what is in a file in place of its name: that must not be repeated.
bool MayBeContent(absl::string_view path) {
  return absl::StrContains(path, "-----BEGIN") || absl::StrContains(path, ": ") || path.size() > 4096 ||
         std::any_of(path.begin(), path.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status SystemError(const std::string& path) {
  const bool is_absent = errno == ENOENT || errno == ENAMETOOLONG;
  const std::string reason = std::strerror(errno);
  return absl::Status(is_absent ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable,
                      MayBeContent(path) ? "the text given is no file's name (not repeated here, it may be what should "
                                           "be in the file): a path is wanted"
                                         : absl::StrCat(path, ": ", reason));
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

}  // namespace base
