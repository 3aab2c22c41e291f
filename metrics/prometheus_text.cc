#include "metrics/prometheus_text.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "metrics/exposition.h"

namespace metrics {
namespace {

constexpr absl::string_view kLabelsEnd = "\"} ";
constexpr absl::string_view kNode = "\",node=\"";
constexpr absl::string_view kKind = "\",controller_kind=\"";
constexpr absl::string_view kResource = "\",resource=\"";

char* Copy(absl::string_view text, char* out) {
  if (text.empty()) return out;  // may have no address, which memcpy must not be given
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

absl::string_view NameOf(kubecost::Resource resource) {
  return kubecost::kResources[static_cast<size_t>(resource)].name;
}

}  // namespace

Renderer::Renderer(std::shared_ptr<const Snapshot> snapshot, Selection selection)
    : snapshot_(std::move(snapshot)),
      selection_(selection),
      compat_labels_end_(absl::StrCat("\",currency=\"", snapshot_->compat_currency, "\"} ")) {
  block_.resize(kBlockBytes);
  AppendHeader(kFamilies[0], header_);
}

absl::string_view Renderer::Next() {
  used_ = 0;
  while (family_ < kFamilies.size() && RenderFamily(kFamilies[family_])) {
    ++family_;
    row_ = 0;
    row_of_day_.clear();
    header_.clear();
    if (family_ < kFamilies.size()) AppendHeader(kFamilies[family_], header_);
  }
  return absl::string_view(block_).substr(0, used_);
}

bool Renderer::RenderFamily(const Family& family) {
  if (!selection_.Has(CollectorOf(family))) return true;
  const Snapshot& snapshot = *snapshot_;
  switch (family.source) {
    case Source::kDay:
      return snapshot.day == nullptr || RenderTable(family, snapshot.day->table(family.level), kLabelsEnd, 1);
    case Source::kHour:
      return RenderLive(family, snapshot.hour.get());
    case Source::kToday:
      return RenderLive(family, snapshot.today.get());
    case Source::kCompat:
      return RenderCompat(family);
    case Source::kDaily:
      return snapshot.daily == nullptr || RenderDaily(family, *snapshot.daily);
    case Source::kDayStatus:
      if (snapshot.daily != nullptr) RenderStatuses(family, *snapshot.daily);
      return true;
    case Source::kClusterInfo:
      if (snapshot.cluster_info != nullptr)
        RenderText(family, absl::StrCat(family.name, *snapshot.cluster_info, "1\n"));
      return true;
    case Source::kExporter:
      return true;
  }
  return true;
}

bool Renderer::RenderLive(const Family& family, const LiveFacts* live) {
  return live == nullptr || RenderTable(family, live->table(family.level), kLabelsEnd, 1);
}

bool Renderer::RenderCompat(const Family& family) {
  if (snapshot_->day == nullptr || snapshot_->compat_currency.empty()) return true;
  // Its reader multiplies by the hours of a day.
  const double divisor = IsEfficiency(family.column) ? 1 : 24;
  return RenderTable(family, snapshot_->day->table(family.level), compat_labels_end_, divisor);
}

bool Renderer::RenderTable(const Family& family, const LevelTable& table, absl::string_view labels_end,
                           double divisor) {
  const bool is_info = family.column == Column::kInfo;
  const std::vector<double>* const values = is_info ? nullptr : &table.column(family.column);
  if (!is_info && values->empty()) return true;
  for (; row_ < table.rows(); ++row_) {
    const double value = is_info ? 1 : (*values)[row_] / divisor;
    if (kubecost::IsKnown(value) && !RenderRow(family, table, row_, "", labels_end, value)) return false;
  }
  return true;
}

bool Renderer::RenderDaily(const Family& family, const DailyFacts& daily) {
  if (!daily.Serves(family)) return true;
  const bool has_parts = family.column == Column::kResources;
  const std::vector<uint8_t>& order = daily.order(family.level);
  row_of_day_.resize(daily.days().size());
  while (row_ < order.size()) {
    // All rows of one identity: their days for each part in turn, as the labels are sorted.
    size_t days = 1;
    while (row_ + days < order.size() && (order[row_ + days] & DailyFacts::kNewIdentity) == 0) ++days;
    for (const size_t parts = has_parts ? days * kResourcesByName.size() : days; part_ < parts; ++part_) {
      const size_t day = order[row_ + part_ % days] & DailyFacts::kDayMask;
      const LevelTable& table = daily.days()[day].facts->table(family.level);
      const kubecost::Resource resource = kResourcesByName[part_ / days];
      const Column column = has_parts ? static_cast<Column>(resource) : family.column;
      const size_t row = row_of_day_[day];
      double value = 1;
      if (column != Column::kInfo) {
        const std::vector<double>& values = table.column(column);
        value = values.empty() ? kubecost::kUnknown : values[row];
      }
      if (has_parts ? !IsServedPart(family.level, value) : !kubecost::IsKnown(value)) continue;
      const absl::string_view part = has_parts ? NameOf(resource) : absl::string_view();
      if (!RenderRow(family, table, row, part, daily.labels_end(day), value)) return false;
    }
    part_ = 0;
    for (size_t i = 0; i < days; ++i) ++row_of_day_[order[row_ + i] & DailyFacts::kDayMask];
    row_ += days;
  }
  return true;
}

void Renderer::RenderStatuses(const Family& family, const DailyFacts& daily) {
  std::string lines;
  const auto append = [&](const DailyFacts::Status& status, Level level, absl::string_view level_label) {
    const double value = ValueOf(status, family.column, level);
    if (!kubecost::IsKnown(value)) return;
    char number[kMaxNumberLength];
    const size_t length = static_cast<size_t>(WriteNumber(value, number) - number);
    absl::StrAppend(&lines, family.name, "{cluster=\"", status.cluster->cluster, "\",date=\"", status.day->facts->date,
                    level_label, kLabelsEnd, absl::string_view(number, length), "\n");
  };
  for (const DailyFacts::Status& status : daily.statuses()) {
    if (family.column == Column::kDifference) {
      append(status, Level::kNamespace, "\",level=\"namespace");
      append(status, Level::kPod, "\",level=\"pod");
    } else {
      append(status, family.level, "");
    }
  }
  RenderText(family, lines);
}

void Renderer::RenderText(const Family& family, absl::string_view lines) {
  if (lines.empty()) return;
  std::string header;
  AppendHeader(family, header);
  const size_t need = used_ + header.size() + lines.size();
  if (need > block_.size()) block_.resize(need);
  Copy(lines, Copy(header, block_.data() + used_));
  used_ = need;
}

bool Renderer::RenderRow(const Family& family, const LevelTable& table, size_t row, absl::string_view resource,
                         absl::string_view labels_end, double value) {
  const bool is_info = family.column == Column::kInfo;
  Line line;
  line.name = family.name;
  line.scope = table.scope(row).labels;
  if (table.level() == Level::kPod) line.pod = table.pod(row);
  if (is_info) {
    line.node = table.node(row);
    line.controller = table.controller(row);
  }
  line.resource = resource;
  line.labels_end = labels_end;
  return WriteLine(line, is_info, value);
}

bool Renderer::WriteLine(const Line& line, bool is_info, double value) {
  const size_t need = header_.size() + line.name.size() + line.scope.size() + line.pod.size() + line.node.size() +
                      line.controller.size() + kNode.size() + kKind.size() + line.resource.size() + kResource.size() +
                      line.labels_end.size() + kMaxNumberLength + 1;
  if (used_ + need > block_.size()) {
    if (used_ > 0) return false;
    block_.resize(need);  // a single line longer than a block
  }
  char* const begin = block_.data() + used_;
  char* out = begin;
  if (!header_.empty()) {
    out = Copy(header_, out);
    header_.clear();
  }
  out = Copy(line.name, out);
  out = Copy(line.scope, out);
  out = Copy(line.pod, out);
  if (is_info) {
    out = Copy(kNode, out);
    out = Copy(line.node, out);
    out = Copy(kKind, out);
    out = Copy(line.controller, out);
  }
  if (!line.resource.empty()) {
    out = Copy(kResource, out);
    out = Copy(line.resource, out);
  }
  out = Copy(line.labels_end, out);
  if (is_info) {
    *out++ = '1';
  } else {
    out = WriteNumber(value, out);
  }
  *out++ = '\n';
  used_ += static_cast<size_t>(out - begin);
  return true;
}

}  // namespace metrics
