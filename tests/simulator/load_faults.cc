// Faults of a server that small requests do not overload.

#include <cstddef>
#include <cstdint>

#include "tests/simulator/fault_answers.h"
#include "tests/simulator/life.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

// "ROWS[,STATUS]", or "ROWS,reset".
bool TooBig(const Exchange& x) {
  const std::vector<absl::string_view> parts = x.Parts();
  std::size_t most = 100;
  if (!absl::SimpleAtoi(parts[0], &most)) most = 100;
  if (x.healthy.count_rows() <= most) return SendTweaked(x, Tweaks());
  if (parts.size() > 1 && parts[1] == "reset") {
    x.connection.ResetAtEnd();
    return false;
  }
  int status = 504;
  if (parts.size() > 1 && !absl::SimpleAtoi(parts[1], &status)) status = 504;
  return SendStatus(x, status);
}

// Prometheus refuses to load the samples of more than two days.
bool NoLongWindows(const Exchange& x) {
  if (x.healthy.window_seconds <= 2 * kDay) return SendTweaked(x, Tweaks());
  return SendStatus(x, 500);
}

// Kubecost keeps hours only when told to; what has no window is answered.
bool NoHourly(const Exchange& x) {
  const std::int64_t window = x.healthy.window_seconds;
  if (window == 0 || window >= kDay) return SendTweaked(x, Tweaks());
  return SendWhole(x.connection, 200, kJson, "{\"code\":200,\"data\":[{}]}\n");
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
