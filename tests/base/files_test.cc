#include "base/files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace base {
namespace {

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "output-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/costs.csv";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Read() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  size_t Files() const {
    const std::filesystem::directory_iterator files(folder_);
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  std::string folder_;
  std::string path_;
};

TEST_F(OutputFileTest, IsThereOnceItIsComplete) {
  std::ofstream(path_) << "old";
  {
    absl::StatusOr<OutputFile> file = OutputFile::Create(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Write("new ").ok());
    EXPECT_EQ(Read(), "old");
    ASSERT_TRUE(file->Write("text").ok());
    ASSERT_TRUE(file->Commit().ok());
    EXPECT_EQ(Read(), "new text");
  }
  EXPECT_EQ(Read(), "new text");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(OutputFileTest, LeavesNothingBehindUnlessCommitted) {
  std::ofstream(path_) << "old";
  {
    absl::StatusOr<OutputFile> file = OutputFile::Create(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Write("half").ok());
    EXPECT_EQ(Files(), 2U);
  }
  EXPECT_EQ(Read(), "old");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(OutputFileTest, WhatAKilledProcessHasLeftIsWrittenOver) {
  std::ofstream(path_ + ".tmp") << "a long text that was never completed";
  ASSERT_TRUE(ReplaceFile(path_, "short").ok());
  EXPECT_EQ(Read(), "short");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(OutputFileTest, TwoDoNotWriteTheSameFile) {
  absl::StatusOr<OutputFile> first = OutputFile::Create(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(first->Write("first").ok());
  const absl::Status second = ReplaceFile(path_, "second");
  EXPECT_TRUE(absl::IsUnavailable(second)) << second;
  EXPECT_EQ(second.message(), "cannot write " + path_ + ": another process is writing it");
  ASSERT_TRUE(first->Commit().ok());
  EXPECT_EQ(Read(), "first");
  EXPECT_TRUE(ReplaceFile(path_, "second").ok());
  EXPECT_EQ(Read(), "second");
}

TEST_F(OutputFileTest, ErrorsNamePathAndCause) {
  const absl::Status no_folder = ReplaceFile(folder_ + "/none/costs.csv", "text");
  EXPECT_EQ(no_folder.message(), "cannot create " + folder_ + "/none/costs.csv.tmp: No such file or directory");
  ASSERT_TRUE(std::filesystem::create_directory(path_));
  const absl::Status a_folder = ReplaceFile(path_, "text");
  EXPECT_EQ(a_folder.message(), "cannot replace " + path_ + ": Is a directory");
  EXPECT_EQ(Files(), 1U) << "nothing but the folder";
}

TEST(ReadSmallFileTest, WhatCannotBeReadSaysWhy) {
  const std::string path = testing::TempDir() + "small-file";
  std::ofstream(path) << "text";
  EXPECT_EQ(*ReadSmallFile(path), "text");
  const FileStamp stamp = StampOf(path);
  EXPECT_EQ(stamp.bytes, 4);
  std::ofstream(path) << std::string((1 << 20) + 1, 'x');
  EXPECT_EQ(ReadSmallFile(path).status().message(), path + ": is larger than 1 MiB");
  EXPECT_FALSE(StampOf(path) == stamp);
  std::filesystem::remove(path);
  EXPECT_EQ(ReadSmallFile(path).status(), absl::NotFoundError(path + ": No such file or directory"));
  EXPECT_TRUE(StampOf(path) == FileStamp());
  EXPECT_EQ(ReadSmallFile(testing::TempDir()).status().message(), testing::TempDir() + ": is not a regular file");
  const std::string secret = "-----BEGIN PRIVATE KEY-----";
  EXPECT_EQ(ReadSmallFile(secret).status().message().find(secret), absl::string_view::npos);
}

}  // namespace
}  // namespace base
