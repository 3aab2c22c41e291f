#include "tests/simulator/tweaks.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/row_text.h"

namespace simulator {
namespace {

constexpr absl::string_view kInvalidName = "pod-\xff\xfe-bytes";
// Written as an escape without its partner; see AppendJsonString.
constexpr absl::string_view kSurrogateName = "pod-\xED\xA0\x80-surrogate";

constexpr std::array<absl::string_view, 6> kHostileNames = {
    "say \"hi\"", "back\\slash", "line\nbreak", "tab\tand\rcr", "<script>alert(1)</script>", "{a=\"b\"} # HELP x"};

std::string NewPodName(const RowTweaks& tweaks, int64_t index) {
  const auto i = static_cast<size_t>(index);
  if (tweaks.name_bytes > 0 && index == 0) return std::string(tweaks.name_bytes, 'n');
  if (tweaks.pod_names == PodNames::kInvalidUtf8 && i == 0) return std::string(kInvalidName);
  if (tweaks.pod_names == PodNames::kLoneSurrogate && i == 0) return std::string(kSurrogateName);
  if (tweaks.pod_names == PodNames::kHostile && i < kHostileNames.size()) return std::string(kHostileNames[i]);
  return "";
}

void ScaleCosts(double factor, Row& row) {
  for (const Figure figure : kTotalCostFigures) row.figures[figure] *= factor;
  for (const Figure figure :
       {kNetworkCrossZone, kNetworkCrossRegion, kNetworkInternet, kNetworkNatEgress, kNetworkNatIngress}) {
    row.figures[figure] *= factor;
  }
  for (VolumeShare& volume : row.volumes) {
    volume.cost *= factor;
    volume.adjustment *= factor;
  }
  for (BalancerShare& balancer : row.balancers) {
    balancer.cost *= factor;
    balancer.adjustment *= factor;
  }
}

}  // namespace

bool ChangesRows(const RowTweaks& tweaks) {
  return tweaks.pod_names != PodNames::kPlain || tweaks.name_bytes > 0 || tweaks.negative_minutes ||
         tweaks.negative_costs || tweaks.cost_factor != 1 || tweaks.no_cluster || tweaks.null_efficiency;
}

void TweakRow(const RowTweaks& tweaks, int64_t index, Row& row, std::string& name) {
  name = NewPodName(tweaks, index);
  if (!name.empty() && !row.id.pod.empty()) {
    row.key = absl::StrCat(row.id.cluster, "/", row.id.namespace_name, "/", name);
    row.id.pod = name;
  }
  if (tweaks.negative_minutes) std::swap(row.span.start, row.span.end);
  ScaleCosts(tweaks.negative_costs ? -tweaks.cost_factor : tweaks.cost_factor, row);
  if (tweaks.no_cluster) row.id.cluster = {};
  if (tweaks.null_efficiency) row.oddities |= kCpuEfficiencyNaN | kRamEfficiencyNaN | kTotalEfficiencyNaN;
}

}  // namespace simulator
