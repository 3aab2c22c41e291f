// Structured log on standard error: one line per event, as logfmt or JSON.
#ifndef BASE_LOG_H_
#define BASE_LOG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace base {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
inline constexpr absl::string_view kLogLevelNames[] = {"debug", "info", "warn", "error"};
enum class LogFormat { kLogfmt, kJson };
inline constexpr absl::string_view kLogFormatNames[] = {"logfmt", "json"};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kLogfmt;
};

// Keys are ours and plain; values may hold anything and are escaped.
using LogFields = std::vector<std::pair<absl::string_view, std::string>>;

// To be called once, before any thread; without it, info and above go out as logfmt.
void InitLog(const LogOptions& options);

// Safe from any thread.
void Log(LogLevel level, absl::string_view message, const LogFields& fields = {});

// One line without its end, as it would be written. `timestamp` is RFC 3339.
std::string FormatLogLine(LogFormat format, absl::string_view timestamp, LogLevel level, absl::string_view message,
                          const LogFields& fields);

}  // namespace base

#endif  // BASE_LOG_H_
