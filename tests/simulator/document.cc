#include "tests/simulator/document.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/simulator/aggregate.h"
#include "tests/simulator/row_text.h"

namespace simulator {
namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;

// Writes one document; used once.
class DocumentWriter {
 public:
  DocumentWriter(const World& world, const AllocationQuery& query, const Tweaks& tweaks, const std::atomic<bool>* stop,
                 BodySink& sink)
      : world_(world), query_(query), tweaks_(tweaks), stop_(stop), sink_(sink), bytes_left_(tweaks.envelope.padding) {}

  bool Run() {
    const bool old = world_.options().envelope == Envelope::kOld;
    const EnvelopeTweaks& envelope = tweaks_.envelope;
    buffer_.push_back('{');
    if (envelope.reversed) {
      buffer_ += "\"message\":\"\",";
    } else if (!envelope.without_code) {
      buffer_ += "\"code\":200,";
      if (old) buffer_ += "\"status\":\"success\",";
    }
    if (envelope.extra_fields) {
      buffer_ +=
          "\"meta\":{\"code\":500,\"data\":[{\"x\":{\"totalCost\":1}}],"
          "\"status\":\"error\"},\"more\":[[],{},0,false,null,\"data\"],";
    }
    if (!AppendNesting()) return false;
    buffer_ += "\"data\":[";
    for (int i = 0; i < envelope.leading_empty_sets; ++i) buffer_ += "{},";
    for (size_t i = 0; i < query_.sets.size(); ++i) {
      if (i > 0) buffer_.push_back(',');
      if (!AppendSet(query_.sets[i], i + 1 == query_.sets.size())) return false;
    }
    buffer_.push_back(']');
    if (envelope.reversed) buffer_ += ",\"code\":200";
    buffer_ += "}\n";
    return Flush();
  }

 private:
  bool Flush() {
    if (stop_ != nullptr && stop_->load()) return false;
    const bool taken = sink_.Write(buffer_);
    buffer_.clear();
    return taken;
  }

  bool FlushWhenFull() { return buffer_.size() < kPieceBytes || Flush(); }

  bool AppendNesting() {
    const size_t levels = tweaks_.envelope.nesting;
    if (levels == 0) return true;
    buffer_ += "\"nested\":";
    for (const char bracket : {'[', ']'}) {
      for (size_t left = levels; left > 0;) {
        const size_t count = std::min(left, kPieceBytes);
        buffer_.append(count, bracket);
        left -= count;
        if (!FlushWhenFull()) return false;
      }
    }
    buffer_.push_back(',');
    return true;
  }

  bool AppendSet(Span set, bool last) {
    RowSet rows;
    if (!BuildRows(world_, query_, set, stop_, rows)) return false;
    // OpenCost says null where there are no rows to accumulate.
    if (rows.rows().empty() && query_.accumulate && world_.options().product == Product::kOpenCost) {
      buffer_ += "null";
      return true;
    }
    const RowWriter writer(world_, query_, set, tweaks_.rows);
    buffer_.push_back('{');
    first_ = true;
    if (tweaks_.rows.null_row) {
      Separate();
      buffer_ += "\"cluster-one/a-null-row\":null";
    }
    int64_t index = 0;
    for (const Row* row : rows.rows()) {
      AppendRow(writer, *row, row->idle ? -1 : index++);
      if (!FlushWhenFull()) return false;
    }
    if (last && !AppendPadding(writer, rows)) return false;
    buffer_.push_back('}');
    return true;
  }

  void Separate() {
    if (!first_) buffer_.push_back(',');
    first_ = false;
  }

  void AppendRow(const RowWriter& writer, const Row& row, int64_t index) {
    Separate();
    writer.Append(row, index, buffer_);
    if (row.idle) return;
    if (tweaks_.rows.duplicate_rows) {
      Separate();
      writer.Append(row, index, buffer_);
      for (int i = 0; i < 3; ++i) {
        Row copy = row;
        const std::string node = absl::StrCat("duplicate-node-", i);
        copy.id.node = node;
        copy.key = absl::StrCat(row.key, "/", node);
        Separate();
        writer.Append(copy, index, buffer_);
      }
    }
    if (tweaks_.rows.extra_cluster && index < 3) {
      Row copy = row;
      copy.id.cluster = "foreign-cluster";
      copy.key = absl::StrCat("foreign-cluster/", row.key);
      Separate();
      writer.Append(copy, index, buffer_);
    }
  }

  // Copies of one row, each under its own name, until there are enough bytes.
  bool AppendPadding(const RowWriter& writer, const RowSet& rows) {
    if (bytes_left_ == 0 || rows.rows().empty()) return true;
    Row copy = *rows.rows().front();
    copy.id.namespace_name = "padding";
    for (int64_t i = 0; bytes_left_ > 0; ++i) {
      const std::string pod = absl::StrCat("padding-", i);
      copy.id.pod = pod;
      copy.key = absl::StrCat(copy.id.cluster, "/padding/", pod);
      const size_t before = buffer_.size();
      Separate();
      writer.Append(copy, 1000 + i, buffer_);
      bytes_left_ -= std::min(bytes_left_, buffer_.size() - before);
      if (!FlushWhenFull()) return false;
    }
    return true;
  }

  const World& world_;
  const AllocationQuery& query_;
  const Tweaks& tweaks_;
  const std::atomic<bool>* const stop_;
  BodySink& sink_;
  size_t bytes_left_;
  std::string buffer_;
  bool first_ = true;
};

bool NamesPods(const AllocationQuery& query) {
  return std::any_of(query.aggregate.begin(), query.aggregate.end(), [](Dimension dimension) {
    return dimension == Dimension::kPod || dimension == Dimension::kContainer;
  });
}

}  // namespace

bool WriteDocument(const World& world, const AllocationQuery& query, const Tweaks& tweaks,
                   const std::atomic<bool>* stop, BodySink& sink) {
  AllocationQuery changed = query;
  changed.conditions.first_half = tweaks.data.first_half;
  changed.conditions.lacks_pods = tweaks.data.lacks_pods && NamesPods(query);
  const int times = tweaks.envelope.twice ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    if (!DocumentWriter(world, changed, tweaks, stop, sink).Run()) return false;
  }
  return true;
}

size_t CountRows(const World& world, const AllocationQuery& query, const std::atomic<bool>* stop) {
  size_t count = 0;
  for (const Span set : query.sets) {
    RowSet rows;
    if (!BuildRows(world, query, set, stop, rows)) break;
    count += rows.rows().size();
  }
  return count;
}

}  // namespace simulator
