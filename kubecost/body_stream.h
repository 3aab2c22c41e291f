// A RapidJSON input stream over a body that arrives in pieces.
#ifndef KUBECOST_BODY_STREAM_H_
#define KUBECOST_BODY_STREAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kubecost/answer.h"

namespace kubecost {

// What some gateways put before a body; RFC 8259 lets a reader ignore it.
inline constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Models RapidJSON's read-only Stream concept (Peek, Take, Tell) without including it. After the end, and after an
// error of the source, it yields NUL without end. Not copyable: the parser must take it by reference.
class BodyStream {
 public:
  using Ch = char;

  // No single token (a string, a number, white space) may be longer than this.
  static constexpr uint64_t kMaxTokenBytes = uint64_t{1} << 20;

  explicit BodyStream(ByteSource source);
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  Ch Peek() const { return *current_; }
  Ch Take() {
    const Ch c = *current_;
    if (++current_ == end_) Refill();
    return c;
  }
  size_t Tell() const { return static_cast<size_t>(consumed_before_ + static_cast<uint64_t>(current_ - begin_)); }

  // Never called by a reader; the Stream concept wants them.
  Ch* PutBegin() { return nullptr; }
  void Put(Ch) {}
  void Flush() {}
  size_t PutEnd(Ch*) { return 0; }

  // Tells that a token has been delivered, which starts the count towards kMaxTokenBytes anew.
  void MarkToken() { token_start_ = Tell(); }

  void SkipSpace();
  // To be called first: passes over a byte order mark and space.
  void SkipToValue();
  // No byte is left.
  bool at_end() const { return ended_; }

  // To be called inside the Key event: passes over the ':' and the value behind it, whatever their depth and size,
  // and lets the parser see ":0" instead. What the parser does not need (labels, pvs, breakdowns: three quarters of
  // an answer) then costs a scan instead of a parse, and no depth of nesting can reach the parser.
  void ReplaceValueByZero();

  // A short cut for members that follow the one whose Key event this is, measured to halve the time of an answer. Each
  // takes what stands whole and plain (no escape, no space) in the present piece, or returns false and leaves it to the
  // parser. A caller that has taken a value without the parser's knowledge ends with ShowZero().
  // `,"key"`:
  bool TakeKey(absl::string_view& key);
  // `:number` before a ',' or '}':
  bool TakeNumber(absl::string_view& number);
  // `:"text"` before a ',' or '}':
  bool TakeText(absl::string_view& text);
  // `:value` of any kind and size; false when there is no ':'.
  bool PassOverValue();
  // The parser sees ":0", the value of the key it knows of.
  void ShowZero();

  // Why the body ended before its end; OK when it ended by itself.
  const absl::Status& status() const { return status_; }
  // Bytes the source has given so far.
  uint64_t bytes() const { return bytes_; }

 private:
  using CharSet = std::array<bool, 256>;

  void Refill();
  bool TakePlainString(char mark, absl::string_view& text);
  // Goes on to the next character of `stop`; all sets hold NUL.
  void SkipTo(const CharSet& stop);
  void SkipString();
  void SkipPlainText();
  void SkipScalar();
  void SkipNested();
  // Shows `text` to the parser before going on at the present place.
  void Inject(absl::string_view text);

  ByteSource source_;
  absl::Status status_;
  const char* begin_;
  const char* current_;
  const char* end_;
  uint64_t consumed_before_ = 0;
  uint64_t token_start_ = 0;
  uint64_t bytes_ = 0;
  // The place to return to after injected text.
  absl::string_view resume_;
  bool injected_ = false;
  bool skipping_ = false;
  bool ended_ = false;
};

}  // namespace kubecost

#endif  // KUBECOST_BODY_STREAM_H_
