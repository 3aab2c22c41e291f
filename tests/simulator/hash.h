// Numbers that depend on nothing but their arguments.

#ifndef KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_HASH_H_
#define KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_HASH_H_

#include <cstdint>

namespace simulator {

// What a hash is for, so that two uses with equal arguments stay unrelated.
enum class Salt : std::uint64_t {
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
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t Hash(std::uint64_t seed, Salt salt, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) {
  std::uint64_t h = Mix(seed ^ (static_cast<std::uint64_t>(salt) << 56));
  h = Mix(h ^ a);
  h = Mix(h ^ b);
  return Mix(h ^ c);
}

// Spreads a hash over [0, 1).
constexpr double Unit(std::uint64_t h) { return static_cast<double>(h >> 11) * 0x1.0p-53; }

constexpr double Between(std::uint64_t h, double low, double high) { return low + (high - low) * Unit(h); }

}  // namespace simulator

#endif  // KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_HASH_H_
