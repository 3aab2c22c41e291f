#include "base/log.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "base/mutex.h"
#include "base/text.h"

namespace base {
namespace {

// Constant once threads run.
LogOptions g_options;

absl::string_view LevelName(LogLevel level) { return kLogLevelNames[static_cast<size_t>(level)]; }

std::string LogfmtValue(absl::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || c == '"' || c == '=' || c == '\\') return JsonString(text);
  }
  return text.empty() ? "\"\"" : std::string(text);
}

}  // namespace

void InitLog(const LogOptions& options) { g_options = options; }

std::string FormatLogLine(LogFormat format, absl::string_view timestamp, LogLevel level, absl::string_view message,
                          const LogFields& fields) {
  if (format == LogFormat::kLogfmt) {
    std::string line = absl::StrCat("ts=", timestamp, " level=", LevelName(level), " msg=", LogfmtValue(message));
    for (const auto& [key, value] : fields) absl::StrAppend(&line, " ", key, "=", LogfmtValue(value));
    return line;
  }
  std::string line = absl::StrCat("{\"ts\":", JsonString(timestamp), ",\"level\":", JsonString(LevelName(level)),
                                  ",\"msg\":", JsonString(message));
  for (const auto& [key, value] : fields) absl::StrAppend(&line, ",\"", key, "\":", JsonString(value));
  line.push_back('}');
  return line;
}

void Log(LogLevel level, absl::string_view message, const LogFields& fields) {
  if (level < g_options.level) return;
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = FormatLogLine(g_options.format, now, level, message, fields) + "\n";
  // A pipe takes a long line in pieces, and another thread's must not come between.
  static Mutex mutex;
  const MutexLock lock(mutex);
  WriteAll(STDERR_FILENO, line);
}

}  // namespace base
