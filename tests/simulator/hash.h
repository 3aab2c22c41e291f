// Numbers that depend on nothing but their arguments.
#ifndef TESTS_SIMULATOR_HASH_H_
#define TESTS_SIMULATOR_HASH_H_

#include <cstdint>

namespace simulator {

// What a hash is for, so that two uses with equal arguments stay unrelated.
enum class Salt : uint64_t {
  kWorkload = 1,
  kReplicas,
  kNode,
  kLife,
  kGap,
  kName,
  kRestart,
  kUsage,
  kNetwork,
  kAdjustment,
  kNegative,
  kIdle,
  kStorage,
  kOddity,
  kUid,
  kVanish,
  kMove,
  kLacking,
};

// SplitMix64's finisher (Steele, Lea, Flood 2014).
constexpr uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr uint64_t Hash(uint64_t seed, Salt salt, uint64_t a, uint64_t b = 0, uint64_t c = 0) {
  uint64_t hash = Mix(seed ^ (static_cast<uint64_t>(salt) << 56));
  hash = Mix(hash ^ a);
  hash = Mix(hash ^ b);
  return Mix(hash ^ c);
}

// Spreads a hash over [0, 1).
constexpr double Unit(uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1.0p-53; }

constexpr double Between(uint64_t hash, double low, double high) { return low + (high - low) * Unit(hash); }

}  // namespace simulator

#endif  // TESTS_SIMULATOR_HASH_H_
