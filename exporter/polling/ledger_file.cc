#include "exporter/polling/ledger_file.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/log.h"

namespace polling {

absl::StatusOr<Ledger> ReadLedger(const Options& options) {
  if (options.state_path.empty()) return Ledger();
  const absl::StatusOr<std::string> text = base::ReadSmallFile(options.state_path);
  if (absl::IsNotFound(text.status())) return Ledger();
  if (!text.ok()) return text.status();
  return ParseLedger(*text, LedgerSettings(options));
}

LedgerFile::LedgerFile(const Options& options)
    : options_(options), path_(options.state_path), settings_(LedgerSettings(options)) {}

Ledger LedgerFile::Load() {
  absl::StatusOr<Ledger> ledger = ReadLedger(options_);
  if (ledger.ok()) return *std::move(ledger);
  base::LogFields fields = {{"path", path_}, {"error", std::string(ledger.status().message())}};
  const bool may_be_set_aside = absl::IsDataLoss(ledger.status()) || absl::IsFailedPrecondition(ledger.status());
  const std::string aside = absl::StrCat(path_, ".set-aside");
  is_ours_ = may_be_set_aside && std::rename(path_.c_str(), aside.c_str()) == 0;
  if (is_ours_) fields.emplace_back("set_aside", aside);
  base::Log(base::LogLevel::kWarn,
            is_ours_ ? "the state file is not used: days are proven and served anew"
                     : "the state file is not used and left as it is: days are proven and served anew at each start; "
                       "give another --state.path",
            fields);
  return {};
}

void LedgerFile::Save(const Ledger& ledger, absl::Duration elapsed, bool now_or_never) {
  if (path_.empty() || !is_ours_ || (elapsed < next_save_ && !now_or_never)) return;
  next_save_ = elapsed + kSaveInterval;
  std::string text = FormatLedger(ledger, settings_);
  if (text == saved_) return;
  const absl::Status status = base::ReplaceFile(path_, text);
  if (status.ok()) {
    saved_ = std::move(text);
  } else if (!told_error_) {
    base::Log(base::LogLevel::kWarn, "the state cannot be kept: after a restart days are proven and served anew",
              {{"error", std::string(status.message())}});
  }
  told_error_ = !status.ok();
}

absl::Status LedgerFile::Check(const Options& options) {
  if (options.state_path.empty()) return absl::OkStatus();
  const absl::Status read = ReadLedger(options).status();
  // Those two are set aside.
  if (!read.ok() && !absl::IsDataLoss(read) && !absl::IsFailedPrecondition(read)) {
    return absl::Status(read.code(), absl::StrCat("--state.path: ", read.message()));
  }
  const absl::Status write = base::OutputFile::Create(options.state_path).status();
  return write.ok() ? write : absl::Status(write.code(), absl::StrCat("--state.path: ", write.message()));
}

}  // namespace polling
