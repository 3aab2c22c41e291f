#include "kubecost/body_stream.h"

#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kubecost/api_error.h"

namespace kubecost {
namespace {

constexpr char kEnd[] = {'\0'};
constexpr absl::string_view kZeroValue = ":0";

constexpr std::array<bool, 256> CharsOf(absl::string_view chars) {
  std::array<bool, 256> set{};
  for (const char c : chars) set[static_cast<unsigned char>(c)] = true;
  return set;
}

// NUL ends every run: it stands at the end of the body and nowhere else in JSON.
constexpr std::array<bool, 256> kEndsStringRun = CharsOf(absl::string_view("\"\\\0", 3));
constexpr std::array<bool, 256> kEndsScalar = CharsOf(absl::string_view(",}] \n\t\r\0", 8));
constexpr std::array<bool, 256> kStructural = CharsOf(absl::string_view("\"{}[]\0", 6));

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

BodyStream::BodyStream(ByteSource source) : source_(source), begin_(kEnd), current_(kEnd), end_(kEnd) { Refill(); }

void BodyStream::Refill() {
  if (injected_) {
    injected_ = false;
    begin_ = current_ = resume_.data();
    end_ = begin_ + resume_.size();
    return;
  }
  if (!ended_) consumed_before_ += static_cast<uint64_t>(end_ - begin_);
  if (skipping_) token_start_ = consumed_before_;  // what is passed over takes no memory
  absl::string_view piece;
  if (!ended_) {
    if (consumed_before_ - token_start_ > kMaxTokenBytes) {
      status_ = ApiError(ErrorReason::kTooLarge, absl::StrCat("more than ", kMaxTokenBytes,
                                                              " bytes within a single JSON token or between two; "
                                                              "--kubecost.url must lead to the Allocation API"));
    } else {
      absl::StatusOr<absl::string_view> next = source_();
      if (next.ok()) {
        piece = *next;
      } else {
        status_ = next.status();
      }
    }
  }
  bytes_ += piece.size();
  ended_ = piece.empty();
  begin_ = current_ = piece.empty() ? kEnd : piece.data();
  end_ = piece.empty() ? kEnd + 1 : begin_ + piece.size();
}

void BodyStream::Inject(absl::string_view text) {
  resume_ = absl::string_view(current_, static_cast<size_t>(end_ - current_));
  consumed_before_ += static_cast<uint64_t>(current_ - begin_);
  injected_ = true;
  begin_ = current_ = text.data();
  end_ = begin_ + text.size();
}

void BodyStream::SkipSpace() {
  while (IsSpace(*current_)) Take();
}

void BodyStream::SkipTo(const CharSet& stop) {
  while (true) {
    const char* p = current_;
    while (p != end_ && !stop[static_cast<unsigned char>(*p)]) ++p;
    current_ = p;
    if (p != end_) return;
    Refill();
  }
}

void BodyStream::SkipString() {
  Take();  // the opening quote
  while (true) {
    SkipTo(kEndsStringRun);
    const char c = Take();
    if (c != '\\') return;  // the closing quote, or the end of the body
    Take();                 // the escaped character
  }
}

void BodyStream::SkipScalar() { SkipTo(kEndsScalar); }

void BodyStream::SkipNested() {
  uint64_t depth = 0;
  while (true) {
    SkipTo(kStructural);
    const char c = *current_;
    if (c == '\0') return;
    if (c == '"') {
      SkipString();
      continue;
    }
    Take();
    if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      return;
    }
  }
}

void BodyStream::ReplaceValueByZero() {
  SkipSpace();
  if (*current_ != ':') return;  // for the parser to complain about
  skipping_ = true;
  Take();
  SkipSpace();
  const char c = *current_;
  if (c == '"') {
    SkipString();
  } else if (c == '{' || c == '[') {
    SkipNested();
  } else {
    SkipScalar();
  }
  skipping_ = false;
  Inject(kZeroValue);
  MarkToken();
}

}  // namespace kubecost
