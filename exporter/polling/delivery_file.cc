#include "exporter/polling/delivery_file.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/day.h"
#include "base/files.h"
#include "base/log.h"

namespace polling {
namespace {

constexpr absl::string_view kFirstLine = "kubecost-allocation-exporter state 1";
constexpr absl::string_view kSettings = "settings ";
constexpr absl::string_view kEnd = "end ";
constexpr absl::string_view kPods = "pods";
constexpr absl::string_view kNamespaces = "namespaces";
// Far more than any number of days takes.
constexpr size_t kMaxBytes = size_t{64} << 10;

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(absl::StrCat("it is damaged: ", what)); }

}  // namespace

std::string DeliverySettings(const Options& options) {
  const kubecost::QuerySettings& query = options.query;
  return absl::CEscape(absl::StrCat("url=", options.endpoint.url, " cluster=", options.cluster_name, " utc-offset=",
                                    base::UtcOffsetText(options.day_utc_offset), " idle=", static_cast<int>(query.idle),
                                    " tenancy=", query.share_tenancy_costs, " namespaces=", query.share_namespaces,
                                    " labels=", query.share_labels, " filter=", query.filter));
}

std::string FormatDelivered(const Delivered& delivered, absl::string_view settings) {
  std::string text = absl::StrCat(kFirstLine, "\n", kSettings, settings, "\n");
  for (const auto& [start, with_pods] : delivered) {
    absl::StrAppend(&text, base::Rfc3339Text(start), " ", with_pods ? kPods : kNamespaces, "\n");
  }
  absl::StrAppend(&text, kEnd, delivered.size(), "\n");
  return text;
}

absl::StatusOr<Delivered> ParseDelivered(absl::string_view text, absl::string_view settings) {
  if (text.empty()) return Damaged("it is empty");
  if (!absl::StartsWith(text, kFirstLine)) return absl::InvalidArgumentError("it is not a state file of this program");
  if (!absl::ConsumeSuffix(&text, "\n")) return Damaged("its last line has no end");
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() < 3 || lines[0] != kFirstLine || !absl::ConsumePrefix(&lines[1], kSettings)) {
    return Damaged("its first lines do not fit");
  }
  size_t count = 0;
  absl::string_view last = lines.back();
  if (!absl::ConsumePrefix(&last, kEnd) || !absl::SimpleAtoi(last, &count) || count != lines.size() - 3) {
    return Damaged("its last line does not fit");
  }
  Delivered delivered;
  for (size_t i = 2; i + 1 < lines.size(); ++i) {
    const std::vector<absl::string_view> words = absl::StrSplit(lines[i], ' ');
    absl::Time start;
    std::string error;
    if (words.size() != 2 || !absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", words[0], &start, &error) ||
        (words[1] != kPods && words[1] != kNamespaces)) {
      return Damaged(absl::StrCat("line ", i + 1, " is no day"));
    }
    delivered[start] = words[1] == kPods;
  }
  if (lines[1] != settings) return absl::FailedPreconditionError("it was written under other settings");
  return delivered;
}

absl::StatusOr<Delivered> LoadDelivered(const std::string& path, absl::string_view settings) {
  const absl::StatusOr<std::string> text = base::ReadSmallFile(path);
  if (absl::IsNotFound(text.status())) return Delivered();
  if (!text.ok()) return absl::InternalError(absl::StrCat("cannot read ", text.status().message()));
  if (text->size() > kMaxBytes) return Damaged("it is too long");
  return ParseDelivered(*text, settings);
}

absl::Status SaveDelivered(const std::string& path, const Delivered& delivered, absl::string_view settings) {
  return base::ReplaceFile(path, FormatDelivered(delivered, settings));
}

DeliveryFile::DeliveryFile(const Options& options) : path_(options.state_path), settings_(DeliverySettings(options)) {}

Delivered DeliveryFile::Load() {
  if (path_.empty()) return {};
  absl::StatusOr<Delivered> delivered = LoadDelivered(path_, settings_);
  if (delivered.ok()) {
    saved_ = *delivered;
    return saved_;
  }
  is_ours_ = !absl::IsInvalidArgument(delivered.status());
  base::Log(base::LogLevel::kWarn,
            is_ours_ ? "the state file is not used, back-fill starts anew; it will be replaced"
                     : "the state file is not used and left as it is, back-fill starts anew at each start",
            {{"path", path_}, {"error", std::string(delivered.status().message())}});
  return {};
}

void DeliveryFile::Save(const Delivered& delivered) {
  if (path_.empty() || !is_ours_ || saved_ == delivered) return;
  const absl::Status status = SaveDelivered(path_, delivered, settings_);
  if (status.ok()) {
    saved_ = delivered;
  } else if (!told_error_) {
    base::Log(base::LogLevel::kWarn, "the state cannot be kept: a restart will repeat the back-fill",
              {{"error", std::string(status.message())}});
  }
  told_error_ = !status.ok();
}

}  // namespace polling
