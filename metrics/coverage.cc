#include "metrics/coverage.h"

#include <algorithm>

#include "base/day.h"

namespace metrics {

void Coverage::Add(const base::Window& window) {
  if (window.end <= window.start) return;
  ran_ += absl::Trunc(window.end - window.start, absl::Seconds(1));
  // The windows that `window` touches become one with it.
  const auto first = std::find_if(windows_.begin(), windows_.end(),
                                  [&window](const base::Window& each) { return each.end >= window.start; });
  if (first != windows_.end() && first->Contains(window)) return;
  const auto last =
      std::find_if(first, windows_.end(), [&window](const base::Window& each) { return each.start > window.end; });
  base::Window whole = window;
  if (first != last) {
    whole.start = std::min(whole.start, first->start);
    whole.end = std::max(whole.end, std::prev(last)->end);
  }
  windows_.insert(windows_.erase(first, last), whole);
}

void Coverage::Add(const Coverage& other) {
  const absl::Duration ran = ran_ + other.ran_;
  for (const base::Window& window : other.windows_) Add(window);
  ran_ = ran;
}

std::optional<Extent> Coverage::extent() const {
  if (windows_.empty()) return std::nullopt;
  absl::Duration covered;
  for (const base::Window& window : windows_) covered += window.end - window.start;
  return Extent{{windows_.front().start, windows_.back().end}, covered};
}

}  // namespace metrics
