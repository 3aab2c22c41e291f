// A small Kubecost in memory, whose days can be changed, lost, delayed and refused.
#ifndef TESTS_FAKES_FAKE_KUBECOST_H_
#define TESTS_FAKES_FAKE_KUBECOST_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/day.h"
#include "kubecost/api_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace fakes {

// A time in the month that the fakes know.
inline absl::Time November(int day, double hour = 0) {
  return absl::FromCivil(absl::CivilDay(2026, 11, day), absl::UTCTimeZone()) + hour * absl::Hours(1);
}

inline std::string Text(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

inline FakeAnswer Json(absl::string_view data) {
  return {200, absl::StrCat(R"({"code":200,"data":)", data, "}"), "application/json", "", {}, {}};
}

// Every day has pod `p` in each namespace, a unit of cost each, and an idle row of a quarter.
class FakeKubecost {
 public:
  explicit FakeKubecost(fakes::FakeClock& fake_clock) : clock(fake_clock) {}

  FakeAnswer Answer(const std::string& url) {
    requests.push_back(url);
    if (failing.has_value()) return *failing;
    if (without_body && without_body(url)) return {200, "", "application/json", "", {}, {}};
    if (absl::StrContains(url, "/clusterInfo")) return Json(R"({"id":"c1"})");
    const absl::Time start = *base::ParseRfc3339(Parameter(url, "window").substr(0, 20));
    const absl::Time end = *base::ParseRfc3339(Parameter(url, "window").substr(21));
    if (Parameter(url, "accumulate") == "false") {
      if (long_window.has_value()) return *long_window;
      std::vector<std::string> sets;
      for (absl::Time day = start; day < end; day += absl::Hours(24))
        sets.push_back(Set(url, day, day + absl::Hours(24)));
      return Json(absl::StrCat("[", absl::StrJoin(sets, ","), "]"));
    }
    if (absl::StrContains(url, "namespace,pod") && fails_at_pods > 0 && fails_at_pods-- > 0) {
      return {503, "", "text/html", "", {}, {}};
    }
    if (start < hangs_before) {
      clock.Advance(absl::Minutes(1));
      const absl::Status hang = kubecost::ApiError(kubecost::ErrorReason::kReadTimeout, "Timed out waiting");
      return {200, "", "application/json", "", hang, {}};
    }
    const std::string set = Set(url, start, end);
    if (too_big > 0 && absl::StrContains(url, "namespace,pod") && rows_ >= too_big)
      return {504, "<html>", "text/html", "", {}, {}};
    return Json(absl::StrCat("[", set, "]"));
  }

  static std::string Parameter(const std::string& url, absl::string_view name) {
    const size_t at = url.find(absl::StrCat(name, "="));
    if (at == std::string::npos) return "";
    const size_t from = at + name.size() + 1;
    return url.substr(from, url.find('&', from) - from);
  }

  fakes::FakeClock& clock;
  std::vector<std::string> namespaces = {"a"};
  std::map<absl::Time, double> factor;  // of a day's costs, 1 unless set; 0: nothing at all
  absl::Time first = November(1);
  double hours = 24;
  size_t too_big = 0;  // more pods than an answer may have
  bool loses_a_pod_in_parts = false;
  std::optional<FakeAnswer> failing;
  std::optional<FakeAnswer> long_window;
  std::function<bool(const std::string& url)> without_body;
  absl::Time hangs_before = absl::InfinitePast();  // days before it are not answered within a minute
  bool knows_filters = true;
  int fails_at_pods = 0;  // so many questions of the pod level get a 503
  std::vector<std::string> requests;

 private:
  std::string Set(const std::string& url, absl::Time start, absl::Time end) {
    rows_ = 0;
    const double costs = factor.contains(start) ? factor[start] : 1;
    if (start < first || costs == 0) return "{}";
    const std::string window =
        absl::StrCat(R"("window":{"start":")", Text(start), R"(","end":")", Text(end), R"("},"start":")", Text(start),
                     R"(","end":")", Text(start + hours * absl::Hours(1)), R"(")");
    const bool by_pod = absl::StrContains(url, "namespace,pod");
    const bool by_namespace = absl::StrContains(url, "cluster,namespace");
    const std::string filter = knows_filters ? Parameter(url, "filter") : "";
    std::vector<std::string> rows;
    double sum = 0;
    for (const std::string& name : namespaces) {
      if (!filter.empty() && !absl::StrContains(filter, absl::StrCat("%22", name, "%22"))) continue;
      if (!filter.empty() && loses_a_pod_in_parts && name == namespaces.back()) continue;
      sum += costs;
      if (!by_namespace) continue;
      rows.push_back(absl::StrCat("\"c1/", name, by_pod ? "/p" : "", R"(":{"properties":{"cluster":"c1","namespace":")",
                                  name, by_pod ? R"(","pod":"p","node":"n1)" : "", "\"},", window, R"(,"totalCost":)",
                                  costs, "}"));
    }
    if (!by_namespace) {
      rows.push_back(absl::StrCat(R"("c1":{"properties":{"cluster":"c1"},)", window, R"(,"totalCost":)", sum, "}"));
    }
    if (Parameter(url, "idle") == "true") {
      rows.push_back(absl::StrCat(R"("c1/__idle__":{"properties":{"cluster":"c1"},)", window, R"(,"totalCost":0.25})"));
    }
    rows_ = rows.size();
    return absl::StrCat("{", absl::StrJoin(rows, ","), "}");
  }

  size_t rows_ = 0;
};

}  // namespace fakes

#endif  // TESTS_FAKES_FAKE_KUBECOST_H_
