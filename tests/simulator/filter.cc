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
    {"namespace", &Identity::ns},
    {"pod", &Identity::pod},
    {"container", &Identity::container},
    {"controllerName", &Identity::controller},
    {"controllerKind", &Identity::kind},
}};

std::string Problem(absl::string_view at, absl::string_view expected) {
  return absl::StrCat("invalid filter: parsing filter: 1 error occurred:\n\t* ",
                      "at '", at, "': expect ", expected, "\n\n");
}

}  // namespace

class Filter::Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  std::string Run(Filter* filter) {
    std::vector<std::vector<Term>> any_of(1);
    for (;;) {
      Term term;
      std::string error = ReadTerm(&term);
      if (!error.empty()) return error;
      any_of.back().push_back(std::move(term));
      SkipSpace();
      if (rest_.empty()) break;
      if (Eat("|")) {
        any_of.emplace_back();
      } else if (!Eat("+")) {
        return Problem(rest_, "filter join");
      }
    }
    filter->any_of_ = std::move(any_of);
    return "";
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() &&
           std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
      rest_.remove_prefix(1);
    }
  }

  bool Eat(absl::string_view token) {
    if (!absl::StartsWith(rest_, token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string ReadTerm(Term* term) {
    SkipSpace();
    std::size_t length = 0;
    while (length < rest_.size() &&
           std::isalpha(static_cast<unsigned char>(rest_[length])) != 0) {
      ++length;
    }
    const absl::string_view name = rest_.substr(0, length);
    const auto* field =
        std::find_if(kFields.begin(), kFields.end(),
                     [&](const Field& f) { return f.name == name; });
    if (field == kFields.end()) return Problem(name, "filter field");
    term->field = field->member;
    rest_.remove_prefix(length);
    SkipSpace();
    if (!ReadOperator(term)) return Problem(rest_, "filter op");
    return ReadValues(term);
  }

  bool ReadOperator(Term* term) {
    term->negated = Eat("!");
    if (Eat("<~:")) {
      term->op = Operator::kStartsWith;
    } else if (Eat("~>:")) {
      term->op = Operator::kEndsWith;
    } else if (Eat("~:")) {
      term->op = Operator::kContains;
    } else {
      return Eat(":");
    }
    return true;
  }

  std::string ReadValues(Term* term) {
    do {
      SkipSpace();
      if (!Eat("\"")) return Problem(rest_, "quoted string");
      const std::size_t end = rest_.find('"');
      if (end == absl::string_view::npos)
        return Problem(rest_, "closing quote");
      term->values.emplace_back(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      SkipSpace();
    } while (Eat(","));
    return "";
  }

  absl::string_view rest_;
};

std::string Filter::Parse(absl::string_view text, Filter* filter) {
  if (text.empty()) {
    *filter = Filter();
    return "";
  }
  return Parser(text).Run(filter);
}

bool Filter::TermMatches(const Term& term, const Identity& id) {
  const absl::string_view value = id.*term.field;
  const bool any = std::any_of(term.values.begin(), term.values.end(),
                               [&](const std::string& wanted) {
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

bool Filter::Matches(const Identity& id) const {
  if (any_of_.empty()) return true;
  return std::any_of(
      any_of_.begin(), any_of_.end(), [&](const std::vector<Term>& all_of) {
        return std::all_of(all_of.begin(), all_of.end(), [&](const Term& term) {
          return TermMatches(term, id);
        });
      });
}

}  // namespace simulator
