#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/text.h"

namespace base {
namespace {

LogFormat g_format = LogFormat::kLogfmt;

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  constexpr std::array<spdlog::level::level_enum, 4> kLevels = {spdlog::level::debug, spdlog::level::info,
                                                                spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<size_t>(level)];
}

absl::string_view LevelName(LogLevel level) {
  constexpr std::array<absl::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<size_t>(level)];
}

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("exporter", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

std::string LogfmtValue(absl::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || c == '"' || c == '=' || c == '\\') return JsonString(text);
  }
  return text.empty() ? "\"\"" : std::string(text);
}

}  // namespace

void InitLog(LogLevel level, LogFormat format) {
  g_format = format;
  Logger().set_level(SpdlogLevel(level));
}

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
  spdlog::logger& logger = Logger();
  if (!logger.should_log(SpdlogLevel(level))) return;
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = FormatLogLine(g_format, now, level, message, fields);
  logger.log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace base
