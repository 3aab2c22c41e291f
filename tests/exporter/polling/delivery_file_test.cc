#include "exporter/polling/delivery_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace polling {
namespace {

const absl::Time kDay = absl::FromCivil(absl::CivilDay(2026, 11, 5), absl::UTCTimeZone());
const Delivered kDelivered = {{kDay, true}, {kDay + absl::Hours(24), false}};

constexpr absl::string_view kText =
    "kubecost-allocation-exporter state 1\n"
    "settings here\n"
    "2026-11-05T00:00:00Z pods\n"
    "2026-11-06T00:00:00Z namespaces\n"
    "end 2\n";

TEST(DeliveredTest, IsALineADay) {
  EXPECT_EQ(FormatDelivered(kDelivered, "here"), kText);
  const absl::StatusOr<Delivered> parsed = ParseDelivered(kText, "here");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, kDelivered);
}

TEST(DeliveredTest, EveryTruncationAndEveryChangedByteIsNoticedOrHarmless) {
  for (size_t size = 0; size < kText.size(); ++size) {
    EXPECT_FALSE(ParseDelivered(kText.substr(0, size), "here").ok()) << size;
  }
  for (size_t i = 0; i < kText.size(); ++i) {
    std::string text(kText);
    text[i] = '\0';
    EXPECT_FALSE(ParseDelivered(text, "here").ok()) << i;
  }
}

TEST(DeliveredTest, OtherFilesAndOtherSettingsAreToldApart) {
  EXPECT_TRUE(absl::IsInvalidArgument(ParseDelivered("root:x:0:0:root:/root:/bin/bash\n", "here").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ParseDelivered(kText, "elsewhere").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseDelivered("", "here").status()));
}

TEST(DeliverySettingsTest, EverythingThatDecidesTheNumbersCounts) {
  const Options options;
  std::vector<Options> others(5, options);
  others[0].endpoint.url = "http://elsewhere:9090";
  others[1].cluster_name = "a name\nwith a line end";
  others[2].day_utc_offset = absl::Minutes(330);
  others[3].query.filter = "namespace:\"x\"";
  others[4].query.idle = kubecost::IdleMode::kOff;
  for (const Options& other : others) {
    EXPECT_NE(DeliverySettings(other), DeliverySettings(options));
    EXPECT_EQ(DeliverySettings(other).find('\n'), std::string::npos);
  }
}

class StateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "state-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/state";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(StateFileTest, WhatWasSavedIsLoaded) {
  EXPECT_EQ(*LoadDelivered(path_, "here"), Delivered()) << "no file yet";
  for (const Delivered& delivered : {kDelivered, Delivered()}) {
    ASSERT_TRUE(SaveDelivered(path_, delivered, "here").ok());
    EXPECT_EQ(*LoadDelivered(path_, "here"), delivered);
  }
  const std::filesystem::directory_iterator files(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing but the file itself stays";
}

TEST_F(StateFileTest, AFailureKeepsTheOldFileAndNamesThePath) {
  ASSERT_TRUE(SaveDelivered(path_, kDelivered, "here").ok());
  ASSERT_TRUE(std::filesystem::create_directory(path_ + ".tmp"));
  const absl::Status status = SaveDelivered(path_, {}, "here");
  EXPECT_NE(status.message().find(path_), absl::string_view::npos) << status;
  EXPECT_EQ(*LoadDelivered(path_, "here"), kDelivered);
}

TEST_F(StateFileTest, AnEndlessFileIsNotReadToItsEnd) {
  std::ofstream(path_) << kText << std::string(200'000, 'x');
  EXPECT_TRUE(absl::IsDataLoss(LoadDelivered(path_, "here").status()));
  EXPECT_FALSE(LoadDelivered(folder_, "here").ok()) << "a folder";
}

}  // namespace
}  // namespace polling
