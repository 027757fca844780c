// `headgate remote`: keys and envelopes that hubs take, and what is shown of a hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/remote/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Remote : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return dir_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
  int keygen(const std::string& name) { return run_remote_keygen(at(name), out_, err_); }
  int sign(SignOptions options) {
    if (options.key.empty()) options.key = at("fleet.key");
    if (options.file.empty()) options.file = at("doc.json");
    return run_remote_sign(options, out_, err_);
  }
  std::string shown(int (*run)(const Context&), const std::string& target, const std::string& json) {
    client_.answers_[target] = json;
    EXPECT_EQ(run(context_), kExitOk);
    return out_.str();
  }

  testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
  testing::CannedAdminClient client_;
  Context context_{client_, out_, err_};
};

TEST_F(Remote, MakesTwoKeysAndOverwritesNone) {
  ASSERT_EQ(keygen("fleet"), kExitOk) << err_.str();
  struct stat secret = {};
  ASSERT_EQ(stat(at("fleet.key").c_str(), &secret), 0);
  EXPECT_EQ(secret.st_mode & 0777, 0600u);
  EXPECT_EQ(keygen("fleet"), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("fleet.key: cannot be written: File exists"));
}

TEST_F(Remote, SaysWhatItNeedsToSign) {
  ASSERT_EQ(keygen("fleet"), kExitOk);
  write("doc.json", "{}");
  EXPECT_EQ(sign({.hub = "h", .version = 1}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr(R"({"headgate-desired": 1, "signed": ")"));
  EXPECT_EQ(sign({.version = 1}), kExitFailed);
  EXPECT_EQ(sign({.hub = "h", .version = 0}), kExitFailed);
  EXPECT_EQ(sign({.key = at("fleet.pub"), .hub = "h", .version = 1}), kExitFailed);
  EXPECT_EQ(sign({.hub = "h", .version = 1, .file = at("nothing")}), kExitFailed);
  write("doc.json", "[]");
  EXPECT_EQ(sign({.hub = "h", .version = 1}), kExitFailed);
  write("doc.json", "{");
  EXPECT_EQ(sign({.hub = "h", .version = 1}), kExitFailed);
  for (const char* const said :
       {"say either --hub or --group", "--version is 0", "fleet.pub: holds no private Ed25519 key",
        "nothing: ", "doc.json: has to be a JSON object", "doc.json:1:"})
    EXPECT_THAT(err_.str(), HasSubstr(said));
}

TEST_F(Remote, ShowsWhatIsInForceAndWhatBecameOfTheLast) {
  EXPECT_EQ(shown(run_remote_status, "/v1/remote", R"({"state":"none","version":0,"last":null,"routes":[]})"),
            "no document is in force: the hub's own files are\n");
  EXPECT_EQ(
      shown(run_remote_forget, "POST /v1/remote/forget", R"({"state":"none","routes":[]})"),
      "no document is in force: the hub's own files are\nno document is in force: the hub's own files are\n");
  out_.str("");
  EXPECT_EQ(
      shown(run_remote_status, "/v1/remote",
            R"({"state":"provisional","version":8,"confirmed_version":7,"tried_s":12,"confirm_s":600,
                      "last":{"version":9,"result":"refused","at":1796223298012,"why":"its route is bad"},
                      "routes":[{"route":"night","state":"active"}]})"),
      "version 8 is provisional: after 600 s of attempts in vain, of which there were 12 s, version 7 is in "
      "force again\n2026-12-02T14:54:58.012Z: version 9 was refused: its route is bad\nROUTE  STATE\nnight  active\n");
}

TEST_F(Remote, SendsTheEnvelopeAsItIs) {
  write("signed", "an envelope");
  client_.answers_["POST /v1/remote/apply?force=1"] = R"({"state":"confirmed","version":3,"routes":[]})";
  EXPECT_EQ(run_remote_apply(context_, {.file = at("signed"), .force = true}), kExitOk);
  EXPECT_EQ(client_.sent_, "an envelope");
  EXPECT_EQ(out_.str(), "version 3 is confirmed\n");
  EXPECT_EQ(run_remote_apply(context_, {.file = at("nothing")}), kExitFailed);
}

}  // namespace
}  // namespace headgate::tools
