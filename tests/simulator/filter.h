// The `filter` parameter: field:"value", joined by + (and) or | (or).

#ifndef KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_FILTER_H_
#define KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_FILTER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/world.h"

namespace simulator {

// A disjunction of conjunctions, without nested parentheses. An empty filter
// matches everything.
class Filter {
 public:
  // Returns "" and replaces `*filter`, or what is wrong in the server's words.
  static std::string Parse(absl::string_view text, Filter* filter);

  bool Matches(const Identity& id) const;
  bool empty() const { return any_of_.empty(); }

 private:
  enum class Operator { kEquals, kContains, kStartsWith, kEndsWith };
  struct Term {
    absl::string_view Identity::*field = nullptr;
    Operator op = Operator::kEquals;
    bool negated = false;
    std::vector<std::string> values;
  };
  class Parser;

  static bool TermMatches(const Term& term, const Identity& id);

  std::vector<std::vector<Term>> any_of_;
};

}  // namespace simulator

#endif  // KUBECOST_ALLOCATION_EXPORTER_TESTS_SIMULATOR_FILTER_H_
