#include "kubecost/credentials.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/files.h"
#include "base/pem.h"
#include "base/text.h"

namespace kubecost {
namespace {

using Texts = std::vector<std::string>;

// Anything shorter in a message is more likely a word than a secret.
constexpr size_t kMinSecretBytes = 4;

// What the file holds, which must be something.
absl::StatusOr<std::string> ReadFilled(const std::string& path) {
  absl::StatusOr<std::string> text = base::ReadSmallFile(path);
  // As some editors put it before a text; no secret begins with it.
  constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.ok() && absl::StartsWith(*text, kByteOrderMark)) text->erase(0, kByteOrderMark.size());
  if (text.ok() && absl::StripAsciiWhitespace(*text).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  }
  return text;
}

bool IsHeaderName(absl::string_view name) {
  constexpr absl::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kOthers.find(c) != kOthers.npos;
  });
}

// Those of the connection, of the message's form, and those that change what an answer is.
bool IsReservedHeader(absl::string_view name) {
  for (const absl::string_view reserved :
       {"Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer",
        "Upgrade", "Expect", "Accept", "Accept-Encoding", "Range", "User-Agent"}) {
    if (absl::EqualsIgnoreCase(name, reserved)) return true;
  }
  return absl::StartsWithIgnoreCase(name, "Proxy-") || absl::StartsWithIgnoreCase(name, "If-");
}

// Where the longest beginning of `secret` starts that `text` ends with; the end of the text when there is nothing to
// hide.
size_t BeginOfSecret(absl::string_view text, absl::string_view secret) {
  for (size_t size = std::min(secret.size() - 1, text.size()); size >= kMinSecretBytes; --size) {
    if (absl::EndsWith(text, secret.substr(0, size))) return text.size() - size;
  }
  return text.size();
}

absl::Status TakeAuthorities(const Texts& texts, const AccessSettings&, Access& access) {
  const absl::StatusOr<absl::Time> not_after = base::EarliestNotAfter(texts[0]);
  if (!not_after.ok()) return not_after.status();
  access.ca_pem = texts[0];
  access.ca_not_after = *not_after;
  return absl::OkStatus();
}

absl::Status TakePair(const Texts& texts, const AccessSettings&, Access& access) {
  const absl::Status pair = base::CheckKeyPair(texts[0], texts[1]);
  if (!pair.ok()) return pair;
  access.cert_pem = texts[0];
  access.key_pem = texts[1];
  return absl::OkStatus();
}

absl::Status TakePassword(const Texts& texts, const AccessSettings& settings, Access& access) {
  absl::string_view password = texts[0];
  // As an editor or echo leaves it; spaces may be meant.
  absl::ConsumeSuffix(&password, "\n");
  absl::ConsumeSuffix(&password, "\r");
  if (base::HasControl(password)) return absl::InvalidArgumentError("holds more than one line, or control characters");
  access.secret = std::string(password);
  access.authorization = absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(settings.username, ":", password)));
  return absl::OkStatus();
}

absl::Status TakeToken(const Texts& texts, const AccessSettings&, Access& access) {
  const absl::string_view token = absl::StripAsciiWhitespace(texts[0]);
  if (base::HasSpaceOrControl(token)) {
    return absl::InvalidArgumentError("holds more than a token: spaces, several lines or control characters");
  }
  access.secret = std::string(token);
  access.authorization = absl::StrCat("Bearer ", token);
  return absl::OkStatus();
}

absl::Status TakeHeaders(const Texts& texts, const AccessSettings& settings, Access& access) {
  std::vector<std::string> headers;
  std::vector<std::string> names;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(texts[0], '\n')) {
    ++number;
    absl::ConsumeSuffix(&line, "\r");
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    // Never the line itself: a file with a bare key is a common mistake.
    const auto problem = [number](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, " ", what));
    };
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 1));
    const absl::string_view value = absl::StripAsciiWhitespace(parts.second);
    if (!absl::StrContains(line, ":") || !IsHeaderName(parts.first)) return problem("is not of the form Name: value");
    if (value.empty()) return problem("has a name without a value");
    if (base::HasControl(value)) return problem("holds control characters");
    if (IsReservedHeader(parts.first)) {
      return problem(absl::StrCat("sets the header ", parts.first, ", which is the exporter's own"));
    }
    if (absl::EqualsIgnoreCase(parts.first, "Authorization") &&
        (!settings.token_file.empty() || !settings.password_file.empty())) {
      return problem("sets the header Authorization, which --kubecost.username or --kubecost.token-file sets already");
    }
    names.push_back(absl::AsciiStrToLower(parts.first));
    if (std::count(names.begin(), names.end(), names.back()) > 1) {
      return problem(absl::StrCat("sets the header ", parts.first, " a second time"));
    }
    headers.push_back(absl::StrCat(parts.first, ": ", value));
  }
  access.headers = std::move(headers);
  return absl::OkStatus();
}

}  // namespace

std::string AccessSettings::CredentialFlags() const {
  std::vector<absl::string_view> flags;
  if (!password_file.empty()) flags.push_back("--kubecost.password-file");
  if (!token_file.empty()) flags.push_back("--kubecost.token-file");
  if (!header_file.empty()) flags.push_back("--kubecost.header-file");
  return absl::StrJoin(flags, " and ");
}

std::string Access::WithoutSecrets(absl::string_view text) const {
  std::vector<absl::string_view> values = {authorization};
  for (const std::string& header : headers) values.push_back(absl::string_view(header).substr(header.find(": ") + 2));
  std::vector<std::pair<std::string, absl::string_view>> replacements;
  const auto hide = [&](absl::string_view value) {
    if (value.size() < kMinSecretBytes) return;
    replacements.emplace_back(value, "***");
    for (size_t mark = text.find(base::kCutMark); mark != text.npos; mark = text.find(base::kCutMark, mark + 1)) {
      const size_t begin = BeginOfSecret(text.substr(0, mark), value);
      if (begin < mark) replacements.emplace_back(text.substr(begin, mark + base::kCutMark.size() - begin), "***...");
    }
  };
  hide(secret);
  for (const absl::string_view value : values) {
    hide(value);
    // Behind a scheme: "Basic ...".
    if (absl::StrContains(value, " ")) hide(value.substr(value.rfind(' ') + 1));
  }
  return absl::StrReplaceAll(text, replacements);
}

AccessFiles::AccessFiles(AccessSettings settings, std::function<void(const FileEvent&, const Access&)> on_event)
    : settings_(std::move(settings)), on_event_(std::move(on_event)) {
  const Texts pair = {settings_.cert_file, settings_.key_file};
  parts_ = {{{"kubecost.ca-file"}, {settings_.ca_file}, ErrorReason::kTls, TakeAuthorities, false},
            {{"kubecost.cert-file", "kubecost.key-file"}, pair, ErrorReason::kTls, TakePair, false},
            {{"kubecost.password-file"}, {settings_.password_file}, ErrorReason::kAuth, TakePassword, true},
            {{"kubecost.token-file"}, {settings_.token_file}, ErrorReason::kAuth, TakeToken, true},
            {{"kubecost.header-file"}, {settings_.header_file}, ErrorReason::kAuth, TakeHeaders, true}};
  // One file of a pair alone is refused by ConnectionProblems().
  std::erase_if(parts_, [](const Part& part) { return std::count(part.paths.begin(), part.paths.end(), "") > 0; });
  Refresh();
}

bool AccessFiles::Refresh() {
  bool is_changed = false;
  for (Part& part : parts_) is_changed = RefreshPart(part) || is_changed;
  return is_changed;
}

absl::Status AccessFiles::Read(const Part& part, std::vector<std::string>& texts) const {
  for (const std::string& path : part.paths) {
    absl::StatusOr<std::string> text = ReadFilled(path);
    if (text.ok()) {
      texts.push_back(*std::move(text));
      continue;
    }
    // Somebody may have given the secret itself in place of a file's name.
    const bool may_be_secret =
        part.is_secret && !part.is_taken && absl::IsNotFound(text.status()) && path[0] != '/' && path[0] != '.';
    return absl::InvalidArgumentError(may_be_secret ? "there is no file of the name given (not repeated here, it may "
                                                      "be the secret itself): a file's path is wanted"
                                                    : text.status().message());
  }
  return absl::OkStatus();
}

absl::Status AccessFiles::ReadAndTake(const Part& part, std::vector<std::string>& texts) {
  texts.clear();
  absl::Status status = Read(part, texts);
  if (!status.ok() || texts == part.texts) return status;
  status = part.take(texts, settings_, access_);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(part.paths, ", "), ": ", status.message()));
}

bool AccessFiles::RefreshPart(Part& part) {
  const bool is_first = !part.is_taken && part.status.ok();
  std::vector<std::string> texts;
  absl::Status status = ReadAndTake(part, texts);
  // Files that belong together may have been replaced between the one and the other.
  if (!status.ok() && part.paths.size() > 1) status = ReadAndTake(part, texts);
  const bool is_changed = status.ok() && texts != part.texts;
  if (is_changed) part.texts = std::move(texts);
  part.is_taken = part.is_taken || is_changed;
  const bool was_ok = std::exchange(part.status, status).ok();
  if (on_event_ && (is_first || is_changed || was_ok != status.ok())) {
    on_event_({part.flags, part.paths, status, is_first, is_changed}, access_);
  }
  return is_changed;
}

absl::Status AccessFiles::status() const {
  for (const Part& part : parts_) {
    if (part.is_taken) continue;
    return ApiError(part.reason, absl::StrCat("--", part.flags[0], ": ", part.status.message()));
  }
  return absl::OkStatus();
}

std::vector<std::string> AccessFiles::Problems() const {
  std::vector<std::string> problems;
  for (const Part& part : parts_) {
    if (!part.status.ok()) {
      problems.push_back(absl::StrCat("--", absl::StrJoin(part.flags, ", --"), ": ", part.status.message()));
    }
  }
  return problems;
}

}  // namespace kubecost
