// `headgate identity` on its file, and what a hub makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/daemon/identities.h"
#include "tests/support/daemon/in_process.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/identity/commands.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class IdentityCommands : public ::testing::Test {
 protected:
  IdentityCommands() {
    place_.config = dir_.write(
        "headgate.json", R"({"iot_edge": {"hub_host_name": "acme.azure-devices.net", "device_id": "edge-1",
      "gateway_names": ["gateway.local", "gateway"], "identities_file": ")" +
                             file_ + R"("}})");
  }
  int add(IdentityAddOptions options) {
    options.place = place_;
    return run_identity_add(tool(), options);
  }
  int remove(IdentityRemoveOptions options) {
    options.place = place_;
    return run_identity_rm(tool(), options, hub_);
  }
  int rotate(IdentityRotateOptions options) {
    options.place = place_;
    return run_identity_rotate(tool(), options);
  }
  std::string connection_string(const std::string& id, bool secondary = false) {
    out_.str("");
    EXPECT_EQ(run_identity_connection_string(tool(), {.place = place_, .id = id, .secondary = secondary}),
              kExitOk)
        << err_.str();
    return out_.str();
  }
  static std::string key_of(const std::string& connection_string) {
    return connection_string.substr(connection_string.find("SharedAccessKey=") + 16);
  }
  IdentityTool tool() { return {testing::answer_in_process, out_, err_, json_, 1'795'337'351'000}; }
  // Who comes in by what the hub reads of the file, "edge-1/sensor leaf-1"; or its complaint.
  [[nodiscard]] std::string registered() const { return testing::registered_identities(file_); }

  testing::TempDir dir_;
  std::string file_ = dir_ / "ids.json";
  IdentityPlace place_;
  testing::CannedAdminClient hub_;
  bool json_ = false;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(IdentityCommands, MakeKeysAndAFileThatOnlyItsOwnerReads) {
  ASSERT_EQ(add({.id = "edge-1/sensor"}), kExitOk) << err_.str();
  ASSERT_EQ(add({.id = "Line_2.press:07@east*(a)!'"}), kExitOk) << err_.str();
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(registered(), "Line_2.press:07@east*(a)!' edge-1/sensor");
  EXPECT_NE(key_of(connection_string("edge-1/sensor")), key_of(connection_string("edge-1/sensor", true)));
}

TEST_F(IdentityCommands, PrintWhatToPasteIntoAModule) {
  add({.id = "edge-1/sensor", .proof = {.primary_key_file = dir_.write("key", "cHJpbWFyeQ==\n")}});
  EXPECT_EQ(
      connection_string("edge-1/sensor"),
      "HostName=acme.azure-devices.net;GatewayHostName=gateway.local;DeviceId=edge-1;ModuleId=sensor;SharedAccessKey=cHJpbWFyeQ==\n");
  add({.id = "leaf-1", .proof = {.secondary_key_file = dir_.write("key", "c2Vjb25k")}});
  EXPECT_EQ(
      connection_string("leaf-1"),
      "HostName=acme.azure-devices.net;GatewayHostName=gateway.local;DeviceId=leaf-1;SharedAccessKey=c2Vjb25k\n");
}

TEST_F(IdentityCommands, PrintTheGatewayAsHostWhereACertificateProves) {
  add({.id = "leaf-2", .proof = {.thumbprints = {std::string(40, 'a')}}});
  EXPECT_EQ(connection_string("leaf-2"), "HostName=gateway.local;DeviceId=leaf-2;x509=true\n");
}

TEST_F(IdentityCommands, NeverListAKey) {
  add({.id = "edge-1/sensor",
       .proof = {.primary_key_file = dir_.write("key", "cHJpbWFyeQ==")},
       .generation_id = "637500000000000002"});
  add({.id = "leaf-2", .proof = {.thumbprints = {std::string(64, 'b')}}, .disabled = true});
  for (const bool json : {false, true}) {
    out_.str("");
    json_ = json;
    ASSERT_EQ(run_identity_ls(tool(), place_), kExitOk) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("edge-1/sensor"));
    EXPECT_THAT(out_.str(), HasSubstr("637500000000000002"));
    EXPECT_THAT(out_.str(), HasSubstr(json ? "\"enabled\":false" : "disabled"));
    EXPECT_THAT(out_.str(), Not(HasSubstr("cHJpbWFyeQ")));
  }
}

TEST_F(IdentityCommands, KeepTheKeyBeforeWhenTheyRotate) {
  add({.id = "leaf-1"});
  const std::string before = key_of(connection_string("leaf-1"));
  ASSERT_EQ(rotate({.id = "leaf-1"}), kExitOk) << err_.str();
  EXPECT_EQ(key_of(connection_string("leaf-1", true)), before);
  EXPECT_NE(key_of(connection_string("leaf-1")), before);
  ASSERT_EQ(rotate({.id = "leaf-1", .both = true}), kExitOk) << err_.str();
  EXPECT_NE(key_of(connection_string("leaf-1", true)), before);
  EXPECT_EQ(registered(), "leaf-1");
}

TEST_F(IdentityCommands, RemoveOne) {
  add({.id = "leaf-1"});
  add({.id = "leaf-1/m"});
  EXPECT_EQ(remove({.id = "leaf-1"}), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("--purge drops them"));
  EXPECT_EQ(registered(), "leaf-1/m");
  EXPECT_EQ(remove({.id = "leaf-1"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("has no identity 'leaf-1'"));
  EXPECT_THAT(hub_.asked_, IsEmpty()) << "the hub may be down";
}

TEST_F(IdentityCommands, PurgeWhatTheHubHoldsOfOneThatIsRemovedOnceItKnows) {
  hub_.answers_ = {{"POST /v1/routes/reload", "{}"},
                   {"POST /v1/sessions/leaf-1%2Fm/remove", R"({"messages": 3})"},
                   {"POST /v1/identities/leaf-1%2Fm/forget", R"({"twin": true, "messages": 0})"}};
  add({.id = "leaf-1/m"});
  EXPECT_EQ(remove({.id = "leaf-1/m", .purge = true}), kExitOk) << err_.str();
  EXPECT_EQ(registered(), "");
  EXPECT_THAT(hub_.asked_, ElementsAre("POST /v1/routes/reload", "POST /v1/sessions/leaf-1%2Fm/remove",
                                       "POST /v1/identities/leaf-1%2Fm/forget"));
  EXPECT_THAT(out_.str(), HasSubstr("purged of 'leaf-1/m': its session, its twin, 0 messages to it"));
  EXPECT_EQ(remove({.id = "leaf-1/m", .purge = true}), kExitOk) << "one that was removed before";
}

TEST_F(IdentityCommands, SayThatNothingWasPurgedWhereNoHubAnswers) {
  add({.id = "leaf-1"});
  EXPECT_EQ(remove({.id = "leaf-1", .purge = true}), kExitFailed);
  EXPECT_EQ(registered(), "");
  EXPECT_THAT(err_.str(), HasSubstr("nothing more was purged, try again: no hub answers"));
}

TEST_F(IdentityCommands, RefuseWhatAHubWouldNotTake) {
  add({.id = "leaf-1"});
  const std::pair<IdentityAddOptions, std::string> table[] = {
      {{.id = "leaf-1"}, "has an identity 'leaf-1'"},
      {{.id = "a/b/c"}, "is the id of no device"},
      {{.id = "a+b"}, "is the id of no device"},
      {{.id = "a", .proof = {.primary_key_file = dir_.write("rubbish", "rubbish!")}}, "no key in base64"},
      {{.id = "a", .proof = {.primary_key_file = "/nowhere"}}, "/nowhere"},
      {{.id = "a", .proof = {.thumbprints = {"zz"}}}, "--thumbprint 'zz' is none"},
      {{.id = "a", .proof = {.thumbprints = {"zz"}, .ca_file = "x"}}, "say either"},
      {{.id = "a", .proof = {.ca_file = "/nowhere.pem"}}, "there is no such file"},
      {{.id = "a", .proof = {.common_name = "a"}}, "--cn has no meaning"},
  };
  for (const auto& [options, problem] : table) {
    err_.str("");
    EXPECT_EQ(add(options), kExitFailed) << problem;
    EXPECT_THAT(err_.str(), HasSubstr(problem));
  }
  EXPECT_EQ(registered(), "leaf-1") << "nothing was changed";
}

TEST_F(IdentityCommands, SayWhoseAModulesSocketIs) {
  ASSERT_EQ(add({.id = "edge-1/sensor", .socket_owner = ":docker", .socket_mode = "0660"}), kExitOk)
      << err_.str();
  EXPECT_EQ(registered(), "edge-1/sensor");
  EXPECT_EQ(add({.id = "leaf-1", .socket_owner = "1000"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("a device has no socket"));
  EXPECT_EQ(registered(), "edge-1/sensor");
}

TEST_F(IdentityCommands, LeaveAFileAloneThatIsNone) {
  dir_.write("ids.json", "[1]");
  EXPECT_EQ(add({.id = "a"}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("is no file of identities"));
  std::ostringstream text;
  text << std::ifstream(file_).rdbuf();
  EXPECT_EQ(text.str(), "[1]");
}

TEST_F(IdentityCommands, GiveAGenerationIdLikeTheClouds) {
  add({.id = "leaf-1"});
  json_ = true;
  out_.str("");
  run_identity_ls(tool(), place_);
  EXPECT_THAT(out_.str(), MatchesRegex(".*\"generation_id\":\"63[0-9]{16}\".*\n"));
}

}  // namespace
}  // namespace headgate::tools
