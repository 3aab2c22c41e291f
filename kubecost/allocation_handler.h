// The SAX events of an Allocation API answer -> rows. Knows JSON's shape, not the library that reads it.
#ifndef KUBECOST_ALLOCATION_HANDLER_H_
#define KUBECOST_ALLOCATION_HANDLER_H_

#include <array>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/day.h"
#include "kubecost/allocation.h"
#include "kubecost/answer.h"
#include "kubecost/body_stream.h"
#include "kubecost/row_fields.h"

namespace kubecost {

// HTTP 200 with a `code` in the body that says otherwise.
absl::Status UpstreamCodeError(absl::string_view code, absl::string_view message);

// Models RapidJSON's Handler concept, for numbers as text. A state machine over the few places of the document that
// matter: what it does not know is passed over inside the stream, and nesting where none belongs ends the parse, so
// the parser's recursion cannot run deep. A method that returns false ends the parse; status() says why.
class AllocationHandler {
 public:
  AllocationHandler(BodyStream& stream, Envelope envelope, AllocationSink sink)
      : stream_(stream), sink_(sink), envelope_(envelope) {}

  bool Null();
  bool Bool(bool value);
  bool RawNumber(const char* text, unsigned length, bool copy);
  bool String(const char* text, unsigned length, bool copy);
  bool StartObject();
  bool Key(const char* text, unsigned length, bool copy);
  bool EndObject(unsigned members);
  bool StartArray();
  bool EndArray(unsigned elements);

  // Never called: numbers arrive as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  // To be called when the parse has ended well: what the envelope says about the rows.
  absl::StatusOr<ParsedAnswer> Finish() const;

  const absl::Status& status() const { return status_; }

 private:
  enum class State { kStart, kEnvelope, kEnvelopeValue, kData, kSet, kRow, kProperties, kWindow };
  enum class EnvelopeKey { kCode, kMessage, kData, kOther };

  bool Fail(absl::string_view message);
  bool FailOnNesting(absl::string_view kind);
  bool EnvelopeText(absl::string_view text);
  std::string* PropertyOf(absl::string_view key);
  bool TakeRowMembers();
  void StartRow();
  // The field holds `value`, which is not a number.
  void SetUnknown(absl::string_view value);
  void SetNumber(absl::string_view text);
  // Where the text of the present field goes; null for fields that are no text.
  std::string* TextOfField();
  double Number(RowField field) const { return numbers_[static_cast<size_t>(field)]; }
  void NoteCluster();
  bool EndRow();
  std::optional<base::Window> ParseWindow();

  // Constant after construction.
  BodyStream& stream_;
  AllocationSink sink_;
  const Envelope envelope_;

  absl::Status status_;
  ParsedAnswer answer_;
  State state_ = State::kStart;
  EnvelopeKey key_ = EnvelopeKey::kOther;
  bool has_data_ = false;
  std::string code_;
  std::string message_;

  // Of all rows so far.
  std::string first_cluster_;
  bool has_several_clusters_ = false;

  // The row being read.
  Allocation row_;
  RowField field_ = RowField::kNone;
  std::array<double, static_cast<size_t>(RowField::kNumberCount)> numbers_{};
  std::string* property_ = nullptr;     // where the next text of `properties` goes
  std::string* window_text_ = nullptr;  // where the next text of `window` goes
  std::string window_start_;
  std::string window_end_;
  std::string start_;
  std::string end_;

  // The last window that was parsed: all rows of a set carry the same two texts.
  std::string parsed_start_;
  std::string parsed_end_;
  std::optional<base::Window> parsed_window_;
};

}  // namespace kubecost

#endif  // KUBECOST_ALLOCATION_HANDLER_H_
