// Saved answers in, golden exposition text out.
#include "exporter/commands/render.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/golden.h"

namespace commands {
namespace {

std::string Render(absl::string_view file, kubecost::Level level, absl::string_view cluster_name = "") {
  std::string text;
  const absl::Status status = RenderFile(golden::Path(file), level, cluster_name,
                                         [&text](absl::string_view block) { absl::StrAppend(&text, block); });
  EXPECT_TRUE(status.ok()) << status;
  return text;
}

TEST(RenderFileTest, GoldenPods) {
  golden::ExpectEqual("kubecost-pods.prom", Render("kubecost-pods.json", kubecost::Level::kPod));
}

TEST(RenderFileTest, GoldenNamespaces) {
  golden::ExpectEqual("opencost-namespaces.prom", Render("opencost-namespaces.json", kubecost::Level::kNamespace));
}

TEST(RenderFileTest, GoldenClustersOfABareArray) {
  golden::ExpectEqual("bare-clusters.prom", Render("bare-clusters.json", kubecost::Level::kCluster));
}

TEST(RenderFileTest, ClusterNameReplacesKubecosts) {
  const std::string text = Render("kubecost-pods.json", kubecost::Level::kPod, "renamed");
  EXPECT_TRUE(absl::StrContains(text, "{cluster=\"renamed\""));
  EXPECT_FALSE(absl::StrContains(text, "prod-eu"));
}

TEST(RenderFileTest, ErrorsNameTheFile) {
  const auto error = [](const std::string& file, absl::string_view cluster_name = "") {
    return std::string(RenderFile(file, kubecost::Level::kCluster, cluster_name, [](absl::string_view) {}).message());
  };
  EXPECT_EQ(error("/no/such/file"), "/no/such/file: No such file or directory");
  EXPECT_TRUE(absl::StrContains(error(golden::Path("snapshot.prom")), "snapshot.prom: not one valid JSON document"));
  EXPECT_TRUE(absl::StrContains(error(golden::Path("bare-clusters.json"), "one"), "several clusters"));
  EXPECT_TRUE(absl::StrContains(error(TESTDATA_DIR), TESTDATA_DIR)) << "a folder";
}

}  // namespace
}  // namespace commands
