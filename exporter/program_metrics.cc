#include "exporter/program_metrics.h"

#include "base/version.h"

namespace exporter {

using metrics::FamilyNamed;

ProgramMetrics::ProgramMetrics(metrics::Registry& registry, bool tls_verify)
    : ca_not_after_(registry, FamilyNamed("kubecost_exporter_ca_not_after_timestamp_seconds")),
      file_usable_(registry, FamilyNamed("kubecost_exporter_file_usable")) {
  metrics::Gauges(registry, FamilyNamed("kubecost_exporter_build_info"))
      .Set({base::Version(), base::Revision(), base::Compiler()}, 1);
  metrics::Gauges(registry, FamilyNamed("kubecost_exporter_insecure")).Set(tls_verify ? 0 : 1);
}

void ProgramMetrics::SetFile(const kubecost::FileEvent& event, const kubecost::Access& access) const {
  for (const absl::string_view flag : event.flags) file_usable_.Set({flag}, event.status.ok() ? 1 : 0);
  if (access.ca_not_after.has_value()) ca_not_after_.Set({}, *access.ca_not_after);
}

}  // namespace exporter
