#include "exporter/web/request.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace web {
namespace {

using metrics::Collector;
using metrics::Selection;

TEST(AbsoluteFormTest, HostAndSchemeArePassedOver) {
  const auto parts = [](absl::string_view target) {
    const std::optional<Target> found = AbsoluteForm(target);
    return found.has_value() ? absl::StrCat(found->path, " ", found->query) : "-";
  };
  EXPECT_EQ(parts("http://127.0.0.1:9103/metrics"), "/metrics ");
  EXPECT_EQ(parts("HTTPS://exporter.example/metrics?collect[]=pod&x=?"), "/metrics collect[]=pod&x=?");
  EXPECT_EQ(parts("http://[::1]:9103/readyz"), "/readyz ");
  EXPECT_EQ(parts("http://exporter"), "/ ");
  EXPECT_EQ(parts("http://exporter?search=a/b"), "/ search=a/b");
  EXPECT_EQ(parts("http://"), "/ ");
  for (const char* other : {"/metrics", "/http://x/metrics", "*", "exporter:9103", "ftp://x/metrics", ""}) {
    EXPECT_EQ(parts(other), "-") << other;
  }
}

TEST(ParseCollectTest, NamesCollectorsAsNodeExporterDoes) {
  EXPECT_EQ(*ParseCollect(""), Selection::All());
  EXPECT_EQ(*ParseCollect("debug=1"), Selection::All());
  for (const char* query : {"collect[]=pod&collect[]=exporter", "collect%5B%5D=pod&x&collect%5b%5d=exporter",
                            "collect[]=exporter&collect[]=pod&collect[]=pod"}) {
    const absl::StatusOr<Selection> selection = ParseCollect(query);
    ASSERT_TRUE(selection.ok()) << selection.status();
    EXPECT_TRUE(selection->Has(Collector::kPod)) << query;
    EXPECT_TRUE(selection->Has(Collector::kExporter)) << query;
    EXPECT_FALSE(selection->Has(Collector::kNamespace)) << query;
    EXPECT_FALSE(selection->Has(Collector::kCluster)) << query;
  }
}

TEST(ParseCollectTest, AnUnknownNameIsAnErrorThatTellsTheKnownOnes) {
  const absl::Status status = ParseCollect("collect[]=pods").status();
  EXPECT_EQ(status.message(), "collect[]: \"pods\" is not one of pod, namespace, cluster, exporter");
  EXPECT_FALSE(ParseCollect("collect[]=").ok());
  EXPECT_FALSE(ParseCollect("collect[]").ok());
  EXPECT_EQ(ParseCollect("collect[]=a%0ab").status().message().find('\n'), absl::string_view::npos);
}

TEST(AcceptsGzipTest, ByTheRulesOfTheHeader) {
  for (const char* header : {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*",
                             "identity, *;q=0.2", "x-gzip", " gzip ; q=1 "}) {
    EXPECT_TRUE(AcceptsGzip(header)) << header;
  }
  for (const char* header : {"", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzipped", "br", "gzip;q=x"}) {
    EXPECT_FALSE(AcceptsGzip(header)) << header;
  }
}

}  // namespace
}  // namespace web
