// A row that the table builder would not take, as an error of the answer that held it.
#ifndef EXPORTER_ROW_ERROR_H_
#define EXPORTER_ROW_ERROR_H_

#include "absl/status/status.h"
#include "kubecost/allocation.h"
#include "metrics/table_builder.h"

namespace exporter {

absl::Status ErrorOfRow(metrics::RowProblem problem, const kubecost::Allocation& row);

}  // namespace exporter

#endif  // EXPORTER_ROW_ERROR_H_
