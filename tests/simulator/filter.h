// The `filter` parameter, version 2 of its language: field:"value","or this", joined by + (and) or | (or), grouped by
// parentheses.
#ifndef TESTS_SIMULATOR_FILTER_H_
#define TESTS_SIMULATOR_FILTER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulator/world.h"

namespace simulator {

// Understands what opencost's core/pkg/filter/ast does: one group holds either + or |, not both; a value ends at the
// next quote, for a backslash is a character like any other; "__unallocated__" means no value. Stricter in one point:
// text after the end of a filter is an error. An empty filter matches everything.
class Filter {
 public:
  // Returns "" and replaces `filter`, or what is wrong in the server's words.
  static std::string Parse(absl::string_view text, Filter& filter);

  bool Matches(const Identity& id) const;

 private:
  enum class Operator { kEquals, kContains, kStartsWith, kEndsWith };
  struct Term {
    absl::string_view Identity::*field = nullptr;
    Operator op = Operator::kEquals;
    bool negated = false;
    std::vector<std::string> values;
  };
  struct Group {
    bool any = false;  // one member is enough
    std::vector<Term> terms;
    std::vector<Group> groups;
  };
  class Parser;

  static bool TermMatches(const Term& term, const Identity& id);
  static bool GroupMatches(const Group& group, const Identity& id);

  Group root_;  // without members for an empty filter
};

}  // namespace simulator

#endif  // TESTS_SIMULATOR_FILTER_H_
