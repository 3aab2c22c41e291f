// How the status page looks.
#ifndef EXPORTER_STATUS_STYLE_H_
#define EXPORTER_STATUS_STYLE_H_

#include "absl/strings/string_view.h"

namespace status {

// What stands between <style> and </style>.
extern const absl::string_view kStatusStyle;
// Its SHA-256, base64, by which the browser knows it from a style that somebody smuggled in.
extern const absl::string_view kStatusStyleHash;

}  // namespace status

#endif  // EXPORTER_STATUS_STYLE_H_
