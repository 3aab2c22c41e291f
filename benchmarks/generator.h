// A seeded source of Allocation API answers at pod level, written field by field as Kubecost writes them.
#ifndef BENCHMARKS_GENERATOR_H_
#define BENCHMARKS_GENERATOR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace benchmarks {

struct AnswerShape {
  size_t pods = 1000;
  // Pods of another generation have other names and the same costs: all pods replaced from one day to the next.
  uint64_t generation = 0;
  uint64_t seed = 1;
};

// Equal shapes give equal bytes. One cluster, 50 pods a namespace, 5 a controller, 30 a node; rows sorted by cluster,
// namespace and pod, as recent servers send them; about 2.4 kB a row, two thirds of it not read. Holds one piece at a
// time, so that the memory of what reads it can be measured.
class AnswerGenerator {
 public:
  explicit AnswerGenerator(const AnswerShape& shape) : shape_(shape) {}

  // The next piece, about 32 KiB, valid until the next call; empty at the end.
  absl::string_view Next();

 private:
  const AnswerShape shape_;
  size_t next_pod_ = 0;
  bool ended_ = false;
  std::string piece_;
};

// The whole body.
std::string GenerateAnswer(const AnswerShape& shape);

}  // namespace benchmarks

#endif  // BENCHMARKS_GENERATOR_H_
