// Answers that do not depend on the request.

#include "absl/strings/str_cat.h"
#include "tests/simulator/fault_answers.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

bool SendJson(const Exchange& exchange, absl::string_view body) {
  return SendWhole(exchange.connection, 200, kJson, body);
}

constexpr absl::string_view kLoginPage =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
    "<body><form action=\"/login\">secret-token</form></body></html>\n";

bool Redirect(const Exchange& exchange) {
  return SendWhole(exchange.connection, 302, kHtml, "", "Location: /login?next=secret-token\r\n");
}

constexpr absl::string_view kBadWindow = "Invalid 'window' parameter: illegal window: simulated\n";

bool BadWindowTextThenJson(const Exchange& exchange) {
  return SendWhole(
      exchange.connection, 400, kText,
      absl::StrCat(kBadWindow, "{\"code\":500,\"data\":null,\"message\":\"illegal window: simulated\"}\n"));
}

constexpr absl::string_view kDataObject =
    "{\"code\":200,\"data\":{\"step\":86400000000000,\"sets\":[{\"allocations\":{\"kube-system\":{"
    "\"name\":\"kube-system\",\"start\":\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-02T00:00:00Z\","
    "\"cpuCoreRequestAverage\":0.1,\"cpuCoreUsageAverage\":0.1,\"cpuCost\":1.5,\"gpuCost\":0,\"networkCost\":0,"
    "\"loadBalancerCost\":0,\"pvCost\":0,\"ramBytesRequestAverage\":1,\"ramByteUsageAverage\":1,\"ramCost\":0.5,"
    "\"sharedCost\":0,\"externalCost\":0,\"totalEfficiency\":1,\"totalCost\":2}},"
    "\"window\":{\"start\":\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-02T00:00:00Z\"}}],"
    "\"window\":{\"start\":\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-02T00:00:00Z\"}}}\n";

}  // namespace

bool SendStatus(const Exchange& exchange, int status) {
  if (status >= 502 && status <= 504) {
    return SendWhole(exchange.connection, status, kHtml,
                     absl::StrCat("<html><head><title>", status, "</title></head><body><center><h1>", status,
                                  "</h1></center><hr>nginx</body></html>\n"));
  }
  if (status == 404) return SendNotFound(exchange.connection);
  const absl::string_view more = status == 429 ? "Retry-After: 1\r\n" : "";
  return SendWhole(exchange.connection, status, kJson,
                   absl::StrCat("{\"code\":", status, ",\"data\":null,\"message\":\"simulated failure\"}\n"), more);
}

const std::vector<AnswerFault>& CannedFaults() {
  static const std::vector<AnswerFault> table = {
      {"html", [](const Exchange& exchange) { return SendWhole(exchange.connection, 200, kHtml, kLoginPage); }},
      {"redirect", Redirect},
      {"bad_window_text",
       [](const Exchange& exchange) { return SendWhole(exchange.connection, 400, kText, kBadWindow); }},
      {"bad_window_text_then_json", BadWindowTextThenJson},
      {"empty_body", [](const Exchange& exchange) { return SendJson(exchange, ""); }},
      {"error_in_200",
       [](const Exchange& exchange) {
         return SendJson(exchange, "{\"code\":500,\"message\":\"Internal Server Error\"}\n");
       }},
      {"not_json", [](const Exchange& exchange) { return SendJson(exchange, "upstream connect error, not JSON\n"); }},
      {"data_null", [](const Exchange& exchange) { return SendJson(exchange, "{\"code\":200,\"data\":null}\n"); }},
      {"data_empty_array", [](const Exchange& exchange) { return SendJson(exchange, "{\"code\":200,\"data\":[]}\n"); }},
      {"data_array_null",
       [](const Exchange& exchange) { return SendJson(exchange, "{\"code\":200,\"data\":[null]}\n"); }},
      {"data_array_empty_set",
       [](const Exchange& exchange) { return SendJson(exchange, "{\"code\":200,\"data\":[{}]}\n"); }},
      {"data_missing", [](const Exchange& exchange) { return SendJson(exchange, "{\"code\":200}\n"); }},
      {"data_object", [](const Exchange& exchange) { return SendJson(exchange, kDataObject); }},
  };
  return table;
}

}  // namespace simulator
