// A shared place for the newest of something immutable.
#ifndef BASE_CELL_H_
#define BASE_CELL_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace base {

// Hands the newest T from the poller to the server's threads. Safe from any thread; the lock is held to copy a pointer.
// Not std::atomic<std::shared_ptr>: ThreadSanitizer finds a race inside libstdc++'s.
template <typename T>
class Cell {
 public:
  Cell() : current_(std::make_shared<const T>()) {}

  // Never null.
  std::shared_ptr<const T> Current() const {
    const MutexLock lock(mutex_);
    return current_;
  }
  void Publish(std::shared_ptr<const T> next) {
    {
      const MutexLock lock(mutex_);
      current_.swap(next);
    }
    // The former value may be freed here, outside the lock.
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> current_ ABSL_GUARDED_BY(mutex_);  // never null
};

}  // namespace base

#endif  // BASE_CELL_H_
