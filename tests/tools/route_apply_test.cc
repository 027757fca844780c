// `headgate route apply`: what is checked here, what is sent to the hub, and what its answer is shown as.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kGood = R"({"routes": {"a": "FROM 'a' INTO $upstream"}})";
const std::string kTwoMistakes =
    R"({"routes": {"a": "FROM", "b": "FROM 'b' INTO", "c": "FROM 'c' INTO $null"}})";
constexpr const char* kAnswer =
    R"({"file": "/routes/plant.json", "refused": false, "written": true, "active": 2, "routes": [)"
    R"({"route": "a", "file": "/routes/plant.json", "what": "changed", "state": "drains", "why": ""},)"
    R"({"route": "z", "file": "/routes/other.json", "what": "unchanged", "state": "", "why": ""}]})";

class RouteApply : public ::testing::Test {
 protected:
  int apply(const std::string& text, ApplyOptions options = {}) {
    out_.str("");
    err_.str("");
    options.file = dir_.write("plant.json", text);
    return run_route_apply({hub_, out_, err_}, options);
  }

  testing::TempDir dir_;
  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RouteApply, SendsTheFileUnderItsNameAndShowsWhatBecameOfEachRoute) {
  hub_.answers_["POST /v1/routes/apply?name=plant.json"] = kAnswer;
  EXPECT_EQ(apply(kGood), kExitOk);
  EXPECT_EQ(hub_.sent_, kGood);
  EXPECT_EQ(
      out_.str(),
      "ROUTE  WHAT     STATE\na      changed  drains\n/routes/plant.json is written, 2 routes in force\n");
}

TEST_F(RouteApply, SaysAllMistakesAndSendsNothing) {
  EXPECT_EQ(apply(kTwoMistakes), kExitFailed);
  EXPECT_THAT(hub_.asked_, IsEmpty());
  EXPECT_THAT(err_.str(), HasSubstr("plant.json: a:"));
  EXPECT_THAT(err_.str(), HasSubstr("plant.json: b:"));
  EXPECT_THAT(err_.str(), HasSubstr("nothing was sent"));
}

TEST_F(RouteApply, SendsItAllTheSameWhenItIsForcedButDoesNotSucceed) {
  hub_.answers_["POST /v1/routes/apply?name=plant.json&force=1"] = kAnswer;
  EXPECT_EQ(apply(kTwoMistakes, {.force = true}), kExitFailed);
  EXPECT_THAT(hub_.asked_, ElementsAre("POST /v1/routes/apply?name=plant.json&force=1"));
}

TEST_F(RouteApply, OnlyTellsInATrial) {
  hub_.answers_["POST /v1/routes/apply?name=plant.json&dry_run=1"] = kAnswer;
  EXPECT_EQ(apply(kGood, {.dry_run = true}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("nothing was changed: this was a trial"));
}

TEST_F(RouteApply, FailsWhereTheHubRefuses) {
  hub_.answers_["POST /v1/routes/apply?name=plant.json"] =
      R"({"file": "/r/plant.json", "refused": true, "routes": [{"route": "a", "what": "left out", "why": "taken"}]})";
  EXPECT_EQ(apply(kGood), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("taken"));
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed"));
}

}  // namespace
}  // namespace headgate::tools
