// Whether the server has what a view asks for.
#ifndef EXPORTER_POLLING_SUPPORT_H_
#define EXPORTER_POLLING_SUPPORT_H_

#include <utility>

#include "absl/time/time.h"

namespace polling {

// A server that is starting, or in trouble, fails at everything: a failure counts against the view only when a closed
// day was read after it, and one failure an hour at most. The first failure after enough that count switches the view
// off, until it works. Durations are by Clock::Elapsed(). For one thread.
class Support {
 public:
  void TakeSuccess() { *this = {}; }

  // A failure that a server without the view may give. True when the view is off now; `enough` failures count before.
  bool TakeFailure(int enough) {
    has_failed_ = true;
    return is_off_ = is_off_ || counted_ >= enough;
  }

  // A closed day was read at `elapsed`. True when a failure counts: the view is worth another try.
  bool TakeDay(absl::Duration elapsed) {
    if (is_off_ || !std::exchange(has_failed_, false) || elapsed < next_) return false;
    ++counted_;
    next_ = elapsed + absl::Hours(1);
    return true;
  }

  bool is_off() const { return is_off_; }

 private:
  bool has_failed_ = false;  // and no closed day was read since
  bool is_off_ = false;
  int counted_ = 0;
  absl::Duration next_ = absl::ZeroDuration();  // from when on a failure may count
};

}  // namespace polling

#endif  // EXPORTER_POLLING_SUPPORT_H_
