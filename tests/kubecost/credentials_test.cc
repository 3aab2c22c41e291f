// What is taken from files, what is told of them, and what is hidden.
#include "kubecost/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/text.h"

namespace kubecost {
namespace {

class AccessFilesTest : public testing::Test {
 protected:
  ~AccessFilesTest() override { std::remove(path_.c_str()); }

  void Write(absl::string_view text) { std::ofstream(path_) << text; }

  AccessFiles Open(std::string AccessSettings::*member) {
    AccessSettings settings;
    settings.username = "me";
    settings.*member = path_;
    return AccessFiles(settings, [this](const FileEvent& event, const Access&) {
      events_.push_back(absl::StrCat(event.flags[0], event.is_first ? " first" : "", event.is_changed ? " changed" : "",
                                     event.status.ok() ? "" : " broken"));
    });
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/access_files_test_", getpid());
  std::vector<std::string> events_;
};

TEST_F(AccessFilesTest, TheFirstReadingAndEachChangeAreToldOnce) {
  Write("one\n");
  AccessFiles files = Open(&AccessSettings::token_file);
  EXPECT_TRUE(files.status().ok());
  EXPECT_EQ(files.access().authorization, "Bearer one");
  EXPECT_FALSE(files.Refresh());
  Write("two");
  EXPECT_TRUE(files.Refresh());
  EXPECT_FALSE(files.Refresh());
  Write("not a token");
  EXPECT_FALSE(files.Refresh());
  EXPECT_FALSE(files.Refresh());
  EXPECT_EQ(files.access().authorization, "Bearer two") << "stays";
  EXPECT_TRUE(files.status().ok());
  EXPECT_EQ(files.Problems().size(), 1U);
  Write("two");
  EXPECT_FALSE(files.Refresh());
  EXPECT_EQ(absl::StrJoin(events_, "; "),
            "kubecost.token-file first changed; kubecost.token-file changed; kubecost.token-file broken; "
            "kubecost.token-file");
}

TEST_F(AccessFilesTest, AFileThatWasNeverGoodIsAnErrorWithItsReason) {
  AccessFiles files = Open(&AccessSettings::password_file);
  EXPECT_EQ(ReasonOf(files.status()), ErrorReason::kAuth);
  EXPECT_TRUE(absl::StartsWith(files.status().message(), "--kubecost.password-file: ")) << files.status();
  EXPECT_EQ(ReasonOf(Open(&AccessSettings::ca_file).status()), ErrorReason::kTls);
  Write("now");
  EXPECT_TRUE(files.Refresh());
  EXPECT_TRUE(files.status().ok());
  EXPECT_EQ(files.access().authorization, "Basic bWU6bm93");
}

TEST_F(AccessFilesTest, SecretsAreHiddenInWhateverFormTheyAreSent) {
  Write("X-API-KEY: marked-1\nX-Other: Scheme marked-2\n");
  AccessFiles headers = Open(&AccessSettings::header_file);
  EXPECT_EQ(headers.access().WithoutSecrets("bad key marked-1, marked-2, Scheme marked-2!"), "bad key ***, ***, ***!");
  Write("open sesame");
  AccessFiles password = Open(&AccessSettings::password_file);
  EXPECT_EQ(password.access().WithoutSecrets("not open sesame, not bWU6b3BlbiBzZXNhbWU="), "not ***, not ***");
  EXPECT_EQ(Access().WithoutSecrets("nothing to hide"), "nothing to hide");
}

TEST_F(AccessFilesTest, TheBeginningOfASecretThatWasCutIsHidden) {
  const std::string token(1000, 'k');
  Write(absl::StrCat("begin", token));
  const AccessFiles files = Open(&AccessSettings::token_file);
  const auto shown = [&files](const std::string& text) {
    return files.access().WithoutSecrets(base::SanitizeMessage(text));
  };
  for (const size_t before : {0U, 10U, 200U, 280U, 285U}) {
    const std::string text = std::string(before, 'x') + " Bearer begin" + token;
    EXPECT_FALSE(absl::StrContains(shown(text), "begin")) << before << shown(text);
  }
  EXPECT_EQ(shown(absl::StrCat("no ", std::string(400, 'y'))), absl::StrCat("no ", std::string(294, 'y'), "..."));
  EXPECT_EQ(shown("to begin... with"), "to ***... with") << "rather too much than too little";
}

TEST_F(AccessFilesTest, AByteOrderMarkIsNoPartOfASecret) {
  Write("\xEF\xBB\xBFone\n");
  EXPECT_EQ(Open(&AccessSettings::token_file).access().authorization, "Bearer one");
  EXPECT_EQ(Open(&AccessSettings::password_file).access().authorization, "Basic bWU6b25l");
  Write("\xEF\xBB\xBFX-API-KEY: one\n");
  EXPECT_EQ(absl::StrJoin(Open(&AccessSettings::header_file).access().headers, ";"), "X-API-KEY: one");
  Write("\xEF\xBB\xBF\n");
  EXPECT_FALSE(Open(&AccessSettings::token_file).status().ok());
}

}  // namespace
}  // namespace kubecost
