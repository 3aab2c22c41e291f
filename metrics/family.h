// Every metric family this exporter serves: the single source of names, read by the renderer, the self-metrics, the
// documentation's tests and the dashboards.
#ifndef METRICS_FAMILY_H_
#define METRICS_FAMILY_H_

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "kubecost/allocation.h"

namespace metrics {

using kubecost::Level;
using kubecost::Resource;

enum class Type { kGauge, kCounter, kHistogram };

// Which part of the snapshot a family is read from.
enum class Source {
  kDay,          // the tables of the newest complete day
  kDaily,        // the tables of every day served, told apart by label date
  kDayStatus,    // what is known of a cluster's day besides its costs
  kHour,         // the last complete hour
  kToday,        // today so far
  kCompat,       // the tables of the newest complete day, in the manner of the former exporter
  kClusterInfo,  // Kubecost's own description of the cluster
  kExporter,     // not in the snapshot: the exporter about itself
};

// A column of a level's table, or another value of the family's source. The columns of the resources come first.
enum class Column {
  kTotal = kubecost::kResourceCount,
  kCpuEfficiency,
  kMemoryEfficiency,
  kTotalEfficiency,
  // For the cluster level: the special rows of the namespace level, by name.
  kIdle,
  kUnallocated,
  kUnmounted,
  kValueCount,
  // No value of its own: 1 for every row, with the attributes as labels.
  kInfo = kValueCount,
  // Those of all resources, told apart by label resource.
  kResources,
  // For kDayStatus, which has one value of each for a cluster and day, and a difference for each level below.
  kComplete,
  kSettled,
  kCoverage,
  kPods,
  kLastRead,
  kDifference,
  kDoubted,
  kRevised,
};
inline constexpr size_t kColumnCount = static_cast<size_t>(Column::kValueCount);

constexpr Column ColumnOf(Resource resource) { return static_cast<Column>(resource); }

// A column and its name in CSV and JSON.
struct NamedColumn {
  absl::string_view name;
  Column column;
};
inline constexpr auto kEfficiencies = std::to_array<NamedColumn>({
    {"cpu_efficiency", Column::kCpuEfficiency},
    {"memory_efficiency", Column::kMemoryEfficiency},
    {"total_efficiency", Column::kTotalEfficiency},
});

// A row of the namespace level, by its namespace, that is a column of the cluster level.
struct SpecialCost {
  absl::string_view name;
  Column column;
  absl::string_view namespace_name;
};
inline constexpr auto kSpecialCosts = std::to_array<SpecialCost>({
    {"idle", Column::kIdle, kubecost::kIdle},
    {"unallocated", Column::kUnallocated, kubecost::kUnallocated},
    {"unmounted", Column::kUnmounted, kubecost::kUnmounted},
});

struct Family {
  absl::string_view name;
  absl::string_view help;
  Type type;
  // Comma-separated, in the order in which they are written.
  absl::string_view labels;
  Source source;
  // Where in that source; without meaning for kExporter.
  Level level;
  Column column;
};

// Costs sorted by name, then the exporter's own, sorted by name: the order of a scrape. Binding names and meanings.
inline constexpr auto kFamilies = std::to_array<Family>({
    // clang-format off
    {"cloudtuner_kubecost_cluster_cpu_cost", "kubecost_cluster_cpu_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, ColumnOf(Resource::kCpu)},
    {"cloudtuner_kubecost_cluster_cpu_efficiency", "kubecost_cluster_cpu_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, Column::kCpuEfficiency},
    {"cloudtuner_kubecost_cluster_lb_cost", "kubecost_cluster_load_balancer_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, ColumnOf(Resource::kLoadBalancer)},
    {"cloudtuner_kubecost_cluster_network_cost", "kubecost_cluster_network_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, ColumnOf(Resource::kNetwork)},
    {"cloudtuner_kubecost_cluster_pv_cost", "kubecost_cluster_pv_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, ColumnOf(Resource::kPv)},
    {"cloudtuner_kubecost_cluster_ram_cost", "kubecost_cluster_memory_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, ColumnOf(Resource::kMemory)},
    {"cloudtuner_kubecost_cluster_ram_efficiency", "kubecost_cluster_memory_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, Column::kMemoryEfficiency},
    {"cloudtuner_kubecost_cluster_total_cost", "kubecost_cluster_total_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, Column::kTotal},
    {"cloudtuner_kubecost_cluster_total_efficiency", "kubecost_cluster_total_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,currency", Source::kCompat, Level::kCluster, Column::kTotalEfficiency},
    {"cloudtuner_kubecost_namespace_cpu_cost", "kubecost_namespace_cpu_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, ColumnOf(Resource::kCpu)},
    {"cloudtuner_kubecost_namespace_cpu_efficiency", "kubecost_namespace_cpu_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, Column::kCpuEfficiency},
    {"cloudtuner_kubecost_namespace_lb_cost", "kubecost_namespace_load_balancer_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, ColumnOf(Resource::kLoadBalancer)},
    {"cloudtuner_kubecost_namespace_network_cost", "kubecost_namespace_network_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, ColumnOf(Resource::kNetwork)},
    {"cloudtuner_kubecost_namespace_pv_cost", "kubecost_namespace_pv_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, ColumnOf(Resource::kPv)},
    {"cloudtuner_kubecost_namespace_ram_cost", "kubecost_namespace_memory_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, ColumnOf(Resource::kMemory)},
    {"cloudtuner_kubecost_namespace_ram_efficiency", "kubecost_namespace_memory_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, Column::kMemoryEfficiency},
    {"cloudtuner_kubecost_namespace_total_cost", "kubecost_namespace_total_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, Column::kTotal},
    {"cloudtuner_kubecost_namespace_total_efficiency", "kubecost_namespace_total_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,currency", Source::kCompat, Level::kNamespace, Column::kTotalEfficiency},
    {"cloudtuner_kubecost_pod_cpu_cost", "kubecost_pod_cpu_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, ColumnOf(Resource::kCpu)},
    {"cloudtuner_kubecost_pod_cpu_efficiency", "kubecost_pod_cpu_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, Column::kCpuEfficiency},
    {"cloudtuner_kubecost_pod_lb_cost", "kubecost_pod_load_balancer_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, ColumnOf(Resource::kLoadBalancer)},
    {"cloudtuner_kubecost_pod_network_cost", "kubecost_pod_network_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, ColumnOf(Resource::kNetwork)},
    {"cloudtuner_kubecost_pod_pv_cost", "kubecost_pod_pv_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, ColumnOf(Resource::kPv)},
    {"cloudtuner_kubecost_pod_ram_cost", "kubecost_pod_memory_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, ColumnOf(Resource::kMemory)},
    {"cloudtuner_kubecost_pod_ram_efficiency", "kubecost_pod_memory_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, Column::kMemoryEfficiency},
    {"cloudtuner_kubecost_pod_total_cost", "kubecost_pod_total_cost / 24. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, Column::kTotal},
    {"cloudtuner_kubecost_pod_total_efficiency", "kubecost_pod_total_efficiency. With --compat.cloudtuner.", Type::kGauge, "cluster,namespace,pod,currency", Source::kCompat, Level::kPod, Column::kTotalEfficiency},
    {"kubecost_cluster_cpu_cost", "CPU cost of the cluster on the newest complete day, adjustment included, in the currency Kubecost is configured with.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kCpu)},
    {"kubecost_cluster_cpu_efficiency", "CPU used over CPU requested by the cluster on the newest complete day.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kCpuEfficiency},
    {"kubecost_cluster_daily_cost", "Total cost of the cluster on the calendar day in label date.", Type::kGauge, "cluster,date", Source::kDaily, Level::kCluster, Column::kTotal},
    {"kubecost_cluster_daily_resource_cost", "Cost of one resource in the cluster on the calendar day in label date; the sum over resource is the daily cost.", Type::kGauge, "cluster,resource,date", Source::kDaily, Level::kCluster, Column::kResources},
    {"kubecost_cluster_external_cost", "Cost outside the cluster that Kubecost attributes to the cluster on the newest complete day.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kExternal)},
    {"kubecost_cluster_gpu_cost", "GPU cost of the cluster on the newest complete day, adjustment included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kGpu)},
    {"kubecost_cluster_hourly_cost", "Cost of the cluster in the last complete hour, as much of it as Kubecost counts: see kubecost_exporter_hour_coverage_ratio. Not reconciled.", Type::kGauge, "cluster", Source::kHour, Level::kCluster, Column::kTotal},
    {"kubecost_cluster_idle_cost", "Cost of capacity that no workload asked for or used on the newest complete day.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kIdle},
    {"kubecost_cluster_info", "Cluster as Kubecost describes it.", Type::kGauge, "cluster,id,name,... as Kubecost gives them", Source::kClusterInfo, Level::kCluster, Column::kInfo},
    {"kubecost_cluster_load_balancer_cost", "Load balancer cost of the cluster on the newest complete day, adjustment included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kLoadBalancer)},
    {"kubecost_cluster_memory_cost", "Memory cost of the cluster on the newest complete day, adjustment included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kMemory)},
    {"kubecost_cluster_memory_efficiency", "Memory used over memory requested by the cluster on the newest complete day.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kMemoryEfficiency},
    {"kubecost_cluster_network_cost", "Network cost of the cluster on the newest complete day, adjustment included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kNetwork)},
    {"kubecost_cluster_pv_cost", "Persistent volume cost of the cluster on the newest complete day, adjustment included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kPv)},
    {"kubecost_cluster_shared_cost", "Share of costs that Kubecost distributes over workloads, borne by the cluster on the newest complete day.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, ColumnOf(Resource::kShared)},
    {"kubecost_cluster_today_cost", "Cost of the cluster since 00:00, partial until midnight.", Type::kGauge, "cluster", Source::kToday, Level::kCluster, Column::kTotal},
    {"kubecost_cluster_total_cost", "Total cost of the cluster on the newest complete day, all resources, adjustments included.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kTotal},
    {"kubecost_cluster_total_efficiency", "CPU and memory efficiency of the cluster on the newest complete day, weighted by cost.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kTotalEfficiency},
    {"kubecost_cluster_unallocated_cost", "Cost on the newest complete day that Kubecost could give to no namespace.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kUnallocated},
    {"kubecost_cluster_unmounted_cost", "Cost on the newest complete day of volumes and load balancers that nothing uses.", Type::kGauge, "cluster", Source::kDay, Level::kCluster, Column::kUnmounted},
    {"kubecost_day_complete", "1 when the day is closed, all levels were read as one generation and reconcile.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kComplete},
    {"kubecost_day_coverage_ratio", "Estimate of the part of the day in which pods ran.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kCoverage},
    {"kubecost_day_doubted", "1 while a newer reading of the day is not believed, by reason; absent otherwise.", Type::kGauge, "cluster,date,reason", Source::kDayStatus, Level::kCluster, Column::kDoubted},
    {"kubecost_day_last_read_timestamp_seconds", "When the day was last read from Kubecost.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kLastRead},
    {"kubecost_day_pods", "Pod rows of the day.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kPods},
    {"kubecost_day_revised", "1 for a day whose costs were changed by readings that had been doubted; absent otherwise.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kRevised},
    {"kubecost_day_settled", "1 when the day ended longer ago than reconciliation takes and was read since.", Type::kGauge, "cluster,date", Source::kDayStatus, Level::kCluster, Column::kSettled},
    {"kubecost_namespace_cpu_cost", "CPU cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kCpu)},
    {"kubecost_namespace_cpu_efficiency", "CPU used over CPU requested by the namespace on the newest complete day.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, Column::kCpuEfficiency},
    {"kubecost_namespace_daily_cost", "Total cost of the namespace on the calendar day in label date.", Type::kGauge, "cluster,namespace,date", Source::kDaily, Level::kNamespace, Column::kTotal},
    {"kubecost_namespace_daily_resource_cost", "Cost of one resource in the namespace on the calendar day in label date; the sum over resource is the daily cost.", Type::kGauge, "cluster,namespace,resource,date", Source::kDaily, Level::kNamespace, Column::kResources},
    {"kubecost_namespace_external_cost", "Cost outside the cluster that Kubecost attributes to the namespace on the newest complete day.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kExternal)},
    {"kubecost_namespace_gpu_cost", "GPU cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kGpu)},
    {"kubecost_namespace_hourly_cost", "Cost of the namespace in the last complete hour, as much of it as Kubecost counts: see kubecost_exporter_hour_coverage_ratio. Not reconciled.", Type::kGauge, "cluster,namespace", Source::kHour, Level::kNamespace, Column::kTotal},
    {"kubecost_namespace_load_balancer_cost", "Load balancer cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kLoadBalancer)},
    {"kubecost_namespace_memory_cost", "Memory cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kMemory)},
    {"kubecost_namespace_memory_efficiency", "Memory used over memory requested by the namespace on the newest complete day.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, Column::kMemoryEfficiency},
    {"kubecost_namespace_network_cost", "Network cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kNetwork)},
    {"kubecost_namespace_pv_cost", "Persistent volume cost of the namespace on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kPv)},
    {"kubecost_namespace_shared_cost", "Share of costs that Kubecost distributes over workloads, borne by the namespace on the newest complete day.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, ColumnOf(Resource::kShared)},
    {"kubecost_namespace_today_cost", "Cost of the namespace since 00:00, partial until midnight.", Type::kGauge, "cluster,namespace", Source::kToday, Level::kNamespace, Column::kTotal},
    {"kubecost_namespace_total_cost", "Total cost of the namespace on the newest complete day, all resources, adjustments included.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, Column::kTotal},
    {"kubecost_namespace_total_efficiency", "CPU and memory efficiency of the namespace on the newest complete day, weighted by cost.", Type::kGauge, "cluster,namespace", Source::kDay, Level::kNamespace, Column::kTotalEfficiency},
    {"kubecost_pod_cpu_cost", "CPU cost of the pod on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kCpu)},
    {"kubecost_pod_cpu_efficiency", "CPU used over CPU requested by the pod on the newest complete day.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, Column::kCpuEfficiency},
    {"kubecost_pod_daily_cost", "Total cost of the pod on the calendar day in label date.", Type::kGauge, "cluster,namespace,pod,date", Source::kDaily, Level::kPod, Column::kTotal},
    {"kubecost_pod_daily_info", "Where the pod ran and what controlled it on the calendar day in label date.", Type::kGauge, "cluster,namespace,pod,node,controller_kind,controller,date", Source::kDaily, Level::kPod, Column::kInfo},
    {"kubecost_pod_daily_resource_cost", "Cost of one resource of the pod on the calendar day in label date, where it is not 0. With --day.pod-resources.", Type::kGauge, "cluster,namespace,pod,resource,date", Source::kDaily, Level::kPod, Column::kResources},
    {"kubecost_pod_external_cost", "Cost outside the cluster that Kubecost attributes to the pod on the newest complete day. Left out where 0.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kExternal)},
    {"kubecost_pod_gpu_cost", "GPU cost of the pod on the newest complete day, adjustment included. Left out where 0.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kGpu)},
    {"kubecost_pod_hourly_cost", "Cost of the pod in the last complete hour, as much of it as Kubecost counts: see kubecost_exporter_hour_coverage_ratio. Not reconciled.", Type::kGauge, "cluster,namespace,pod", Source::kHour, Level::kPod, Column::kTotal},
    {"kubecost_pod_info", "Where the pod ran and what controls it, on the newest complete day.", Type::kGauge, "cluster,namespace,pod,node,controller_kind,controller", Source::kDay, Level::kPod, Column::kInfo},
    {"kubecost_pod_load_balancer_cost", "Load balancer cost of the pod on the newest complete day, adjustment included. Left out where 0.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kLoadBalancer)},
    {"kubecost_pod_memory_cost", "Memory cost of the pod on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kMemory)},
    {"kubecost_pod_memory_efficiency", "Memory used over memory requested by the pod on the newest complete day.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, Column::kMemoryEfficiency},
    {"kubecost_pod_network_cost", "Network cost of the pod on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kNetwork)},
    {"kubecost_pod_pv_cost", "Persistent volume cost of the pod on the newest complete day, adjustment included.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kPv)},
    {"kubecost_pod_shared_cost", "Share of costs that Kubecost distributes over workloads, borne by the pod on the newest complete day. Left out where 0.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, ColumnOf(Resource::kShared)},
    {"kubecost_pod_today_cost", "Cost of the pod since 00:00, partial until midnight. With --today.pods.", Type::kGauge, "cluster,namespace,pod", Source::kToday, Level::kPod, Column::kTotal},
    {"kubecost_pod_total_cost", "Total cost of the pod on the newest complete day, all resources, adjustments included.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, Column::kTotal},
    {"kubecost_pod_total_efficiency", "CPU and memory efficiency of the pod on the newest complete day, weighted by cost.", Type::kGauge, "cluster,namespace,pod", Source::kDay, Level::kPod, Column::kTotalEfficiency},
    {"kubecost_reconciliation_difference", "Cluster total minus the sum of the level, each from its own query.", Type::kGauge, "cluster,date,level", Source::kDayStatus, Level::kCluster, Column::kDifference},
    {"kubecost_exporter_api_errors_total", "Failed requests to Kubecost by reason.", Type::kCounter, "reason", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_api_requests_total", "HTTP requests to Kubecost by path and status code; code is 0 when no answer came.", Type::kCounter, "endpoint,code", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_api_response_bytes", "Size of the last good answer by path, decompressed.", Type::kGauge, "endpoint", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_build_info", "1; the build of this exporter.", Type::kGauge, "version,revision,compiler", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_ca_not_after_timestamp_seconds", "When the first certificate in --kubecost.ca-file expires. Absent without that file.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_clock_difference_seconds", "How far this machine's clock is ahead of Kubecost's; absent when Kubecost does not tell the time.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_cluster_unsound_total", "Readings of a cluster's day that were not taken, because their parts did not belong together, by reason.", Type::kCounter, "cluster,reason", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_config_info", "1; the settings in force that decide what the numbers mean.", Type::kGauge, "api,currency,utc_offset,idle,share_tenancy", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_day_end_timestamp_seconds", "End of the day that the plain families show.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_day_start_timestamp_seconds", "Start of the day that the plain families show.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_file_usable", "1 when the file that the flag names can be used as it is now; 0: what it held before stays in force.", Type::kGauge, "flag", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_hour_coverage_ratio", "How much of the last complete hour the pods cover together, as Kubecost counts it, 0 to 1. OpenCost may leave out the first 5 minutes.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_insecure", "1 when the certificate of Kubecost is not verified (--kubecost.tls-verify=false).", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_invalid_values_total", "Values in answers of Kubecost that could not be taken as they were, by kind.", Type::kCounter, "kind", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_last_success_timestamp_seconds", "When the view was last read without error.", Type::kGauge, "view", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_merged_rows", "Rows of the newest answers that were merged into another of the same identity.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_poll_duration_seconds", "Duration of polls, all requests of one included.", Type::kHistogram, "view", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_polls_total", "Polls of Kubecost by result (success, error).", Type::kCounter, "view,result", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_scrape_bytes", "Size of the last complete answer to a scrape.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_scrapes_total", "Scrapes answered in full.", Type::kCounter, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_series", "Series served by family.", Type::kGauge, "family", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_snapshot_bytes", "Memory held by the facts being served.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_up", "1 when the last request of every view to Kubecost got a valid answer.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_view_up", "1 when the last poll of the view succeeded.", Type::kGauge, "view", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_web_auth_failures_total", "Requests and TLS handshakes that were not let in, by reason; with --web.config.file only.", Type::kCounter, "reason", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_web_certificate_not_after_timestamp_seconds", "Until when the server's own certificate is valid; with TLS only.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_web_config_last_reload_success_timestamp_seconds", "When --web.config.file and the files it names were last read without a problem.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"kubecost_exporter_web_config_last_reload_successful", "1 when --web.config.file and the files it names are in force as they are now, 0 when the former ones are.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", Type::kCounter, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_max_fds", "Maximum number of open file descriptors.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_open_fds", "Number of open file descriptors.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_resident_memory_bytes", "Resident memory size in bytes.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_start_time_seconds", "Start time of the process since unix epoch in seconds.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    {"process_virtual_memory_bytes", "Virtual memory size in bytes.", Type::kGauge, "", Source::kExporter, Level::kCluster, Column::kInfo},
    // clang-format on
});

constexpr bool IsEfficiency(Column column) {
  return std::any_of(kEfficiencies.begin(), kEfficiencies.end(),
                     [column](const NamedColumn& each) { return each.column == column; });
}

constexpr bool FamiliesAreInOrder() {
  for (size_t i = 1; i < kFamilies.size(); ++i) {
    const bool exporter = kFamilies[i].source == Source::kExporter;
    const bool exporter_before = kFamilies[i - 1].source == Source::kExporter;
    if (exporter == exporter_before && !(kFamilies[i - 1].name < kFamilies[i].name)) return false;
    if (exporter_before && !exporter) return false;
  }
  return true;
}
static_assert(FamiliesAreInOrder());

// Whether the family has the name of this resource's cost on its level: "kubecost_pod_cpu_cost".
constexpr bool IsNamedAfter(const Family& family, absl::string_view resource) {
  absl::string_view rest = family.name;
  for (const absl::string_view part :
       {absl::string_view("kubecost_"), kubecost::kLevelNames[static_cast<size_t>(family.level)],
        absl::string_view("_"), resource, absl::string_view("_cost")}) {
    if (rest.substr(0, part.size()) != part) return false;
    rest = rest.substr(part.size());
  }
  return rest.empty();
}

// Whether every resource has just one family of the newest day on the level, and that of its name.
constexpr bool ResourcesHaveFamilies(Level level) {
  return std::all_of(kubecost::kResources.begin(), kubecost::kResources.end(), [level](const auto& resource) {
    const auto is_of_column = [&](const Family& family) {
      return family.source == Source::kDay && family.level == level && family.column == ColumnOf(resource.resource);
    };
    return std::count_if(kFamilies.begin(), kFamilies.end(), is_of_column) == 1 &&
           IsNamedAfter(*std::find_if(kFamilies.begin(), kFamilies.end(), is_of_column), resource.name);
  });
}
static_assert(ResourcesHaveFamilies(Level::kCluster), "every Resource needs its family kubecost_cluster_..._cost");
static_assert(ResourcesHaveFamilies(Level::kNamespace), "every Resource needs its family kubecost_namespace_..._cost");
static_assert(ResourcesHaveFamilies(Level::kPod), "every Resource needs its family kubecost_pod_..._cost");

// The family of that name; does not compile when no family has it.
consteval const Family& FamilyNamed(absl::string_view name) {
  size_t i = 0;
  while (kFamilies[i].name != name) ++i;
  return kFamilies[i];
}

}  // namespace metrics

#endif  // METRICS_FAMILY_H_
