#include "tests/simulator/filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

struct Field {
  absl::string_view name;
  absl::string_view Identity::*member;
};

// `controller` is not among them, as on the real server.
constexpr std::array<Field, 7> kFields = {{
    {"cluster", &Identity::cluster},
    {"node", &Identity::node},
    {"namespace", &Identity::namespace_name},
    {"pod", &Identity::pod},
    {"container", &Identity::container},
    {"controllerName", &Identity::controller},
    {"controllerKind", &Identity::kind},
}};

std::string Problem(absl::string_view what) {
  return absl::StrCat("invalid filter: parsing filter: 1 error occurred:\n\t* ", what, "\n\n");
}

std::string Problem(absl::string_view at, absl::string_view expected) {
  return Problem(at.empty() ? absl::StrCat("at end: expect ", expected)
                            : absl::StrCat("at '", at, "': expect ", expected));
}

}  // namespace

class Filter::Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  std::string Run(Filter& filter) {
    Group root;
    std::string error = ReadGroup(0, root);
    if (!error.empty()) return error;
    if (!rest_.empty()) {
      return rest_.front() == ')' ? Problem("Found ')' without matching '('") : Problem(rest_, "group operator");
    }
    filter.root_ = std::move(root);
    return "";
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
      rest_.remove_prefix(1);
    }
  }

  bool Eat(absl::string_view token) {
    if (!absl::StartsWith(rest_, token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // Members joined by one kind of operator, up to ')' or the end.
  std::string ReadGroup(int depth, Group& group) {
    char joined_by = '\0';
    for (;;) {
      std::string error = ReadMember(depth, group);
      if (!error.empty()) return error;
      SkipSpace();
      if (rest_.empty() || (rest_.front() != '+' && rest_.front() != '|')) return "";
      if (joined_by == '\0') joined_by = rest_.front();
      if (rest_.front() != joined_by) {
        return Problem(joined_by == '+' ? "Found \"or\", Expected \"plus\"" : "Found \"plus\", Expected \"or\"");
      }
      group.any = joined_by == '|';
      rest_.remove_prefix(1);
    }
  }

  std::string ReadMember(int depth, Group& group) {
    constexpr int kMaxDepth = 100;
    SkipSpace();
    if (!Eat("(")) return ReadTerm(group.terms.emplace_back());
    if (depth == kMaxDepth) return Problem("too many parentheses");
    std::string error = ReadGroup(depth + 1, group.groups.emplace_back());
    if (!error.empty()) return error;
    return Eat(")") ? "" : Problem("Found '(' without matching ')'");
  }

  std::string ReadTerm(Term& term) {
    SkipSpace();
    size_t length = 0;
    while (length < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[length])) != 0) {
      ++length;
    }
    const absl::string_view name = rest_.substr(0, length);
    const auto* field = std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.name == name; });
    if (field == kFields.end()) return Problem(name.empty() ? rest_.substr(0, 1) : name, "filter field");
    term.field = field->member;
    rest_.remove_prefix(length);
    SkipSpace();
    if (!ReadOperator(term)) return Problem(rest_, "filter op like ':', '!:', '~:', or '!~:'");
    return ReadValues(term);
  }

  bool ReadOperator(Term& term) {
    term.negated = Eat("!");
    if (Eat("<~:")) {
      term.op = Operator::kStartsWith;
    } else if (Eat("~>:")) {
      term.op = Operator::kEndsWith;
    } else if (Eat("~:")) {
      term.op = Operator::kContains;
    } else {
      return Eat(":");
    }
    return true;
  }

  std::string ReadValues(Term& term) {
    do {
      SkipSpace();
      if (!Eat("\"")) return Problem(rest_, "string as filter value");
      const size_t end = rest_.find('"');
      if (end == absl::string_view::npos) return Problem(rest_, "closing quote");
      const absl::string_view value = rest_.substr(0, end);
      term.values.emplace_back(value == kUnallocated ? "" : value);
      rest_.remove_prefix(end + 1);
      SkipSpace();
    } while (Eat(","));
    return "";
  }

  absl::string_view rest_;
};

std::string Filter::Parse(absl::string_view text, Filter& filter) {
  if (text.empty()) {
    filter = Filter();
    return "";
  }
  return Parser(text).Run(filter);
}

bool Filter::TermMatches(const Term& term, const Identity& id) {
  const absl::string_view value = id.*term.field;
  const bool any = std::any_of(term.values.begin(), term.values.end(), [&](const std::string& wanted) {
    switch (term.op) {
      case Operator::kEquals:
        return value == wanted;
      case Operator::kContains:
        return absl::StrContains(value, wanted);
      case Operator::kStartsWith:
        return absl::StartsWith(value, wanted);
      case Operator::kEndsWith:
        break;
    }
    return absl::EndsWith(value, wanted);
  });
  return any != term.negated;
}

bool Filter::GroupMatches(const Group& group, const Identity& id) {
  const auto term = [&](const Term& t) { return TermMatches(t, id); };
  const auto inner = [&](const Group& g) { return GroupMatches(g, id); };
  if (group.any) {
    return std::any_of(group.terms.begin(), group.terms.end(), term) ||
           std::any_of(group.groups.begin(), group.groups.end(), inner);
  }
  return std::all_of(group.terms.begin(), group.terms.end(), term) &&
         std::all_of(group.groups.begin(), group.groups.end(), inner);
}

bool Filter::Matches(const Identity& id) const { return GroupMatches(root_, id); }

}  // namespace simulator
