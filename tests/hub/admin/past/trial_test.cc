// Routes that are tried over messages: what is told of each, and how requests and answers are bounded.
#include "hub/admin/past/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hub/admin/api.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TrialMessage recorded(uint64_t number, const std::string& topic, const std::string& body) {
  core::Message message;
  message.topic = topic;
  message.body = body;
  message.arrived_ms = message.arrived_hub_ms = static_cast<int64_t>(number) * 1'000;
  message.source = std::make_shared<core::Source>();
  return {.message = std::make_shared<const core::Message>(std::move(message)), .number = number};
}

Json tried(
    const std::string& routes, const std::vector<TrialMessage>& messages, size_t count = 5,
    const std::function<bool()>& is_over = [] { return false; }) {
  const routing::RouteFile file = routing::parse_route_text(routes, "request").routes;
  EXPECT_TRUE(file.errors.empty());
  return Json::parse(tried_json(
      {.routes = file, .messages = messages, .basis = {}, .count = count, .payload = true}, is_over));
}

TEST(RouteTrials, TellWhatIsTakenAndWhyTheRestIsLeft) {
  const Json answer = tried(R"({"routes":{"hot":"FROM 'plant/#' WHERE $body.c > 80 INTO $upstream"}})",
                            {recorded(1, "plant/1", R"({"c":70})"), recorded(2, "plant/2", R"({"c":90})"),
                             recorded(3, "plant/3", R"({})"), recorded(4, "other", "x")});
  EXPECT_EQ(answer["messages"], 4);
  EXPECT_EQ(answer["from_ms"], 1'000);
  EXPECT_EQ(answer["done"], true);
  EXPECT_EQ(answer["cut"], false);
  const Json& route = answer["routes"][0];
  EXPECT_EQ(route["route"], "hot");
  EXPECT_EQ(route["error"], "");
  EXPECT_EQ(route["matched"], 1);
  EXPECT_EQ(route["not_matched"], 1);
  EXPECT_EQ(route["undefined"], 1);
  EXPECT_EQ(route["other_source"], 1);
  ASSERT_EQ(route["taken"].size(), 1u);
  EXPECT_EQ(route["taken"][0]["id"], "r2");
  EXPECT_EQ(route["taken"][0]["payload"], R"({"c":90})");
  ASSERT_EQ(route["taken"][0]["rows"].size(), 1u);
  EXPECT_EQ(route["taken"][0]["rows"][0]["to"], "$upstream");
  ASSERT_EQ(route["left"].size(), 2u);
  EXPECT_EQ(route["left"][0]["truth"], "no");
  EXPECT_THAT(route["left"][0]["trace"].dump(), HasSubstr("70"));
  EXPECT_EQ(route["left"][1]["truth"], "undefined");
}

TEST(RouteTrials, KeepTheNewestAndGiveWindowsTheirTimes) {
  std::vector<TrialMessage> messages;
  for (uint64_t i = 1; i <= 5; ++i) messages.push_back(recorded(i, "t", "{}"));
  messages.push_back(recorded(61, "t", "{}"));
  const Json route =
      tried(R"({"routes":{"n":"SELECT count(*) AS n FROM 't' GROUP BY Tumbling(1m) INTO $upstream"}})",
            messages, 2)["routes"][0];
  EXPECT_EQ(route["matched"], 6);
  ASSERT_EQ(route["taken"].size(), 2u);
  EXPECT_EQ(route["taken"][0]["number"], 5);
  EXPECT_EQ(route["taken"][1]["number"], 61);
  ASSERT_EQ(route["taken"][0]["rows"].size(), 1u);
  EXPECT_EQ(route["taken"][0]["rows"][0]["start_ms"], 0);
  EXPECT_EQ(route["taken"][0]["rows"][0]["end_ms"], 60'000);
  EXPECT_EQ(route["taken"][0]["rows"][0]["payload"], R"({"n":5})");
}

TEST(RouteTrials, SayWhereARouteDoesNotCompile) {
  const Json answer =
      tried(R"({"routes":{"bad":"FROM 'a' WHERE INTO $upstream","good":"FROM 'a' INTO $upstream"}})",
            {recorded(1, "a", "x")});
  EXPECT_THAT(answer["routes"][0]["error"], HasSubstr("^"));
  EXPECT_EQ(answer["routes"][0]["taken"], Json::array());
  EXPECT_EQ(answer["routes"][1]["matched"], 1);
}

TEST(RouteTrials, EndWhenTimeIsUpAndSaySo) {
  int asked = 0;
  const Json answer = tried(R"({"routes":{"all":"FROM '#' INTO $upstream"}})",
                            {recorded(1, "a", "x"), recorded(2, "a", "x"), recorded(3, "a", "x")}, 5,
                            [&asked] { return ++asked > 2; });
  EXPECT_EQ(answer["messages"], 2);
  EXPECT_EQ(answer["done"], false);
}

// One message makes some million others, and a window that is open for a day closes each second.
TEST(RouteTrials, EndInTheMiddleOfWhatOneMessageMakes) {
  std::string routes = R"({"routes":{)";
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
    routes.append(routes.ends_with('{') ? "\"" : ",\"")
        .append(name)
        .append("\":\"FROM 'plant/#' INTO Topic('plant/")
        .append(name)
        .append("')\"");
  int asked = 0;
  const Json loop =
      tried(routes + "}}", {recorded(1, "plant/1", "x")}, 5, [&asked] { return ++asked > 100; });
  EXPECT_EQ(loop["done"], false);
  EXPECT_LE(loop["routes"][0]["matched"], 101);
  asked = 0;
  const Json windows = tried(
      R"({"routes":{"n":"SELECT count(*) AS n FROM 't' GROUP BY HOPPING(second, 86400, 1) INTO $upstream"}})",
      {recorded(1, "t", "{}")}, 5, [&asked] { return ++asked > 100; });
  EXPECT_EQ(windows["done"], false);
  EXPECT_LE(asked, 110);
}

TEST(RouteTrials, EndWhenOneMessageMakesTooMuch) {
  std::string routes = R"({"routes":{)";
  for (int i = 0; i < 20; ++i)
    routes.append(i == 0 ? "" : ",")
        .append("\"r" + std::to_string(i) + "\":\"FROM 'a/#' INTO Topic('a/")
        .append(std::to_string(i))
        .append("')\"");
  const Json answer = tried(routes + "}}", {recorded(1, "a/b", std::string(1'000'000, 'x'))});
  EXPECT_EQ(answer["done"], false);
  EXPECT_LE(answer["routes"][0]["matched"], 100);
}

TEST(RouteTrials, CutLongPayloadsAndLongAnswers) {
  std::vector<TrialMessage> messages;
  for (uint64_t i = 1; i <= 100; ++i) messages.push_back(recorded(i, "a", std::string(20'000, '\x01')));
  const std::string routes = R"({"routes":{"a":"FROM '#' INTO $upstream","b":"FROM '#' INTO $upstream"}})";
  const Json answer = tried(routes, messages, 100);
  EXPECT_LE(answer.dump().size(), size_t{1} << 20U);
  EXPECT_EQ(answer["cut"], true);
  EXPECT_EQ(answer["routes"][0]["taken"].back()["number"], 100);
  EXPECT_EQ(answer["routes"][0]["taken"].back()["payload_bytes"], 20'000);
}

class RouteTrialRequests : public ::testing::Test {
 protected:
  AdminResponse ask(const std::string& target, const std::string& body, Role role = Role::operate) {
    AdminReply reply = api_.handle({"POST", target, body, Caller{role, "anna", "x"}});
    if (const auto* now = std::get_if<AdminResponse>(&reply)) return *now;
    std::optional<AdminResponse> answered;
    std::get<AdminLater>(reply).start(
        [&answered](AdminResponse response) { answered = std::move(response); });
    return answered.value_or(AdminResponse{});
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
};

TEST_F(RouteTrialRequests, NameWhoAsksAndSinceWhen) {
  const std::string routes = R"({"routes":{"hot":"FROM 'plant/#' INTO $upstream"}})";
  EXPECT_EQ(ask("/v1/routes/test?since_s=60&count=7&payload=1", routes).status, 200u);
  EXPECT_EQ(hub_.trial_.user, "anna");
  EXPECT_EQ(hub_.trial_.since_ms, hub_.now().wall_ms - 60'000);
  EXPECT_EQ(hub_.trial_.count, 7u);
  EXPECT_TRUE(hub_.trial_.payload);
  EXPECT_FALSE(hub_.trial_.given);
  EXPECT_FALSE(hub_.trial_.reads_tables) << "GET /v1/tables/NAME/rows takes the role admin";
  EXPECT_EQ(ask("/v1/routes/test", routes, Role::admin).status, 200u);
  EXPECT_TRUE(hub_.trial_.reads_tables);
  EXPECT_EQ(ask("/v1/routes/test", routes, Role::read).status, 403u);
  hub_.trial_answer_ = core::fail(core::Errc::unavailable, "nothing is recorded");
  EXPECT_EQ(ask("/v1/routes/test", routes).status, 503u);
}

TEST_F(RouteTrialRequests, MayGiveMessages) {
  EXPECT_EQ(ask("/v1/routes/test", R"({"routes":{"r":"FROM 'a' INTO $upstream"},
                "messages":[{"topic":"a","payload":"x","client":"c","properties":[["k","v"]]},
                            {"topic":"b","payload_base64":"eHk="}]})")
                .status,
            200u);
  ASSERT_TRUE(hub_.trial_.given);
  ASSERT_EQ(hub_.trial_.given->size(), 2u);
  const TrialMessage& first = hub_.trial_.given->front();
  EXPECT_EQ(first.message->topic, "a");
  EXPECT_EQ(first.message->arrived_ms, hub_.now().wall_ms);
  EXPECT_EQ(first.id(), "");
  EXPECT_EQ(hub_.trial_.given->back().message->body, "xy");
  EXPECT_EQ(hub_.trial_.routes.entries.size(), 1u);
  EXPECT_TRUE(hub_.trial_.routes.errors.empty());
}

TEST_F(RouteTrialRequests, AreRefusedWithThePlaceOfWhatIsWrong) {
  const auto wrong = [this](const std::string& messages) {
    const AdminResponse answer = ask("/v1/routes/test", R"({"routes":{},"messages":)" + messages + "}");
    EXPECT_EQ(answer.status, 400u) << messages;
    return answer.body;
  };
  EXPECT_THAT(wrong("{}"), HasSubstr("messages is no list"));
  EXPECT_THAT(wrong("[7]"), HasSubstr("messages[0]: it is no object"));
  EXPECT_THAT(wrong(R"([{"topic":"a"},{"payload":"x"}])"), HasSubstr("messages[1]: there is no topic"));
  EXPECT_THAT(wrong(R"([{"topic":"a","payload":7}])"), HasSubstr("messages[0]: payload is no text"));
  EXPECT_THAT(wrong(R"([{"topic":"a/#"}])"), HasSubstr("messages[0]: the topic is none"));
  EXPECT_THAT(wrong(R"([{"topic":"a","payload_base64":"!"}])"), HasSubstr("payload_base64 is no base64"));
  EXPECT_THAT(wrong(R"([{"topic":"a","properties":7}])"), HasSubstr("messages[0]: properties are neither"));
  EXPECT_THAT(wrong(R"([{"topic":"a","at":5},{"topic":"a","at":4}])"), HasSubstr("messages[1]"));
  std::string many = "[";
  for (int i = 0; i < 101; ++i) many += std::string(i == 0 ? "" : ",") + R"({"topic":"a"})";
  EXPECT_THAT(wrong(many + "]"), HasSubstr("messages are 101; allowed: up to 100"));
  const std::string text(256 << 10, ' ');
  EXPECT_THAT(ask("/v1/routes/test", R"({"routes":{"a":"FROM 'a' INTO $upstream)" + text + R"("}})").body,
              HasSubstr("bytes; allowed: up to 262144"));
  const std::string deep(100'000, '[');
  EXPECT_EQ(ask("/v1/routes/test", R"({"messages":)" + deep).status, 400u);
  for (const char* query : {"since_s=x", "count=0", "count=101", "payload=2", "more=1"})
    EXPECT_EQ(ask("/v1/routes/test?" + std::string(query), "{}").status, 400u) << query;
}

}  // namespace
}  // namespace headgate::hub
