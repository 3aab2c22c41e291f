#include <rapidjson/document.h>

#include <cstdlib>

#include "benchmarks/peers.h"
#include "kubecost/row_fields.h"

namespace benchmarks {
namespace {

using kubecost::Allocation;
using kubecost::RowField;

const rapidjson::Value& SetOf(const rapidjson::Document& document) {
  if (document.HasParseError()) std::abort();
  return document["data"][0];
}

std::string Text(const rapidjson::Value& value) { return std::string(value.GetString(), value.GetStringLength()); }

void ReadProperties(const rapidjson::Value& object, kubecost::Properties& properties) {
  for (const auto& member : object.GetObject()) {
    const absl::string_view key(member.name.GetString(), member.name.GetStringLength());
    for (const kubecost::PropertyField& property : kubecost::kPropertyFields) {
      if (key == property.name) properties.*property.text = Text(member.value);
    }
  }
}

Allocation RowOf(const rapidjson::Value& object) {
  Allocation row;
  std::array<double, static_cast<size_t>(RowField::kNumberCount)> numbers{};
  for (const auto& member : object.GetObject()) {
    const RowField field =
        kubecost::RowFieldOf(absl::string_view(member.name.GetString(), member.name.GetStringLength()));
    if (field == RowField::kProperties) ReadProperties(member.value, row.properties);
    if (field < RowField::kNumberCount && member.value.IsNumber()) {
      numbers[static_cast<size_t>(field)] = member.value.GetDouble();
    }
  }
  const auto number = [&numbers](RowField field) { return numbers[static_cast<size_t>(field)]; };
  row.total_cost = number(RowField::kTotalCost);
  for (size_t i = 0; i < kubecost::kResourceCount; ++i) {
    row.costs[i] = kubecost::AddCosts(numbers[i], numbers[kubecost::kResourceCount + i]);
  }
  row.efficiency = {number(RowField::kCpuEfficiency), number(RowField::kMemoryEfficiency),
                    number(RowField::kTotalEfficiency)};
  row.usage = {number(RowField::kMinutes), number(RowField::kCpuRequest), number(RowField::kCpuUsage),
               number(RowField::kMemoryRequest), number(RowField::kMemoryUsage)};
  return row;
}

}  // namespace

size_t ParseDomOnly(absl::string_view body) {
  rapidjson::Document document;
  document.Parse(body.data(), body.size());
  return SetOf(document).MemberCount();
}

size_t ParseDom(absl::string_view body, absl::FunctionRef<void(const Allocation&)> sink) {
  rapidjson::Document document;
  document.Parse(body.data(), body.size());
  const rapidjson::Value& set = SetOf(document);
  for (const auto& member : set.GetObject()) sink(RowOf(member.value));
  return set.MemberCount();
}

void RebuiltRegistryPolls::Poll(absl::string_view body) {
  auto next = std::make_unique<GaugeRegistry>();
  ParseDom(body, [&next](const Allocation& row) { next->Set(row); });
  current_ = std::move(next);
}

}  // namespace benchmarks
