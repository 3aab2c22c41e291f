// What the program tells of its build, of the files it reads and of its trust in Kubecost's certificate.
#ifndef EXPORTER_PROGRAM_METRICS_H_
#define EXPORTER_PROGRAM_METRICS_H_

#include "kubecost/credentials.h"
#include "metrics/registry.h"

namespace exporter {

class ProgramMetrics {
 public:
  ProgramMetrics(metrics::Registry& registry, bool tls_verify);

  void SetFile(const kubecost::FileEvent& event, const kubecost::Access& access) const;

 private:
  const metrics::Gauges ca_not_after_;
  const metrics::Gauges file_usable_;
};

}  // namespace exporter

#endif  // EXPORTER_PROGRAM_METRICS_H_
