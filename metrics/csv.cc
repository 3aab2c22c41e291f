#include "metrics/csv.h"

#include <cmath>
#include <utility>

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

}  // namespace

CsvWriter::CsvWriter(std::string currency, BlockWriter& out) : currency_(std::move(currency)), out_(out) {
  out_.Append("date,cluster,namespace,pod,node,controller_kind,controller");
  for (const kubecost::ResourceInfo& resource : kubecost::kResources) out_.Append(",", resource.name);
  out_.Append(",total,currency");
  for (const NamedColumn& column : kEfficiencies) out_.Append(",", column.name);
  out_.Append(",reason\n");
}

void CsvWriter::Write(const std::vector<ServedDay>& clusters) {
  for (const ServedDay& day : clusters) WriteRows(day);
}

void CsvWriter::WriteRows(const ServedDay& day) {
  const LevelTable& table = day.facts->table(Level::kPod);
  for (size_t row = 0; row < table.rows() && out_.is_wanted(); ++row) {
    const auto number = [&](Column column) { return Number(table.value(column, row)); };
    out_.Append(day.facts->date);
    for (const absl::string_view name : {table.cluster(row), table.namespace_name(row), table.pod(row), table.node(row),
                                         table.controller_kind(row), table.controller(row)}) {
      out_.Append(",", Field(name));
    }
    for (const kubecost::ResourceInfo& each : kubecost::kResources) out_.Append(",", number(ColumnOf(each.resource)));
    out_.Append(",", number(Column::kTotal), ",", currency_);
    for (const NamedColumn& each : kEfficiencies) out_.Append(",", number(each.column));
    out_.Append(",", day.doubt, "\n");
  }
}

}  // namespace metrics
