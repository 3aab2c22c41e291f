// A row that the table builder would not take, as an error of the answer that held it.
#ifndef EXPORTER_POLLING_ROW_ERROR_H_
#define EXPORTER_POLLING_ROW_ERROR_H_

#include "absl/status/status.h"
#include "kubecost/allocation.h"
#include "metrics/table_builder.h"

namespace polling {

absl::Status ErrorOfRow(metrics::RowProblem problem, const kubecost::Allocation& row);

}  // namespace polling

#endif  // EXPORTER_POLLING_ROW_ERROR_H_
