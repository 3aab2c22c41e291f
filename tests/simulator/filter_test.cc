#include "tests/simulator/filter.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"

namespace simulator {
namespace {

TEST(FilterTest, MatchesAsTheServerDoes) {
  struct Case {
    const char* text;
    bool matches;
  };
  Identity id;
  id.cluster = "c1";
  id.namespace_name = "shop";
  id.pod = "web-1";
  id.kind = "deployment";
  id.controller = "web";
  for (const Case& c : {
           Case{"", true},
           Case{R"(namespace:"shop")", true},
           Case{R"(namespace:"a","shop")", true},
           Case{R"(namespace!:"shop")", false},
           Case{R"(namespace:"shop"+cluster:"c2")", false},
           Case{R"(namespace:"shop" + cluster:"c1")", true},
           Case{R"(namespace:"a"|pod:"web-1")", true},
           Case{R"((controllerName:"web"+controllerKind:"job")|node:"x")", false},
           Case{R"(cluster:"c1"+(namespace:"a"|namespace:"shop"))", true},
           Case{R"(cluster:"c2"+(namespace:"a"|namespace:"shop"))", false},
           Case{R"((namespace:"a"|(pod:"web-1"+(cluster:"c1"|cluster:"c2")))+node:"__unallocated__")", true},
           Case{R"( ( ( namespace : "shop" , "a" ) ) )", true},
           Case{R"(namespace!:"a","b")", true},
           Case{R"(namespace!:"a","shop")", false},
           Case{R"(node:"__unallocated__")", true},
           Case{R"(pod:"__unallocated__")", false},
           Case{R"(pod<~:"web")", true},
           Case{R"(pod~>:"-2")", false},
           Case{R"(pod!~:"eb-")", false},
       }) {
    Filter filter;
    EXPECT_EQ(Filter::Parse(c.text, filter), "") << c.text;
    EXPECT_EQ(filter.Matches(id), c.matches) << c.text;
  }
}

// As in OpenCost's lexer: what ends a value is the next quote, whatever stands before it.
TEST(FilterTest, ABackslashIsACharacterLikeAnyOther) {
  Identity id;
  id.namespace_name = R"(a\)";
  Filter filter;
  EXPECT_EQ(Filter::Parse(R"(namespace:"a\")", filter), "");
  EXPECT_TRUE(filter.Matches(id));
  EXPECT_NE(Filter::Parse(R"(namespace:"a\"b")", filter), "");
}

TEST(FilterTest, OneGroupHoldsOneKindOfOperator) {
  struct Case {
    const char* text;
    const char* problem;
  };
  for (const Case& c : {
           Case{R"(pod:"a"+pod:"b"|pod:"c")", R"(Found "or", Expected "plus")"},
           Case{R"(pod:"a"|pod:"b"+pod:"c")", R"(Found "plus", Expected "or")"},
           Case{R"(pod:"x"+(pod:"a"|pod:"b"+pod:"c"))", R"(Found "plus", Expected "or")"},
           Case{R"((pod:"a"+pod:"b")", "Found '(' without matching ')'"},
           Case{R"(pod:"a"))", "Found ')' without matching '('"},
           Case{R"(pod:"a"+)", "at end: expect filter field"},
           Case{R"(())", "at ')': expect filter field"},
       }) {
    Filter filter;
    EXPECT_TRUE(absl::StrContains(Filter::Parse(c.text, filter), c.problem))
        << c.text << ": " << Filter::Parse(c.text, filter);
  }
  Filter filter;
  const std::string deep = std::string(100'000, '(');
  EXPECT_TRUE(absl::StrContains(Filter::Parse(deep, filter), "too many parentheses"));
}

TEST(FilterTest, RefusesWhatTheServerRefuses) {
  Filter filter;
  EXPECT_EQ(Filter::Parse(R"(controller:"web")", filter),
            "invalid filter: parsing filter: 1 error occurred:\n\t* at 'controller': expect filter field\n\n");
  for (const char* text :
       {"namespace", "namespace:", "namespace:shop", R"(namespace:"shop)", R"(namespace:"a" pod:"b")"}) {
    EXPECT_NE(Filter::Parse(text, filter), "") << text;
  }
}

}  // namespace
}  // namespace simulator
