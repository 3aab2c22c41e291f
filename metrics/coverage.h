// When any of many things ran.
#ifndef METRICS_COVERAGE_H_
#define METRICS_COVERAGE_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/day.h"

namespace metrics {

struct Extent {
  // From the first moment to the last.
  base::Window span;
  // How much of it anything ran.
  absl::Duration covered;
};

// The union of many windows. Most pods run all day, so most windows lie within one that is known already.
class Coverage {
 public:
  // A window that ends before it starts is ignored.
  void Add(const base::Window& window);
  void Add(const Coverage& other);

  // Nothing before the first window.
  std::optional<Extent> extent() const;
  // The windows' lengths together, each in whole seconds.
  absl::Duration ran() const { return ran_; }

 private:
  // Disjoint, not touching, sorted.
  std::vector<base::Window> windows_;
  absl::Duration ran_;
};

}  // namespace metrics

#endif  // METRICS_COVERAGE_H_
