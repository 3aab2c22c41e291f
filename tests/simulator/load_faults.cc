// Faults of a server that small requests do not overload.

#include <cstddef>
#include <cstdint>

#include "tests/simulator/fault_answers.h"
#include "tests/simulator/life.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

// "ROWS[,STATUS]", or "ROWS,reset".
bool TooBig(const Exchange& exchange) {
  const std::vector<absl::string_view> parts = exchange.Parts();
  size_t most = 100;
  if (!absl::SimpleAtoi(parts[0], &most)) most = 100;
  if (exchange.healthy.count_rows() <= most) return SendTweaked(exchange, Tweaks());
  if (parts.size() > 1 && parts[1] == "reset") {
    exchange.connection.ResetAtEnd();
    return false;
  }
  int status = 504;
  if (parts.size() > 1 && !absl::SimpleAtoi(parts[1], &status)) status = 504;
  return SendStatus(exchange, status);
}

// Prometheus refuses to load the samples of more than two days.
bool NoLongWindows(const Exchange& exchange) {
  if (exchange.healthy.window_seconds <= 2 * kDay) return SendTweaked(exchange, Tweaks());
  return SendStatus(exchange, 500);
}

// Kubecost keeps hours only where it is configured to. A request without a window is answered.
bool NoHourly(const Exchange& exchange) {
  const int64_t window = exchange.healthy.window_seconds;
  if (window == 0 || window >= kDay) return SendTweaked(exchange, Tweaks());
  return SendWhole(exchange.connection, 200, kJson, "{\"code\":200,\"data\":[{}]}\n");
}

}  // namespace

const std::vector<AnswerFault>& LoadFaults() {
  static const std::vector<AnswerFault> table = {
      {"too_big", TooBig},
      {"no_long_windows", NoLongWindows},
      {"no_hourly", NoHourly},
  };
  return table;
}

}  // namespace simulator
