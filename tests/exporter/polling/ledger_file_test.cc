#include "exporter/polling/ledger_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace polling {
namespace {

const absl::Time kDay = absl::FromCivil(absl::CivilDay(2026, 11, 5), absl::UTCTimeZone());

class LedgerFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "ledger-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = options_.state_path = folder_ + "/ledger";
    ledger_.days[kDay]["c1"].readings = 1;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(absl::string_view text) const { std::ofstream(path_) << text; }
  static std::string TextOf(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  size_t Files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {})); }
  size_t DaysLoaded() const { return LedgerFile(options_).Load().days.size(); }

  Options options_;
  Ledger ledger_;
  std::string folder_;
  std::string path_;
};

TEST_F(LedgerFileTest, WhatWasSavedIsLoaded) {
  EXPECT_EQ(DaysLoaded(), 0U) << "no file yet";
  LedgerFile(options_).Save(ledger_, {});
  EXPECT_EQ(DaysLoaded(), 1U);
  EXPECT_EQ(Files(), 1U) << "nothing but the file itself stays";
}

TEST_F(LedgerFileTest, ItIsWrittenEveryTenMinutesAndAtTheEnd) {
  LedgerFile file(options_);
  file.Load();
  file.Save(ledger_, absl::Minutes(1));
  ledger_.days[kDay]["c2"];
  const std::string before = TextOf(path_);
  file.Save(ledger_, absl::Minutes(10));
  EXPECT_EQ(TextOf(path_), before);
  file.Save(ledger_, absl::Minutes(11));
  EXPECT_NE(TextOf(path_), before);
  ledger_.days[kDay]["c3"];
  file.Save(ledger_, absl::Minutes(12), true);
  EXPECT_EQ(LedgerFile(options_).Load().days[kDay].size(), 3U);
  // What has not changed is not written.
  ASSERT_TRUE(std::filesystem::remove(path_));
  file.Save(ledger_, absl::Minutes(30), true);
  EXPECT_EQ(Files(), 0U);
}

TEST_F(LedgerFileTest, OneThatIsDamagedOrOfOtherSettingsIsSetAside) {
  LedgerFile(options_).Save(ledger_, {});
  const std::string text = TextOf(path_);
  options_.cluster_name = "other";
  EXPECT_EQ(DaysLoaded(), 0U);
  EXPECT_EQ(TextOf(path_ + ".set-aside"), text);
  options_.cluster_name = "";
  Write(text.substr(0, text.size() / 2));
  LedgerFile file(options_);
  EXPECT_TRUE(file.Load().days.empty());
  EXPECT_EQ(TextOf(path_ + ".set-aside"), text.substr(0, text.size() / 2));
  file.Save(ledger_, {});
  EXPECT_EQ(TextOf(path_), text);
}

TEST_F(LedgerFileTest, AFileOfAnotherProgramIsLeftAsItIs) {
  Write("mine");
  LedgerFile file(options_);
  EXPECT_TRUE(file.Load().days.empty());
  file.Save(ledger_, {}, true);
  EXPECT_EQ(TextOf(path_), "mine");
  EXPECT_EQ(Files(), 1U);
  EXPECT_NE(LedgerFile::Check(options_).message().find("not a state file"), absl::string_view::npos);
}

// A pipe would be waited for, and a link would lead elsewhere.
TEST_F(LedgerFileTest, WhatIsNoFileOfItsOwnIsNotOpened) {
  const std::string victim = folder_ + "/victim";
  std::ofstream(victim) << "precious";
  ASSERT_EQ(symlink(victim.c_str(), absl::StrCat(path_, ".tmp").c_str()), 0);
  LedgerFile(options_).Save(ledger_, {});
  EXPECT_EQ(TextOf(victim), "precious");
  EXPECT_FALSE(std::filesystem::exists(path_));

  ASSERT_EQ(unlink(absl::StrCat(path_, ".tmp").c_str()), 0);
  ASSERT_EQ(mkfifo(absl::StrCat(path_, ".tmp").c_str(), 0600), 0);
  LedgerFile(options_).Save(ledger_, {});
  EXPECT_FALSE(std::filesystem::exists(path_));

  ASSERT_EQ(unlink(absl::StrCat(path_, ".tmp").c_str()), 0);
  std::filesystem::create_hard_link(victim, absl::StrCat(path_, ".tmp"));
  LedgerFile(options_).Save(ledger_, {});
  EXPECT_EQ(TextOf(victim), "precious");

  ASSERT_EQ(unlink(absl::StrCat(path_, ".tmp").c_str()), 0);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(DaysLoaded(), 0U);
  EXPECT_NE(LedgerFile::Check(options_).message().find("not a regular file"), absl::string_view::npos);
}

// The file that is there stays when a new one cannot be written.
TEST_F(LedgerFileTest, AFullDiskKeepsTheOldFile) {
  LedgerFile(options_).Save(ledger_, {});
  const std::string text = TextOf(path_);
  ASSERT_TRUE(std::filesystem::create_directory(path_ + ".tmp"));
  ledger_.days[kDay]["c2"];
  LedgerFile file(options_);
  file.Load();
  file.Save(ledger_, {});
  EXPECT_EQ(TextOf(path_), text);
  const absl::Status status = LedgerFile::Check(options_);
  EXPECT_NE(status.message().find(absl::StrCat("--state.path: cannot create ", path_)), absl::string_view::npos)
      << status;
}

TEST_F(LedgerFileTest, TheCheckOfAConfigurationChangesNothing) {
  EXPECT_TRUE(LedgerFile::Check(options_).ok());
  EXPECT_EQ(Files(), 0U);
  Write("kubecost-allocation-exporter state 1\n");
  EXPECT_TRUE(LedgerFile::Check(options_).ok()) << "it will be set aside";
  EXPECT_EQ(Files(), 1U);
  options_.state_path = folder_ + "/nowhere/ledger";
  EXPECT_FALSE(LedgerFile::Check(options_).ok());
  options_.state_path = folder_;
  EXPECT_FALSE(LedgerFile::Check(options_).ok());
  options_.state_path.clear();
  EXPECT_TRUE(LedgerFile::Check(options_).ok());
}

}  // namespace
}  // namespace polling
