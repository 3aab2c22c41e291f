#include "tests/simulator/row_text.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/hash.h"
#include "tests/simulator/json_text.h"

namespace simulator {
namespace {

void Field(absl::string_view prefix, double value, std::string& out) {
  out.append(prefix.data(), prefix.size());
  AppendRounded(value, out);
}

std::string VolumeName(uint64_t seed, uint32_t id) {
  const uint64_t a = Hash(seed, Salt::kStorage, id, 7);
  const uint64_t b = Mix(a);
  return absl::StrCat("pvc-", absl::Hex(a >> 32, absl::kZeroPad8), "-", absl::Hex((a >> 16) & 0xffff, absl::kZeroPad4),
                      "-", absl::Hex(a & 0xffff, absl::kZeroPad4), "-", absl::Hex(b >> 48, absl::kZeroPad4), "-",
                      absl::Hex(b & 0xffffffffffff, absl::kZeroPad12));
}

void AppendVolumes(const Row& row, uint64_t seed, std::string& out) {
  if (row.volumes.empty()) {
    out.append("null");
    return;
  }
  // The members of a merged row bring one volume in several pieces.
  std::vector<VolumeShare> shares = row.volumes;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const VolumeShare& a, const VolumeShare& b) { return a.id < b.id; });
  char separator = '{';
  for (size_t i = 0; i < shares.size(); ++i) {
    VolumeShare sum = shares[i];
    for (; i + 1 < shares.size() && shares[i + 1].id == sum.id; ++i) sum.Add(shares[i + 1]);
    const std::string name = VolumeName(seed, sum.id);
    out.push_back(separator);
    separator = ',';
    absl::StrAppend(&out, "\"cluster=", sum.cluster, ":name=", name, "\":{\"byteHours\":");
    AppendShortest(sum.byte_hours, out);
    out.append(",\"cost\":");
    AppendShortest(sum.cost, out);
    absl::StrAppend(&out, ",\"providerID\":\"", name, "\",\"adjustment\":");
    AppendShortest(sum.adjustment, out);
    out.push_back('}');
  }
  out.push_back('}');
}

void AppendBalancers(const Row& row, std::string& out) {
  if (row.balancers.empty()) {
    out.append("null");
    return;
  }
  char separator = '{';
  for (size_t i = 0; i < row.balancers.size(); ++i) {
    BalancerShare sum = row.balancers[i];
    // The lives of one service's first pod come after each other.
    for (; i + 1 < row.balancers.size() && row.balancers[i + 1].cluster == sum.cluster &&
           row.balancers[i + 1].namespace_name == sum.namespace_name && row.balancers[i + 1].service == sum.service;
         ++i) {
      sum.hours += row.balancers[i + 1].hours;
      sum.cost += row.balancers[i + 1].cost;
      sum.adjustment += row.balancers[i + 1].adjustment;
    }
    out.push_back(separator);
    separator = ',';
    const std::string service = absl::StrCat(sum.namespace_name, "/", sum.service);
    absl::StrAppend(&out, "\"", sum.cluster, "/", service, "\":{\"service\":\"", service, "\",\"cost\":");
    AppendShortest(sum.cost, out);
    out.append(",\"private\":false,\"ip\":\"\",\"hours\":");
    AppendShortest(sum.hours, out);
    out.append(",\"adjustment\":");
    AppendShortest(sum.adjustment, out);
    out.push_back('}');
  }
  out.push_back('}');
}

}  // namespace

RowWriter::RowWriter(const World& world, const AllocationQuery& query, Span set, const RowTweaks& tweaks)
    : world_(world),
      query_(query),
      tweaks_(tweaks),
      tweaked_(ChangesRows(tweaks)),
      newest_(world.options().envelope == Envelope::kNew) {
  AppendWindow(set);
}

void RowWriter::AppendWindow(Span set) {
  const int64_t offset = world_.offset_seconds();
  switch (tweaks_.window) {
    case WindowText::kAbsent:
      return;
    case WindowText::kOpen:
      window_ = ",\"window\":{\"start\":\"null\",\"end\":\"null\"}";
      return;
    case WindowText::kDayBack:
      shift_ = -kDay;
      break;
    case WindowText::kWider: {
      const int64_t wider = offset != 0 ? std::abs(offset) : 2 * kHour;
      set = {set.start - wider, set.end + wider};
      break;
    }
    case WindowText::kTrue:
      break;
  }
  window_ = ",\"window\":{\"start\":\"";
  AppendTime(set.start + shift_, offset, window_);
  window_ += "\",\"end\":\"";
  AppendTime(set.end + shift_, offset, window_);
  window_ += "\"}";
}

void RowWriter::Append(const Row& row, int64_t index, std::string& out) const {
  if (!tweaked_) {
    AppendPlain(row, index, out);
    return;
  }
  Row changed = row;
  std::string name;
  TweakRow(tweaks_, index, changed, name);
  AppendPlain(changed, index, out);
}

void RowWriter::AppendPlain(const Row& row, int64_t index, std::string& out) const {
  const Derived d = Derive(row);
  AppendJsonString(row.key, out);
  out.append(":{\"name\":");
  AppendJsonString(row.key, out);
  if (tweaks_.extra_fields) {
    out.append(
        ",\"unknown\":{\"totalCost\":999,\"properties\":{\"cluster\":\"wrong\"}"
        ",\"list\":[1,-2.5e3,{\"cpuCost\":[null,true,\"x\"]}]},\"flag\":false,"
        "\"nothing\":null,\"text\":\"\\u0041\\n\",\"number\":1.5E-7");
  }
  AppendProperties(world_, query_, tweaks_, row, index, out);
  AppendTimes(row, d, out);
  AppendCpu(row, d, index, out);
  AppendGpu(row, d, out);
  AppendNetwork(row, d, out);
  AppendStorage(row, d, out);
  AppendRam(row, d, out);
  AppendTotals(row, d, out);
}

void RowWriter::AppendTimes(const Row& row, const Derived& d, std::string& out) const {
  out.append(window_);
  out.append(",\"start\":\"");
  AppendTime(row.span.start + shift_, 0, out);
  out.append("\",\"end\":\"");
  AppendTime(row.span.end + shift_, 0, out);
  Field("\",\"minutes\":", d.minutes, out);
}

void RowWriter::AppendCost(double value, std::string& out) const {
  if (tweaks_.string_numbers) out.push_back('"');
  AppendRounded(value, out);
  if (tweaks_.string_numbers) out.push_back('"');
}

void RowWriter::AppendCpu(const Row& row, const Derived& d, int64_t index, std::string& out) const {
  Field(",\"cpuCores\":", d.cpu_cores, out);
  Field(",\"cpuCoreRequestAverage\":", d.cpu_request, out);
  if (newest_) Field(",\"cpuCoreLimitAverage\":", d.cpu_limit, out);
  Field(",\"cpuCoreUsageAverage\":", d.cpu_usage, out);
  Field(",\"cpuCoreHours\":", row.figures[kCpuCoreHours], out);
  out.append(",\"cpuCost\":");
  if (tweaks_.overflow_number) {
    out.append("1e999");
  } else if (tweaks_.null_costs && index % 7 == 0) {
    out.append("null");
  } else {
    AppendCost(d.cpu_cost, out);
  }
  Field(",\"cpuCostAdjustment\":", row.figures[kCpuAdjustment], out);
  out.append(",\"cpuCostIdle\":0");
  Field(",\"cpuEfficiency\":", d.cpu_efficiency, out);
}

void RowWriter::AppendGpu(const Row& row, const Derived& d, std::string& out) const {
  Field(",\"gpuCount\":", d.gpu_count, out);
  Field(",\"gpuHours\":", row.figures[kGpuHours], out);
  Field(",\"gpuCost\":", row.figures[kGpuCost], out);
  Field(",\"gpuCostAdjustment\":", row.figures[kGpuAdjustment], out);
  out.append(",\"gpuCostIdle\":0");
  Field(",\"gpuEfficiency\":", d.gpu_efficiency, out);
}

void RowWriter::AppendNetwork(const Row& row, const Derived& d, std::string& out) const {
  const Figures& f = row.figures;
  Field(",\"networkTransferBytes\":", f[kNetworkTransfer], out);
  Field(",\"networkReceiveBytes\":", f[kNetworkReceive], out);
  Field(",\"networkCost\":", d.network_cost, out);
  Field(",\"networkCrossZoneCost\":", f[kNetworkCrossZone], out);
  Field(",\"networkCrossRegionCost\":", f[kNetworkCrossRegion], out);
  Field(",\"networkInternetCost\":", f[kNetworkInternet], out);
  if (newest_) {
    Field(",\"networkNatGatewayEgressCost\":", f[kNetworkNatEgress], out);
    Field(",\"networkNatGatewayIngressCost\":", f[kNetworkNatIngress], out);
  }
  Field(",\"networkCostAdjustment\":", f[kNetworkAdjustment], out);
}

void RowWriter::AppendStorage(const Row& row, const Derived& d, std::string& out) const {
  const Figures& f = row.figures;
  Field(",\"loadBalancerCost\":", f[kLoadBalancerCost], out);
  Field(",\"loadBalancerCostAdjustment\":", f[kLoadBalancerAdjustment], out);
  Field(",\"pvBytes\":", d.pv_bytes, out);
  Field(",\"pvByteHours\":", f[kPvByteHours], out);
  Field(",\"pvCost\":", f[kPvCost], out);
  out.append(",\"pvs\":");
  AppendVolumes(row, world_.options().seed, out);
  Field(",\"pvCostAdjustment\":", d.pv_adjustment, out);
}

void RowWriter::AppendRam(const Row& row, const Derived& d, std::string& out) const {
  Field(",\"ramBytes\":", d.ram_bytes, out);
  Field(",\"ramByteRequestAverage\":", d.ram_request, out);
  if (newest_) Field(",\"ramByteLimitAverage\":", d.ram_limit, out);
  Field(",\"ramByteUsageAverage\":", d.ram_usage, out);
  Field(",\"ramByteHours\":", row.figures[kRamByteHours], out);
  out.append(",\"ramCost\":");
  AppendCost(d.ram_cost, out);
  Field(",\"ramCostAdjustment\":", row.figures[kRamAdjustment], out);
  out.append(",\"ramCostIdle\":0");
  Field(",\"ramEfficiency\":", d.ram_efficiency, out);
}

void RowWriter::AppendTotals(const Row& row, const Derived& d, std::string& out) const {
  Field(",\"externalCost\":", row.figures[kExternalCost], out);
  Field(",\"sharedCost\":", row.figures[kSharedCost], out);
  out.append(",\"totalCost\":");
  AppendCost(d.total_cost, out);
  Field(",\"totalEfficiency\":", d.total_efficiency, out);
  if (row.members == 1 && row.runs) {
    out.append(",\"rawAllocationOnly\":{\"cpuCoreUsageMax\":");
    AppendShortest(d.cpu_usage * 1.7, out);
    out.append(",\"ramByteUsageMax\":");
    AppendShortest(d.ram_usage * 1.125, out);
    out.append(",\"gpuUsageMax\":null}");
  }
  if (row.idle) out.append(",\"proportionalAssetResourceCosts\":{}");
  out.append(",\"lbAllocations\":");
  AppendBalancers(row, out);
  if (row.idle) out.append(",\"sharedCostBreakdown\":{}");
  AppendGpuAllocation(row, d, out);
  out.push_back('}');
}

void RowWriter::AppendGpuAllocation(const Row& row, const Derived& d, std::string& out) const {
  out.append(",\"gpuAllocation\":");
  if (!row.runs) {
    out.append("null");
    return;
  }
  out.push_back('{');
  if (tweaks_.extra_fields) out.append("\"cpuCost\":777,\"totalCost\":777,");
  if (row.figures[kGpuHours] > 0) {
    out.append("\"gpuDevice\":\"nvidia0\",\"gpuModel\":\"Tesla T4\",\"isGPUShared\":false,\"gpuUsageAverage\":");
    AppendShortest(d.gpu_usage, out);
    out.append(",\"gpuRequestAverage\":");
    AppendShortest(d.gpu_request, out);
  } else {
    out.append("\"isGPUShared\":null,\"gpuUsageAverage\":null,\"gpuRequestAverage\":0");
  }
  out.push_back('}');
}

}  // namespace simulator
