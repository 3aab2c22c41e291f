#include "base/version.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace base {
namespace {

TEST(VersionTextTest, NamesTheProgramAndItsBuild) {
  EXPECT_TRUE(absl::StartsWith(VersionText(), absl::StrCat("kubecost-allocation-exporter, version ", Version(),
                                                           " (revision: ", Revision(), ", compiler: ")));
  EXPECT_NE(Version(), "unknown");
}

}  // namespace
}  // namespace base
