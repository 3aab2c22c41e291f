// Answers that do not depend on the request.

#include "absl/strings/str_cat.h"
#include "tests/simulator/fault_answers.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

bool SendJson(const Exchange& x, absl::string_view body) { return SendWhole(x.connection, 200, kJson, body); }

constexpr absl::string_view kLoginPage =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
    "<body><form action=\"/login\">secret-token</form></body></html>\n";

bool Html(const Exchange& x) { return SendWhole(x.connection, 200, kHtml, kLoginPage); }

bool Redirect(const Exchange& x) {
  return SendWhole(x.connection, 302, kHtml, "", "Location: /login?next=secret-token\r\n");
}

constexpr absl::string_view kBadWindow = "Invalid 'window' parameter: illegal window: simulated\n";

bool BadWindowText(const Exchange& x) { return SendWhole(x.connection, 400, kText, kBadWindow); }

bool BadWindowTextThenJson(const Exchange& x) {
  return SendWhole(x.connection, 400, kText,
                   absl::StrCat(kBadWindow,
                                "{\"code\":500,\"data\":null,\"message\":\"illegal window: "
                                "simulated\"}\n"));
}

bool EmptyBody(const Exchange& x) { return SendJson(x, ""); }

bool ErrorIn200(const Exchange& x) { return SendJson(x, "{\"code\":500,\"message\":\"Internal Server Error\"}\n"); }

bool NotJson(const Exchange& x) { return SendJson(x, "upstream connect error, not JSON\n"); }

bool DataNull(const Exchange& x) { return SendJson(x, "{\"code\":200,\"data\":null}\n"); }

bool DataEmptyArray(const Exchange& x) { return SendJson(x, "{\"code\":200,\"data\":[]}\n"); }

bool DataArrayNull(const Exchange& x) { return SendJson(x, "{\"code\":200,\"data\":[null]}\n"); }

bool DataArrayEmptySet(const Exchange& x) { return SendJson(x, "{\"code\":200,\"data\":[{}]}\n"); }

bool DataMissing(const Exchange& x) { return SendJson(x, "{\"code\":200}\n"); }

bool DataObject(const Exchange& x) {
  return SendJson(x,
                  "{\"code\":200,\"data\":{\"step\":86400000000000,\"sets\":[{"
                  "\"allocations\":{\"kube-system\":{\"name\":\"kube-system\",\"start\":"
                  "\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-02T00:00:00Z\","
                  "\"cpuCoreRequestAverage\":0.1,\"cpuCoreUsageAverage\":0.1,\"cpuCost\":"
                  "1.5,\"gpuCost\":0,\"networkCost\":0,\"loadBalancerCost\":0,\"pvCost\":0,"
                  "\"ramBytesRequestAverage\":1,\"ramByteUsageAverage\":1,\"ramCost\":0.5,"
                  "\"sharedCost\":0,\"externalCost\":0,\"totalEfficiency\":1,"
                  "\"totalCost\":2}},\"window\":{\"start\":\"2026-01-01T00:00:00Z\","
                  "\"end\":\"2026-01-02T00:00:00Z\"}}],\"window\":{\"start\":"
                  "\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-02T00:00:00Z\"}}}\n");
}

}  // namespace

bool SendStatus(const Exchange& x, int status) {
  if (status >= 502 && status <= 504) {
    return SendWhole(x.connection, status, kHtml,
                     absl::StrCat("<html><head><title>", status, "</title></head><body><center><h1>", status,
                                  "</h1></center><hr>nginx</body></html>\n"));
  }
  if (status == 404) {
    return SendWhole(x.connection, status, kText, "404 page not found\n");
  }
  const absl::string_view more = status == 429 ? "Retry-After: 1\r\n" : "";
  return SendWhole(x.connection, status, kJson,
                   absl::StrCat("{\"code\":", status,
                                ",\"data\":null,\"message\":\"simulated "
                                "failure\"}\n"),
                   more);
}

const std::vector<AnswerFault>& CannedFaults() {
  static const std::vector<AnswerFault> table = {
      {"html", Html},
      {"redirect", Redirect},
      {"bad_window_text", BadWindowText},
      {"bad_window_text_then_json", BadWindowTextThenJson},
      {"empty_body", EmptyBody},
      {"error_in_200", ErrorIn200},
      {"not_json", NotJson},
      {"data_null", DataNull},
      {"data_empty_array", DataEmptyArray},
      {"data_array_null", DataArrayNull},
      {"data_array_empty_set", DataArrayEmptySet},
      {"data_missing", DataMissing},
      {"data_object", DataObject},
  };
  return table;
}

}  // namespace simulator
