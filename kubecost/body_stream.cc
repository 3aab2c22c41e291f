#include "kubecost/body_stream.h"

#include <array>
#include <cstring>

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
constexpr std::array<bool, 256> PlainTextEnds() {
  std::array<bool, 256> set = CharsOf("\"\\");
  for (size_t c = 0; c < 0x20; ++c) set[c] = true;
  return set;
}
constexpr std::array<bool, 256> kEndsPlainText = PlainTextEnds();
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

void BodyStream::SkipToValue() {
  for (const char c : kByteOrderMark) {
    if (*current_ == c) Take();
  }
  SkipSpace();
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

// Eight bytes at a time, as far as they hold nothing that ends a run (the well-known "has a zero byte" test).
void BodyStream::SkipPlainText() {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const auto has = [](uint64_t word, char c) {
    const uint64_t x = word ^ (kOnes * static_cast<unsigned char>(c));
    return (x - kOnes) & ~x & kHighs;
  };
  for (; end_ - current_ > 8; current_ += 8) {
    uint64_t word;
    std::memcpy(&word, current_, 8);
    if ((has(word, '"') | has(word, '\\') | has(word, '\0')) != 0) return;
  }
}

void BodyStream::SkipString() {
  Take();  // the opening quote
  while (true) {
    SkipPlainText();
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

// The string behind `mark`, if it stands plain in the present piece with a character behind it.
bool BodyStream::TakePlainString(char mark, absl::string_view& text) {
  if (end_ - current_ < 4 || current_[0] != mark || current_[1] != '"') return false;
  const char* const begin = current_ + 2;
  const char* p = begin;
  while (p != end_ && !kEndsPlainText[static_cast<unsigned char>(*p)]) ++p;
  if (end_ - p < 2 || *p != '"') return false;
  text = absl::string_view(begin, static_cast<size_t>(p - begin));
  current_ = p + 1;
  return true;
}

bool BodyStream::TakeKey(absl::string_view& key) { return TakePlainString(',', key); }

bool BodyStream::TakeText(absl::string_view& text) {
  const char* const before = current_;
  if (TakePlainString(':', text) && (*current_ == ',' || *current_ == '}')) return true;
  current_ = before;
  return false;
}

bool BodyStream::TakeNumber(absl::string_view& number) {
  if (*current_ != ':') return false;
  const char* const begin = current_ + 1;
  const char* p = begin;
  const auto digits = [&p, this] {
    const char* const first = p;
    while (p != end_ && *p >= '0' && *p <= '9') ++p;
    return p != first;
  };
  if (p != end_ && *p == '-') ++p;
  const char* const whole = p;
  if (!digits() || (*whole == '0' && p - whole > 1)) return false;
  if (p != end_ && *p == '.') {
    ++p;
    if (!digits()) return false;
  }
  if (p == end_ || (*p != ',' && *p != '}')) return false;
  number = absl::string_view(begin, static_cast<size_t>(p - begin));
  current_ = p;
  return true;
}

bool BodyStream::PassOverValue() {
  SkipSpace();
  if (*current_ != ':') return false;  // for the parser to complain about
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
  return true;
}

void BodyStream::ShowZero() {
  Inject(kZeroValue);
  MarkToken();
}

void BodyStream::ReplaceValueByZero() {
  if (PassOverValue()) ShowZero();
}

}  // namespace kubecost
