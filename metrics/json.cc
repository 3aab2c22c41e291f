#include "metrics/json.h"

#include <cmath>

#include "absl/functional/function_ref.h"
#include "base/day.h"
#include "base/text.h"
#include "metrics/text_format.h"

namespace metrics {
namespace {

using base::JsonString;

// The members of one row's object.
class RowWriter {
 public:
  RowWriter(const LevelTable& table, size_t row, BlockWriter& out) : table_(table), row_(row), out_(out) {
    out.Append("{\"cluster\":", JsonString(UnescapeLabelValue(table.cluster(row))));
  }

  void Name(absl::string_view name, absl::string_view escaped) {
    out_.Append(",\"", name, "\":", JsonString(UnescapeLabelValue(escaped)));
  }
  void Bool(absl::string_view name, bool value) { out_.Append(",\"", name, "\":", value ? "true" : "false"); }
  void Number(absl::string_view name, double value) {
    out_.Append(",\"", name, "\":", std::isfinite(value) ? NumberText(value) : "null");
  }
  void Value(absl::string_view name, Column column) { Number(name, table_.value(column, row_)); }

  void Costs() {
    for (const kubecost::ResourceInfo& each : kubecost::kResources) Value(each.name, ColumnOf(each.resource));
    Value("total", Column::kTotal);
  }
  void End() {
    for (const NamedColumn& each : kEfficiencies) Value(each.name, each.column);
    out_.Append("}");
  }

 private:
  const LevelTable& table_;
  const size_t row_;
  BlockWriter& out_;
};

void WriteCluster(RowWriter& row, const DailyFacts::Status& status) {
  const auto value = [&status](Column column, Level level) { return ValueOf(status, column, level); };
  row.Bool("complete", value(Column::kComplete, Level::kCluster) == 1);
  row.Bool("settled", value(Column::kSettled, Level::kCluster) == 1);
  row.Number("coverage_ratio", value(Column::kCoverage, Level::kCluster));
  row.Number("pods", value(Column::kPods, Level::kCluster));
  row.Number("namespace_difference", value(Column::kDifference, Level::kNamespace));
  row.Number("pod_difference", value(Column::kDifference, Level::kPod));
  row.Costs();
  for (const SpecialCost& special : kSpecialCosts) row.Value(special.name, special.column);
}

// A line for each row, separated by commas.
void WriteRows(absl::string_view name, const LevelTable& table, BlockWriter& out,
               absl::FunctionRef<void(RowWriter&, size_t)> write_members) {
  out.Append(",\n\"", name, "\":[");
  for (size_t row = 0; row < table.rows(); ++row) {
    out.Append(row == 0 ? "\n" : ",\n");
    RowWriter writer(table, row, out);
    write_members(writer, row);
    writer.End();
  }
  out.Append("]");
}

}  // namespace

void JsonWriter::WriteHead() {
  out_.Append("{\"currency\":", JsonString(currency_), ",\"utc_offset\":", JsonString(utc_offset_), ",\"days\":[");
}

void JsonWriter::Write(const ServedDay& day) {
  if (!has_day_) WriteHead();
  const DayFacts& facts = *day.facts;
  out_.Append(has_day_ ? ",\n" : "\n", "{\"date\":\"", facts.date, "\",\"window\":{\"start\":\"",
              base::Rfc3339Text(facts.window.start), "\",\"end\":\"", base::Rfc3339Text(facts.window.end));
  out_.Append("\"},\"read_at\":\"", base::Rfc3339Text(day.last_read), "\"");
  has_day_ = true;
  // The clusters of a day are the rows of its cluster table.
  WriteRows("clusters", facts.table(Level::kCluster), out_, [&](RowWriter& writer, size_t row) {
    WriteCluster(writer, {&facts.clusters[row], &day});
  });
  const LevelTable& namespaces = facts.table(Level::kNamespace);
  WriteRows("namespaces", namespaces, out_, [&](RowWriter& writer, size_t row) {
    writer.Name("namespace", namespaces.namespace_name(row));
    writer.Costs();
  });
  const LevelTable& pods = facts.table(Level::kPod);
  WriteRows("pods", pods, out_, [&](RowWriter& writer, size_t row) {
    writer.Name("namespace", pods.namespace_name(row));
    writer.Name("pod", pods.pod(row));
    writer.Name("node", pods.node(row));
    writer.Name("controller_kind", pods.controller_kind(row));
    writer.Name("controller", pods.controller(row));
    writer.Costs();
  });
  out_.Append("}");
}

void JsonWriter::End(const std::vector<MissingDay>& missing) {
  if (!has_day_) WriteHead();
  out_.Append("],\n\"missing\":[");
  for (const MissingDay& day : missing) {
    out_.Append(&day == missing.data() ? "" : ",", "{\"date\":\"", day.date, "\",\"reason\":", JsonString(day.reason),
                ",\"error\":", JsonString(day.error), "}");
  }
  out_.Append("]}\n");
}

}  // namespace metrics
