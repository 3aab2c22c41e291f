// A mutex that clang's -Wthread-safety understands.
#ifndef BASE_MUTEX_H_
#define BASE_MUTEX_H_

#include <mutex>

#include "absl/base/thread_annotations.h"

namespace base {

// std::mutex, which libstdc++ leaves without annotations. Not absl::Mutex: Debian's prebuilt one gives false races
// under ThreadSanitizer.
class ABSL_LOCKABLE Mutex {
 public:
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) { return mutex_.try_lock(); }
  // By these names std::condition_variable_any waits on it; the caller holds it before and after.
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }  // NOLINT(readability-identifier-naming)
  void unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }      // NOLINT(readability-identifier-naming)

 private:
  std::mutex mutex_;
};

// Holds the mutex as long as it lives.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace base

#endif  // BASE_MUTEX_H_
