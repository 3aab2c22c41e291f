#include "metrics/snapshot.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "metrics/text_format.h"

namespace metrics {
namespace {

// Kubecost's rule for its own series: keys lower-cased; anything a label name cannot hold becomes '_'.
std::string LabelName(absl::string_view key) {
  std::string name = absl::AsciiStrToLower(key);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  const bool bad_start = name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0]));
  return bad_start ? absl::StrCat("_", name) : name;
}

}  // namespace

size_t Snapshot::bytes() const {
  size_t bytes = sizeof(*this);
  for (const std::shared_ptr<const DayFacts>& each : day) bytes += each->bytes();
  if (daily != nullptr) {
    bytes += daily->bytes();
    for (const ServedDay& each : daily->days()) {
      const bool is_other = each.facts != nullptr && std::find(day.begin(), day.end(), each.facts) == day.end();
      bytes += is_other ? each.facts->bytes() : 0;
    }
  }
  for (const auto& live : {hour, today}) bytes += live == nullptr ? 0 : live->bytes();
  if (cluster_info != nullptr) bytes += cluster_info->capacity();
  return bytes;
}

std::string ClusterInfoLabels(const std::map<std::string, std::string>& info, const ClusterInfoSettings& settings) {
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : info) {
    const std::string name = LabelName(key);
    if (!absl::StartsWith(name, "__")) labels[name] = value;
  }
  for (const auto& [name, value] : settings.labels) {
    if (labels[name].empty()) labels[name] = value;
  }
  if (labels["id"].empty()) labels["id"] = settings.cluster_name;
  if (labels["id"].empty()) return "";
  if (labels["name"].empty()) labels["name"] = labels["id"];
  labels["cluster"] = settings.cluster_name.empty() ? labels["id"] : settings.cluster_name;

  std::string block;
  for (const auto& [name, value] : labels) AppendLabel(name, value, block);
  return absl::StrCat(block, "} ");
}

}  // namespace metrics
