#include "metrics/render.h"

#include <cstring>
#include <utility>

#include "metrics/exposition.h"

namespace metrics {
namespace {

constexpr absl::string_view kPodEnd = "\"} ";
constexpr absl::string_view kNode = "\",node=\"";
constexpr absl::string_view kKind = "\",controller_kind=\"";

char* Copy(absl::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

Renderer::Renderer(std::shared_ptr<const Snapshot> snapshot) : snapshot_(std::move(snapshot)) {
  block_.resize(kBlockBytes);
}

absl::string_view Renderer::Next() {
  used_ = 0;
  for (; family_ < kFamilies.size(); ++family_, row_ = 0, header_written_ = false) {
    const Family& family = kFamilies[family_];
    if (family.source == Source::kClusterInfo) RenderClusterInfo(family);
    if (family.source != Source::kDay || snapshot_->day == nullptr) continue;
    if (!RenderTable(family, snapshot_->day->table(family.level))) break;
  }
  return absl::string_view(block_).substr(0, used_);
}

bool Renderer::RenderTable(const Family& family, const LevelTable& table) {
  const bool is_info = family.column == Column::kInfo;
  const std::vector<double>* values = is_info ? nullptr : &table.column(family.column);
  if (!is_info && values->empty()) return true;
  const bool is_pod = table.level() == Level::kPod;

  std::string header;
  if (!header_written_) AppendHeader(family, header);
  for (; row_ < table.rows(); ++row_) {
    if (!is_info && !kubecost::IsKnown((*values)[row_])) continue;
    const LevelTable::Scope& scope = table.scope(row_);
    const absl::string_view pod = is_pod ? table.pod(row_) : absl::string_view();
    const absl::string_view node = is_info ? table.node(row_) : absl::string_view();
    const absl::string_view controller = is_info ? table.controller(row_) : absl::string_view();
    const size_t need = header.size() + family.name.size() + scope.labels.size() + pod.size() + node.size() +
                        controller.size() + kNode.size() + kKind.size() + kPodEnd.size() + kMaxNumberLength + 1;
    if (used_ + need > block_.size()) {
      if (used_ > 0) return false;
      block_.resize(need);  // a single line longer than a block
    }
    char* const begin = block_.data() + used_;
    char* out = Copy(header, begin);
    if (!header.empty()) {
      header.clear();
      header_written_ = true;
    }
    out = Copy(family.name, out);
    out = Copy(scope.labels, out);
    if (is_pod) {
      out = Copy(pod, out);
      if (is_info) {
        out = Copy(kNode, out);
        out = Copy(node, out);
        out = Copy(kKind, out);
        out = Copy(controller, out);
      }
      out = Copy(kPodEnd, out);
    }
    out = is_info ? Copy("1", out) : WriteNumber((*values)[row_], out);
    *out++ = '\n';
    used_ += static_cast<size_t>(out - begin);
  }
  return true;
}

void Renderer::RenderClusterInfo(const Family& family) {
  if (snapshot_->cluster_info == nullptr) return;
  std::string text;
  AppendHeader(family, text);
  text.append(family.name.data(), family.name.size());
  text.append(*snapshot_->cluster_info);
  text.append("1\n");
  if (used_ + text.size() > block_.size()) block_.resize(used_ + text.size());
  used_ += static_cast<size_t>(Copy(text, block_.data() + used_) - (block_.data() + used_));
}

}  // namespace metrics
