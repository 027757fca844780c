// GET /v1/topics: what there is, as a list and as a tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using Answer = nlohmann::json;

class Topics : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* topic : {"plant/1/t", "plant/1/h", "plant/2/t", "plant", "secret/x", "$own/y"})
      hub_.publish(testing::CannedHubView::message(topic, "21.5"));
  }
  AdminResponse ask(const std::string& target, const std::string& user = {}) {
    AdminResponse response;
    const AdminReply reply = api_.handle({"GET", target, "", Caller{Role::read, user, "x"}});
    if (const auto* at_once = std::get_if<AdminResponse>(&reply)) return *at_once;
    std::get<AdminLater>(reply).start([&](AdminResponse answer) { response = std::move(answer); });
    return response;
  }
  std::vector<std::string> topics(const std::string& target, const std::string& user = {}) {
    std::vector<std::string> names;
    const Answer answer = Answer::parse(ask(target, user).body);
    for (const Answer& topic : answer["topics"]) names.push_back(topic["topic"]);
    return names;
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(Topics, AreThoseThatTheFilterMatches) {
  EXPECT_THAT(topics("/v1/topics"), ElementsAre("plant", "plant/1/h", "plant/1/t", "plant/2/t", "secret/x"));
  EXPECT_THAT(topics("/v1/topics/plant/+/t"), ElementsAre("plant/1/t", "plant/2/t"));
  EXPECT_THAT(topics("/v1/topics/%24own/%23"), ElementsAre("$own/y"));
}

TEST_F(Topics, AreThoseThatTheUserMayReceive) {
  EXPECT_THAT(topics("/v1/topics/secret/%23", "anna"), ElementsAre());
  EXPECT_THAT(topics("/v1/topics/%23", "anna"), ElementsAre("plant", "plant/1/h", "plant/1/t", "plant/2/t"));
}

TEST_F(Topics, ShowTheirLastPayloadOnlyOnDemand) {
  EXPECT_FALSE(Answer::parse(ask("/v1/topics/plant").body)["topics"][0].contains("payload"));
  const Answer shown = Answer::parse(ask("/v1/topics/plant?payload=1").body)["topics"][0];
  EXPECT_EQ(shown["payload"], "21.5");
  EXPECT_EQ(shown["cut"], false);
  EXPECT_EQ(shown["count"], 1);
}

TEST_F(Topics, CutALongPayloadBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 300; ++i) euros += "€";
  hub_.publish(testing::CannedHubView::message("long", euros));
  hub_.publish(testing::CannedHubView::message("binary", std::string(600, '\xff')));
  const Answer text = Answer::parse(ask("/v1/topics/long?payload=1").body)["topics"][0];
  EXPECT_EQ(text["payload"].get<std::string>().size(), 510u);
  EXPECT_EQ(text["payload_bytes"], 900);
  EXPECT_EQ(text["cut"], true);
  const Answer binary = Answer::parse(ask("/v1/topics/binary?payload=1").body)["topics"][0];
  EXPECT_EQ(binary["payload_base64"].get<std::string>().size(), 684u);
}

TEST_F(Topics, AreATreeWithSumsOfEachLevel) {
  const Answer tree = Answer::parse(ask("/v1/topics?tree=1").body)["tree"];
  ASSERT_EQ(tree.size(), 2u);
  EXPECT_EQ(tree[0]["name"], "plant");
  EXPECT_EQ(tree[0]["topics"], 4);
  EXPECT_EQ(tree[0]["count"], 4);
  EXPECT_EQ(tree[0]["last"]["topic"], "plant");
  EXPECT_EQ(tree[0]["children"][0]["name"], "1");
  EXPECT_EQ(tree[0]["children"][0]["last"], nullptr);
  EXPECT_EQ(tree[0]["children"][0]["children"].size(), 2u);
}

TEST_F(Topics, SumWhatLiesDeeperThanTheDepth) {
  EXPECT_THAT(topics("/v1/topics?depth=2"), ElementsAre("plant", "plant/1/#", "plant/2/#", "secret/x"));
  const Answer tree = Answer::parse(ask("/v1/topics?depth=1&tree=1").body)["tree"];
  EXPECT_EQ(tree[0]["topics"], 4);
  EXPECT_TRUE(tree[0]["children"].empty());
}

TEST_F(Topics, SayThatTheyAreNotAll) {
  EXPECT_EQ(Answer::parse(ask("/v1/topics").body)["complete"], true);
  hub_.topics_.use_limit(4'096);
  for (int i = 0; i < 100; ++i) hub_.publish(testing::CannedHubView::message("t/" + std::to_string(i), "1"));
  const Answer answer = Answer::parse(ask("/v1/topics").body);
  EXPECT_EQ(answer["complete"], false);
  EXPECT_EQ(answer["forgotten"].get<size_t>() + answer["topics"].size(), 100u);
}

TEST_F(Topics, RefuseWhatIsNoFilterAndNoNumber) {
  EXPECT_EQ(ask("/v1/topics/a/%23/b").status, 400u);
  EXPECT_EQ(ask("/v1/topics?depth=-1").status, 400u);
  EXPECT_EQ(ask("/v1/topics?tree=2").status, 400u);
}

}  // namespace
}  // namespace headgate::hub
