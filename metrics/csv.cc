#include "metrics/csv.h"

#include <cmath>
#include <string>

#include "absl/strings/str_replace.h"
#include "metrics/text_format.h"

namespace metrics {
namespace {

// Names, as the table has them.
std::string Field(absl::string_view escaped) {
  const std::string text = UnescapeLabelValue(escaped);
  if (text.find_first_of("\",\n\r") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string Number(double value) { return std::isfinite(value) ? NumberText(value) : ""; }

void WriteRows(const ServedDay& day, absl::string_view currency, BlockWriter& out) {
  const LevelTable& table = day.facts->table(Level::kPod);
  for (size_t row = 0; row < table.rows() && out.is_wanted(); ++row) {
    const auto number = [&](Column column) { return Number(table.value(column, row)); };
    out.Append(day.facts->date);
    for (const absl::string_view name : {table.cluster(row), table.namespace_name(row), table.pod(row), table.node(row),
                                         table.controller_kind(row), table.controller(row)}) {
      out.Append(",", Field(name));
    }
    for (const kubecost::ResourceInfo& each : kubecost::kResources) out.Append(",", number(ColumnOf(each.resource)));
    out.Append(",", number(Column::kTotal), ",", currency);
    for (const NamedColumn& each : kEfficiencies) out.Append(",", number(each.column));
    out.Append(",", day.doubt, "\n");
  }
}

}  // namespace

void WriteCsvHeader(BlockWriter& out) {
  out.Append("date,cluster,namespace,pod,node,controller_kind,controller");
  for (const kubecost::ResourceInfo& resource : kubecost::kResources) out.Append(",", resource.name);
  out.Append(",total,currency");
  for (const NamedColumn& column : kEfficiencies) out.Append(",", column.name);
  out.Append(",reason\n");
}

void WriteCsv(const std::vector<ServedDay>& clusters, absl::string_view currency, BlockWriter& out) {
  for (const ServedDay& day : clusters) WriteRows(day, currency, out);
}

}  // namespace metrics
