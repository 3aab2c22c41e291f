#include "tests/simulator/faults.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/fault_answers.h"
#include "tests/simulator/response.h"

namespace simulator {
namespace {

struct ContentFault {
  absl::string_view name;
  void (*tweak)(const Exchange&, Tweaks&);
};

// The factor that changes all costs. Without an argument every answer is more expensive than the one before;
// "K[,PERCENT]" changes them once, after K true answers.
double RecomputedFactor(const Exchange& exchange) {
  const std::vector<absl::string_view> parts = exchange.Parts();
  int true_answers = 0;
  if (!absl::SimpleAtoi(parts[0], &true_answers)) return std::pow(1.01, exchange.served);
  double percent = 1;
  if (parts.size() > 1 && !absl::SimpleAtod(parts[1], &percent)) percent = 1;
  return exchange.served < true_answers ? 1 : 1 + percent / 100;
}

constexpr std::array<ContentFault, 30> kContentFaults = {{
    {"data_leading_empty_sets", [](const Exchange&, Tweaks& t) { t.envelope.leading_empty_sets = 5; }},
    {"null_row", [](const Exchange&, Tweaks& t) { t.rows.null_row = true; }},
    {"no_code", [](const Exchange&, Tweaks& t) { t.envelope.without_code = true; }},
    {"two_documents", [](const Exchange&, Tweaks& t) { t.envelope.twice = true; }},
    {"code_last", [](const Exchange&, Tweaks& t) { t.envelope.reversed = true; }},
    {"deep_nesting", [](const Exchange& exchange, Tweaks& t) { t.envelope.nesting = exchange.Count(2'000'000, 1); }},
    {"huge_body", [](const Exchange& exchange, Tweaks& t) { t.envelope.padding = exchange.Count(64, kMebibyte); }},
    {"extra_fields",
     [](const Exchange&, Tweaks& t) {
       t.envelope.extra_fields = true;
       t.rows.extra_fields = true;
     }},
    {"wrong_window", [](const Exchange&, Tweaks& t) { t.rows.window = WindowText::kDayBack; }},
    {"wider_window", [](const Exchange&, Tweaks& t) { t.rows.window = WindowText::kWider; }},
    {"open_window", [](const Exchange&, Tweaks& t) { t.rows.window = WindowText::kOpen; }},
    {"no_window", [](const Exchange&, Tweaks& t) { t.rows.window = WindowText::kAbsent; }},
    {"partial_day", [](const Exchange&, Tweaks& t) { t.data.first_half = true; }},
    {"fewer_pods", [](const Exchange&, Tweaks& t) { t.data.lacks_pods = true; }},
    {"duplicate_rows", [](const Exchange&, Tweaks& t) { t.rows.duplicate_rows = true; }},
    {"huge_labels", [](const Exchange& exchange, Tweaks& t) { t.rows.label_bytes = exchange.Count(8, kMebibyte); }},
    {"huge_name", [](const Exchange& exchange, Tweaks& t) { t.rows.name_bytes = exchange.Count(2, 1024); }},
    {"invalid_utf8", [](const Exchange&, Tweaks& t) { t.rows.pod_names = PodNames::kInvalidUtf8; }},
    {"lone_surrogate", [](const Exchange&, Tweaks& t) { t.rows.pod_names = PodNames::kLoneSurrogate; }},
    {"hostile_names", [](const Exchange&, Tweaks& t) { t.rows.pod_names = PodNames::kHostile; }},
    {"null_costs", [](const Exchange&, Tweaks& t) { t.rows.null_costs = true; }},
    {"null_efficiency", [](const Exchange&, Tweaks& t) { t.rows.null_efficiency = true; }},
    {"string_numbers", [](const Exchange&, Tweaks& t) { t.rows.string_numbers = true; }},
    {"overflow_number", [](const Exchange&, Tweaks& t) { t.rows.overflow_number = true; }},
    {"negative_minutes", [](const Exchange&, Tweaks& t) { t.rows.negative_minutes = true; }},
    {"negative_costs", [](const Exchange&, Tweaks& t) { t.rows.negative_costs = true; }},
    {"recompute", [](const Exchange& exchange, Tweaks& t) { t.rows.cost_factor = RecomputedFactor(exchange); }},
    {"extra_cluster", [](const Exchange&, Tweaks& t) { t.rows.extra_cluster = true; }},
    {"no_cluster", [](const Exchange&, Tweaks& t) { t.rows.no_cluster = true; }},
    {"leaked_properties", [](const Exchange&, Tweaks& t) { t.rows.leaked_properties = true; }},
}};

// The STATUS of "http_STATUS", else 0.
int StatusOf(absl::string_view name) {
  int status = 0;
  return absl::StartsWith(name, "http_") && absl::SimpleAtoi(name.substr(5), &status) && status >= 200 && status <= 999
             ? status
             : 0;
}

// The fault of this name; null where the table has none.
template <typename Table>
const typename Table::value_type* FindIn(const Table& table, absl::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& fault) { return fault.name == name; });
  return found == table.end() ? nullptr : &*found;
}

const AnswerFault* FindAnswer(absl::string_view name) {
  for (const auto* table : {&ConnectionFaults(), &CannedFaults(), &LoadFaults()}) {
    if (const AnswerFault* found = FindIn(*table, name)) return found;
  }
  return nullptr;
}

}  // namespace

Fault ParseFault(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  Fault fault;
  fault.name = std::string(parts.first);
  fault.arg = std::string(parts.second);
  return fault;
}

bool IsKnownFault(absl::string_view name) {
  return name.empty() || name == "none" || StatusOf(name) > 0 || FindAnswer(name) != nullptr ||
         FindIn(kContentFaults, name) != nullptr;
}

std::vector<std::string> FaultNames() {
  std::vector<std::string> names;
  for (const auto* table : {&ConnectionFaults(), &CannedFaults(), &LoadFaults()}) {
    for (const AnswerFault& fault : *table) names.emplace_back(fault.name);
  }
  for (const ContentFault& fault : kContentFaults) names.emplace_back(fault.name);
  names.emplace_back("http_STATUS");
  return names;
}

bool ReadsRequests(absl::string_view name) {
  return name.empty() || FindIn(kContentFaults, name) != nullptr || FindIn(LoadFaults(), name) != nullptr;
}

bool SendTweaked(const Exchange& exchange, const Tweaks& tweaks) {
  StreamedResponse response(exchange.request, exchange.connection);
  return exchange.healthy.write(tweaks, response) && response.Finish();
}

bool AnswerWithFault(const Fault& fault, int served, const Request& request, const HealthyAnswer& healthy,
                     Connection& connection) {
  const Exchange exchange{fault, served, request, healthy, connection};
  if (const int status = StatusOf(fault.name); status > 0) return SendStatus(exchange, status);
  if (const AnswerFault* found = FindAnswer(fault.name)) return found->answer(exchange);
  Tweaks tweaks;
  if (const ContentFault* found = FindIn(kContentFaults, fault.name)) found->tweak(exchange, tweaks);
  return SendTweaked(exchange, tweaks);
}

}  // namespace simulator
