// `headgate plan` and `headgate apply` over a canned hub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/change/commands.h"

namespace headgate::tools {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr const char* kPlan =
    R"({"file":"/etc/headgate/headgate.json","fingerprint":"ab12","ok":true,"problems":[],
        "keys":[{"key":"hub_id","before":"a","after":"b","takes_effect":"by restart"}],"needs_restart":["hub_id"],
        "queues":[{"queue":"m/in","what":"purged","messages":12,"bytes":2048}],
        "routes":[{"route":"r","file":"f","what":"removed","state":"","why":""}],
        "routes_replayed":"not known: no record of past messages",
        "clients":[{"client_id":"c","user":"anna","disconnected":false,"lost":["publish x/#"]}],
        "clients_not_compared":0,"upstream_bytes_a_day":{"before":1024,"after":null,"why":"not known: why"}})";

class Change : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file() const { return dir_.write("new.json", R"({"hub_id": "b"})"); }

  const testing::TempDir dir_;
  std::ostringstream out_;
  std::ostringstream err_;
  testing::CannedAdminClient client_;
  Context context_{client_, out_, err_};
};

TEST_F(Change, PlanShowsEveryPartAndTheFingerprint) {
  client_.answers_["POST /v1/plan"] = kPlan;
  EXPECT_EQ(run_plan(context_, file()), kExitOk) << err_.str();
  EXPECT_EQ(client_.sent_, R"({"hub_id": "b"})");
  for (const char* part : {"hub_id", "by restart", "purged", "12", "2.0 KiB", "removed", "publish x/#",
                           "1.0 KiB before, not known: why after", "Fingerprint: ab12"})
    EXPECT_THAT(out_.str(), HasSubstr(part));
}

TEST_F(Change, PlanShowsWhatRoutesWouldHaveTakenAndDidNot) {
  client_.answers_["POST /v1/plan"] =
      R"({"ok":true,"keys":[{"key":"routes"}],"routes_replayed":{"basis":{"messages":10,"arrived":40},"messages":7,
          "routes":[{"route":"hot","before":3,"after":1,"gained":0,"lost":2,"why_not":""},
                    {"route":"mean","before":0,"after":0,"gained":0,"lost":0,"why_not":"it has a window"}]}})";
  EXPECT_EQ(run_plan(context_, file()), kExitOk) << err_.str();
  EXPECT_THAT(
      out_.str(),
      HasSubstr("Routes over 7 messages of the last hour (10 of the last 40 that came are recorded)"));
  EXPECT_THAT(out_.str(), ContainsRegex("hot +3 +1 +0 +2 +-"));
  EXPECT_THAT(out_.str(), HasSubstr("it has a window"));
}

TEST_F(Change, APlanThatTheHubWouldNotTakeIsExitCodeOne) {
  client_.answers_["POST /v1/plan"] = R"({"ok":false,"problems":["f: hub_id: is 7"],"keys":[]})";
  EXPECT_EQ(run_plan(context_, file()), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("f: hub_id: is 7\nheadgate: the hub would not take it"));
}

TEST_F(Change, ApplyAsksForWhatWasSaidAndTellsHowLongItIsOnTrial) {
  client_.answers_["POST /v1/apply?confirm_within_s=60&restart=1&fingerprint=ab12"] =
      R"({"applied":true,"refused":"","rolled_back":"","confirm_within_s":60,"restart":true,"plan":)" +
      std::string(kPlan) + "}";
  const ChangeOptions options{.file = file(), .fingerprint = "ab12", .restart = true, .confirm_within_s = 60};
  EXPECT_EQ(run_change_apply(context_, options), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("headgate.json is in force\nrestart the hub now"));
  EXPECT_THAT(out_.str(), HasSubstr("these keys wait for it: hub_id"));
  EXPECT_THAT(out_.str(), HasSubstr("headgate apply --confirm within 1m 00s of its start"));
}

TEST_F(Change, ARefusalAndARollbackAreExitCodeOneWithTheirReason) {
  client_.answers_["POST /v1/apply?confirm_within_s=0"] =
      R"({"applied":false,"refused":"these keys take a restart","rolled_back":"","plan":{}})";
  EXPECT_EQ(run_change_apply(context_, {.file = file()}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed: these keys take a restart"));
  client_.answers_["POST /v1/apply?confirm_within_s=0"] =
      R"({"applied":false,"refused":"","rolled_back":"the disk is low","plan":{}})";
  EXPECT_EQ(run_change_apply(context_, {.file = file()}), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("the version before is in force again: the disk is low"));
}

TEST_F(Change, ConfirmSaysWhatStays) {
  client_.answers_["POST /v1/apply/confirm"] = R"({"applied":true,"plan":{"file":"h.json"}})";
  EXPECT_EQ(run_change_confirm(context_), kExitOk);
  EXPECT_EQ(out_.str(), "h.json stays in force\n");
}

TEST(Seconds, AreReadWithTheirUnit) {
  EXPECT_EQ(parse_seconds("90"), 90u);
  EXPECT_EQ(parse_seconds("90s"), 90u);
  EXPECT_EQ(parse_seconds("15m"), 900u);
  EXPECT_EQ(parse_seconds("24h"), 86'400u);
  for (const char* wrong : {"", "s", "0", "-1", "25h", "1d", "1.5m", "60 s"})
    EXPECT_FALSE(parse_seconds(wrong)) << wrong;
}

}  // namespace
}  // namespace headgate::tools
