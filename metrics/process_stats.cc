#include "metrics/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace metrics {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::optional<double> BootTime() {
  const std::string stat = ReadFile("/proc/stat");
  for (const absl::string_view line : absl::StrSplit(stat, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    double seconds = 0;
    if (words.size() == 2 && words[0] == "btime" && absl::SimpleAtod(words[1], &seconds)) return seconds;
  }
  return std::nullopt;
}

}  // namespace

std::map<absl::string_view, double> ReadProcessStats() {
  std::map<absl::string_view, double> stats;
  const std::string stat = ReadFile("/proc/self/stat");
  // The second field, the program's name, may hold anything; counting starts behind its parenthesis, at field 3.
  const size_t name_end = stat.rfind(')');
  if (name_end != std::string::npos && name_end + 2 < stat.size()) {
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
    const auto field = [&fields](size_t number) -> std::optional<double> {
      double value = 0;
      if (number - 3 >= fields.size() || !absl::SimpleAtod(fields[number - 3], &value)) return std::nullopt;
      return value;
    };
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const std::optional<double> user = field(14);
    const std::optional<double> system = field(15);
    if (user && system) stats["process_cpu_seconds_total"] = (*user + *system) / ticks;
    static const std::optional<double> boot_time = BootTime();
    const std::optional<double> start = field(22);
    if (boot_time && start) stats["process_start_time_seconds"] = *boot_time + *start / ticks;
    const std::optional<double> bytes = field(23);
    if (bytes) stats["process_virtual_memory_bytes"] = *bytes;
    const std::optional<double> pages = field(24);
    if (pages) stats["process_resident_memory_bytes"] = *pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  std::error_code error;
  std::filesystem::directory_iterator fds("/proc/self/fd", error);
  // The iterator's own descriptor is not counted.
  if (!error) stats["process_open_fds"] = static_cast<double>(std::distance(begin(fds), end(fds)) - 1);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats["process_max_fds"] = static_cast<double>(limit.rlim_cur);
  return stats;
}

}  // namespace metrics
