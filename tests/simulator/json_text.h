// JSON text by appending, in the manner of Go's encoder.
#ifndef TESTS_SIMULATOR_JSON_TEXT_H_
#define TESTS_SIMULATOR_JSON_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace simulator {

// `text` in quotes. `<`, `>` and `&` become \u003c and so on. Bytes that are not UTF-8 go through as they are, and the
// three bytes ED A0 80 become the lone surrogate \ud800, so that broken servers can be imitated.
void AppendJsonString(absl::string_view text, std::string& out);

// Rounded to 5 decimals, the shortest digits that read back the same; `null` for NaN and infinity.
void AppendRounded(double value, std::string& out);

// The shortest digits that read back the same, without rounding.
void AppendShortest(double value, std::string& out);

// "2006-01-02T15:04:05Z", or with "+02:00" in place of Z.
void AppendTime(int64_t unix_seconds, int64_t offset_seconds, std::string& out);

}  // namespace simulator

#endif  // TESTS_SIMULATOR_JSON_TEXT_H_
