#include "metrics/json.h"

#include <cmath>
#include <utility>

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
  void Efficiencies() {
    for (const NamedColumn& each : kEfficiencies) Value(each.name, each.column);
  }

 private:
  const LevelTable& table_;
  const size_t row_;
  BlockWriter& out_;
};

void WriteCluster(RowWriter& row, const ServedDay& day) {
  const auto value = [&day](Column column, Level level) { return ValueOf(day, column, level); };
  row.Bool("complete", day.complete);
  row.Bool("settled", day.settled);
  row.Number("coverage_ratio", value(Column::kCoverage, Level::kCluster));
  row.Number("pods", value(Column::kPods, Level::kCluster));
  row.Number("namespace_difference", value(Column::kDifference, Level::kNamespace));
  row.Number("pod_difference", value(Column::kDifference, Level::kPod));
  row.Costs();
  for (const SpecialCost& special : kSpecialCosts) row.Value(special.name, special.column);
  row.Efficiencies();
  row.Name("reason", day.doubt);
}

// A line for each row of a level, separated by commas.
void WriteRows(absl::string_view name, const std::vector<ServedDay>& clusters, Level level, BlockWriter& out,
               absl::FunctionRef<void(RowWriter&, const ServedDay&, const LevelTable&, size_t)> write_members) {
  out.Append(",\n\"", name, "\":[");
  absl::string_view separator = "\n";
  for (const ServedDay& day : clusters) {
    const LevelTable& table = day.facts->table(level);
    for (size_t row = 0; row < table.rows(); ++row) {
      out.Append(std::exchange(separator, ",\n"));
      RowWriter writer(table, row, out);
      write_members(writer, day, table, row);
      out.Append("}");
    }
  }
  out.Append("]");
}

}  // namespace

void BeginJson(absl::string_view currency, absl::string_view utc_offset, BlockWriter& out) {
  out.Append("{\"currency\":", JsonString(currency), ",\"utc_offset\":", JsonString(utc_offset), ",\"days\":[");
}

void WriteJson(const std::vector<ServedDay>& clusters, bool is_first, BlockWriter& out) {
  const DayFacts& facts = *clusters.front().facts;
  out.Append(is_first ? "\n" : ",\n", "{\"date\":\"", facts.date, "\",\"window\":{\"start\":\"",
             base::Rfc3339Text(facts.window.start), "\",\"end\":\"", base::Rfc3339Text(facts.window.end));
  out.Append("\"},\"read_at\":\"", base::Rfc3339Text(clusters.front().last_read), "\"");
  WriteRows("clusters", clusters, Level::kCluster, out,
            [](RowWriter& writer, const ServedDay& day, const LevelTable&, size_t) { WriteCluster(writer, day); });
  WriteRows("namespaces", clusters, Level::kNamespace, out,
            [](RowWriter& writer, const ServedDay&, const LevelTable& namespaces, size_t row) {
              writer.Name("namespace", namespaces.namespace_name(row));
              writer.Costs();
              writer.Efficiencies();
            });
  WriteRows("pods", clusters, Level::kPod, out,
            [](RowWriter& writer, const ServedDay&, const LevelTable& pods, size_t row) {
              writer.Name("namespace", pods.namespace_name(row));
              writer.Name("pod", pods.pod(row));
              writer.Name("node", pods.node(row));
              writer.Name("controller_kind", pods.controller_kind(row));
              writer.Name("controller", pods.controller(row));
              writer.Costs();
              writer.Efficiencies();
            });
  out.Append("}");
}

void EndJson(const std::vector<MissingDay>& missing, BlockWriter& out) {
  out.Append("],\n\"missing\":[");
  for (const MissingDay& day : missing) {
    out.Append(&day == missing.data() ? "" : ",", "{\"date\":\"", day.date, "\",\"reason\":", JsonString(day.reason),
               ",\"error\":", JsonString(day.error), "}");
  }
  out.Append("]}\n");
}

}  // namespace metrics
