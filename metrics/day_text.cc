#include "metrics/day_text.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "base/text.h"
#include "metrics/exposition.h"

namespace metrics {
namespace {

using kubecost::kUnknown;

// The values of a row besides its parts, in the order in which they are written.
struct Value {
  absl::string_view name;
  Column column;
};
constexpr std::array<Value, 3> kEfficiencies = {{{"cpu_efficiency", Column::kCpuEfficiency},
                                                 {"memory_efficiency", Column::kMemoryEfficiency},
                                                 {"total_efficiency", Column::kTotalEfficiency}}};
constexpr std::array<Value, 3> kSpecialCosts = {
    {{"idle", Column::kIdle}, {"unallocated", Column::kUnallocated}, {"unmounted", Column::kUnmounted}}};

double ValueAt(const LevelTable& table, Column column, size_t row) {
  const std::vector<double>& values = table.column(column);
  return values.empty() ? kUnknown : values[row];
}

// Kind and name, escaped, as the table holds them: `kind",controller="name`.
std::pair<absl::string_view, absl::string_view> ControllerOf(const LevelTable& table, size_t row) {
  constexpr absl::string_view kBetween = "\",controller=\"";
  const absl::string_view both = table.controller(row);
  const size_t at = both.find(kBetween);
  return {both.substr(0, at), both.substr(at + kBetween.size())};
}

// Nothing, or `unknown`, for what JSON and CSV have no number for.
std::string NumberText(double value, absl::string_view unknown) {
  if (!std::isfinite(value)) return std::string(unknown);
  char number[kMaxNumberLength];
  return std::string(number, static_cast<size_t>(WriteNumber(value, number) - number));
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), absl::Seconds(1)),
                          absl::UTCTimeZone());
}

// A field of CSV from the text between the quotes of a label.
std::string CsvField(absl::string_view escaped) {
  std::string field;
  bool needs_quotes = false;
  for (size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '\\') {
      c = escaped[++i] == 'n' ? '\n' : escaped[i];
    }
    needs_quotes = needs_quotes || c == '"' || c == ',' || c == '\n' || c == '\r';
    if (c == '"') field.push_back('"');
    field.push_back(c);
  }
  return needs_quotes ? absl::StrCat("\"", field, "\"") : field;
}

// A JSON string from the text between the quotes of a label, whose three escapes mean the same here.
std::string JsonText(absl::string_view escaped) {
  std::string text = "\"";
  for (const char c : escaped) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      absl::StrAppendFormat(&text, "\\u%04x", static_cast<unsigned>(byte));
    } else {
      text.push_back(c);
    }
  }
  text.push_back('"');
  return text;
}

// A JSON string from any text.
std::string JsonTextOf(absl::string_view text) {
  std::string escaped;
  AppendLabelValue(base::ReplaceInvalidUtf8(text), escaped);
  return JsonText(escaped);
}

void AppendJsonNumber(absl::string_view name, double value, BlockWriter& out) {
  out.Append(",\"", name, "\":", NumberText(value, "null"));
}

void AppendJsonValues(const LevelTable& table, size_t row, absl::Span<const Value> values, BlockWriter& out) {
  for (const Value& value : values) AppendJsonNumber(value.name, ValueAt(table, value.column, row), out);
}

void AppendJsonCosts(const LevelTable& table, size_t row, BlockWriter& out) {
  for (size_t i = 0; i < kubecost::kResourceCount; ++i) {
    AppendJsonNumber(kubecost::kResources[i].name, ValueAt(table, static_cast<Column>(i), row), out);
  }
  AppendJsonNumber("total", ValueAt(table, Column::kTotal, row), out);
}

void AppendJsonCluster(const ServedDay& day, size_t row, BlockWriter& out) {
  const LevelTable& table = day.facts->table(Level::kCluster);
  // The clusters of a day are the rows of its cluster table.
  const DailyFacts::Status status = {&day.facts->clusters[row], &day};
  const auto is = [&status](Column column) { return ValueOf(status, column, Level::kCluster) == 1 ? "true" : "false"; };
  out.Append("{\"cluster\":", JsonText(table.scope(row).cluster), ",\"complete\":", is(Column::kComplete),
             ",\"settled\":", is(Column::kSettled));
  AppendJsonNumber("coverage_ratio", ValueOf(status, Column::kCoverage, Level::kCluster), out);
  AppendJsonNumber("pods", ValueOf(status, Column::kPods, Level::kCluster), out);
  AppendJsonNumber("namespace_difference", ValueOf(status, Column::kDifference, Level::kNamespace), out);
  AppendJsonNumber("pod_difference", ValueOf(status, Column::kDifference, Level::kPod), out);
  AppendJsonCosts(table, row, out);
  AppendJsonValues(table, row, kSpecialCosts, out);
  AppendJsonValues(table, row, kEfficiencies, out);
  out.Append("}");
}

void AppendJsonPod(const LevelTable& table, size_t row, BlockWriter& out) {
  const auto [kind, controller] = ControllerOf(table, row);
  out.Append("{\"cluster\":", JsonText(table.scope(row).cluster),
             ",\"namespace\":", JsonText(table.scope(row).namespace_name), ",\"pod\":", JsonText(table.pod(row)),
             ",\"node\":", JsonText(table.node(row)));
  out.Append(",\"controller_kind\":", JsonText(kind), ",\"controller\":", JsonText(controller));
  AppendJsonCosts(table, row, out);
  AppendJsonValues(table, row, kEfficiencies, out);
  out.Append("}");
}

// A line for each row, separated by commas.
template <typename AppendRow>
void AppendJsonRows(absl::string_view name, size_t rows, BlockWriter& out, AppendRow append_row) {
  out.Append(",\n\"", name, "\":[");
  for (size_t row = 0; row < rows; ++row) {
    out.Append(row == 0 ? "\n" : ",\n");
    append_row(row);
  }
  out.Append("]");
}

}  // namespace

void CsvWriter::Write(const ServedDay& day) {
  if (!has_header_) {
    out_.Append("date,cluster,namespace,pod,node,controller_kind,controller");
    for (const kubecost::ResourceInfo& resource : kubecost::kResources) out_.Append(",", resource.name);
    out_.Append(",total,currency,cpu_efficiency,memory_efficiency,total_efficiency\n");
    has_header_ = true;
  }
  const DayFacts& facts = *day.facts;
  const LevelTable& table = facts.table(Level::kPod);
  for (size_t row = 0; row < table.rows() && out_.is_wanted(); ++row) {
    const auto [kind, controller] = ControllerOf(table, row);
    out_.Append(facts.date, ",", CsvField(table.scope(row).cluster), ",", CsvField(table.scope(row).namespace_name));
    for (const absl::string_view name : {table.pod(row), table.node(row), kind, controller}) {
      out_.Append(",", CsvField(name));
    }
    for (size_t i = 0; i < kubecost::kResourceCount; ++i) {
      out_.Append(",", NumberText(ValueAt(table, static_cast<Column>(i), row), ""));
    }
    out_.Append(",", NumberText(ValueAt(table, Column::kTotal, row), ""), ",", currency_);
    for (const Value& value : kEfficiencies) out_.Append(",", NumberText(ValueAt(table, value.column, row), ""));
    out_.Append("\n");
  }
}

void JsonWriter::WriteHead() {
  out_.Append("{\"currency\":", JsonTextOf(currency_), ",\"utc_offset\":", JsonTextOf(utc_offset_), ",\"days\":[");
}

void JsonWriter::Write(const ServedDay& day) {
  if (!has_day_) WriteHead();
  const DayFacts& facts = *day.facts;
  out_.Append(has_day_ ? ",\n" : "\n", "{\"date\":\"", facts.date, "\",\"window\":{\"start\":\"",
              TimeText(facts.window.start), "\",\"end\":\"", TimeText(facts.window.end), "\"},\"read_at\":\"");
  out_.Append(TimeText(day.last_read), "\"");
  has_day_ = true;
  AppendJsonRows("clusters", facts.clusters.size(), out_, [&](size_t row) { AppendJsonCluster(day, row, out_); });
  const LevelTable& namespaces = facts.table(Level::kNamespace);
  AppendJsonRows("namespaces", namespaces.rows(), out_, [&](size_t row) {
    out_.Append("{\"cluster\":", JsonText(namespaces.scope(row).cluster),
                ",\"namespace\":", JsonText(namespaces.scope(row).namespace_name));
    AppendJsonCosts(namespaces, row, out_);
    AppendJsonValues(namespaces, row, kEfficiencies, out_);
    out_.Append("}");
  });
  const LevelTable& pods = facts.table(Level::kPod);
  AppendJsonRows("pods", pods.rows(), out_, [&](size_t row) { AppendJsonPod(pods, row, out_); });
  out_.Append("}");
}

void JsonWriter::End(const std::vector<MissingDay>& missing) {
  if (!has_day_) WriteHead();
  out_.Append("],\n\"missing\":[");
  for (const MissingDay& day : missing) {
    out_.Append(&day == missing.data() ? "" : ",", "{\"date\":\"", day.date, "\",\"reason\":", JsonTextOf(day.reason),
                ",\"error\":", JsonTextOf(day.error), "}");
  }
  out_.Append("]}\n");
}

}  // namespace metrics
