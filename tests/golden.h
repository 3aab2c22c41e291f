// Golden files: expected text kept under tests/testdata, rewritten when UPDATE_GOLDEN=1 is in the environment.
#ifndef TESTS_GOLDEN_H_
#define TESTS_GOLDEN_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace golden {

inline std::string Path(absl::string_view name) { return absl::StrCat(TESTDATA_DIR, "/", name); }

inline std::string Read(absl::string_view name) {
  std::ifstream file(Path(name), std::ios::binary);
  EXPECT_TRUE(file) << Path(name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void ExpectEqual(absl::string_view name, const std::string& actual) {
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(Path(name), std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(Read(name), actual) << "UPDATE_GOLDEN=1 rewrites " << Path(name);
}

}  // namespace golden

#endif  // TESTS_GOLDEN_H_
