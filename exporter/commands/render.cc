#include "exporter/commands/render.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "exporter/polling/upstream.h"
#include "kubecost/response_parser.h"
#include "metrics/prometheus_text.h"
#include "metrics/snapshot.h"
#include "metrics/table_builder.h"

namespace commands {
namespace {

absl::Status InFile(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::Status RenderFile(const std::string& file, kubecost::Level level, absl::string_view cluster_name,
                        absl::FunctionRef<void(absl::string_view)> write) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return absl::NotFoundError(absl::StrCat(file, ": ", std::strerror(errno)));
  }
  std::istream& input = file == "-" ? std::cin : opened;
  std::vector<char> buffer(size_t{64} << 10);
  const auto source = [&]() -> absl::StatusOr<absl::string_view> {
    input.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (input.bad()) return absl::DataLossError("cannot be read");
    return absl::string_view(buffer.data(), static_cast<size_t>(input.gcount()));
  };

  metrics::TableBuilder builder(level, cluster_name, 0);
  const absl::StatusOr<kubecost::ParsedAnswer> answer = kubecost::ParseAllocations(
      source, kubecost::Envelope::kOptional,
      [&builder](const kubecost::Allocation& row) { return polling::ErrorOfRow(builder.Add(row), row); });
  if (!answer.ok()) return InFile(file, answer.status());
  if (answer->rows == 0) {
    return absl::NotFoundError(
        absl::StrCat(file, ": API response appears to be empty. Its data is ", answer->EmptyShape()));
  }

  metrics::LevelTables day;
  day.table(level) = builder.Build();
  metrics::Snapshot snapshot;
  snapshot.day = metrics::SplitByCluster({}, "", level == kubecost::Level::kPod, std::move(day));
  metrics::BlockWriter out([&write](absl::string_view block) {
    write(block);
    return true;
  });
  metrics::WritePrometheusText(snapshot, metrics::Selection::All(), out);
  out.Flush();
  return absl::OkStatus();
}

}  // namespace commands
