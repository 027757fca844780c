// Routes that make something of a message where it is matched: a SELECT list without a window, a topic that the
// message fills in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/dead_letter.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::to;
using testing::v5;

class Projections : public EngineTest {
 protected:
  void publish(std::string_view topic, std::string_view body, uint8_t qos = 1) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos == 0 ? qos0(topic, body) : qos1(1, topic, body));
    commit();
  }
  std::vector<store::Entry> entries(std::string_view queue) {
    const auto id = store_.find_queue(queue);
    return id ? *store_.read(*id, store::kDefaultLane, 0, {}, clock_.now()) : std::vector<store::Entry>();
  }
  core::Message only_message(std::string_view queue) {
    const auto waiting = entries(queue);
    EXPECT_EQ(waiting.size(), 1u);
    return waiting.empty() ? core::Message() : *waiting.front().message;
  }
};

TEST_F(Projections, GoUpstreamInPlaceOfTheMessage) {
  route("SELECT $body.t AS temperature FROM 'plant/#' WHERE $body.t > 20 INTO $upstream");
  publish("plant/1", R"({"t":21.5,"x":1})");
  publish("plant/1", R"({"t":19})");
  const core::Message made = only_message("$upstream");
  EXPECT_EQ(made.body, R"({"temperature":21.5})");
  EXPECT_EQ(made.topic, "routes/r0");
  EXPECT_EQ(made.props().content_type, "application/json");
  EXPECT_THAT(made.props().user, ElementsAre(core::UserProperty{"route", "r0"}));
  EXPECT_EQ(made.qos, 1);
  ASSERT_TRUE(made.source);
  EXPECT_EQ(made.source->client_id, "sensor");
}

TEST_F(Projections, AreThereIfAndOnlyIfTheMessageIs) {
  route("FROM 'plant/#' INTO $upstream");
  route("SELECT $body.t AS t FROM 'plant/#' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  const size_t commits = store_.commits();
  EXPECT_THAT(sensor.publish(qos1(1, "plant/1", R"({"t":1})")), IsEmpty());
  commit();
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 1"));
  EXPECT_EQ(store_.commits(), commits + 1);
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"t":1})"));
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre(R"({"t":1})"));
}

TEST_F(Projections, HoldThePublishWhileASinkOfTheirsHasNoRoom) {
  route("FROM 'plant/#' INTO $upstream");
  routing::QueueRule one;
  one.messages_max = 1;
  route("SELECT 1 AS one FROM 'plant/#' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, one);
  publish("plant/1", "{}");
  publish("plant/2", "{}");  // refused whole
  EXPECT_THAT(waiting("$upstream"), ElementsAre("{}"));
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre(R"({"one":1})"));
}

TEST_F(Projections, OfQos0GoWhereThereIsRoom) {
  route("FROM 'plant/#' INTO $upstream");
  routing::QueueRule one;
  one.messages_max = 1;
  route("SELECT 1 AS one FROM 'plant/#' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, one);
  publish("plant/1", "{}", 0);
  publish("plant/2", "{}", 0);
  EXPECT_THAT(waiting("$upstream"), ElementsAre("{}", "{}"));
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre(R"({"one":1})"));
  EXPECT_EQ(engine_->ingest_stats().dropped, 1u);
}

TEST_F(Projections, ArePublishedToATopicAndRoutedAgain) {
  route("SELECT $body.t AS t FROM 'plant/#' INTO Topic('insights/t')");
  route("SELECT $body.t AS twice FROM 'insights/#' INTO $upstream");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("insights/#", 0)});
  commit();
  publish("plant/1", R"({"t":3})");
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr(R"(insights/t={"t":3})")));
  EXPECT_EQ(only_message("$upstream").body, R"({"twice":3})");
  EXPECT_EQ(only_message("$upstream").topic, "routes/r1");
}

TEST_F(Projections, OfSeveralRoutesAllReachTheTopic) {
  route("SELECT 1 AS a FROM 'plant/#' INTO Topic('insights')");
  route("SELECT 2 AS b FROM 'plant/#' INTO Topic('insights')");
  route("FROM 'insights' INTO $upstream");
  publish("plant/1", "{}");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"a":1})", R"({"b":2})"));
}

TEST_F(Projections, ThatFeedThemselvesComeToAnEnd) {
  route("SELECT $body.n AS n FROM 'a' INTO Topic('a')");
  route("SELECT $body.n AS m FROM 'a' INTO Topic('a')");
  route("FROM 'a' INTO $upstream");
  publish("a", R"({"n":1})");
  EXPECT_LE(waiting("$upstream").size(), 2u * routing::kMaxHops + 1);
}

TEST_F(Projections, FillInTheTopicOfATopicSinkAndOfUpstream) {
  route(
      "FROM 'plant/#' INTO Topic('alerts/{$body.asset}'), Upstream('up/{$body.asset}/x'), Upstream('fixed')");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("alerts/#", 0)});
  commit();
  publish("plant/1", R"({"asset":"p7"})");
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr(R"(alerts/p7={"asset":"p7"})")));
  const auto up = entries("$upstream");
  ASSERT_EQ(up.size(), 2u);
  EXPECT_EQ(up[0].message->topic, "up/p7/x");
  EXPECT_EQ(up[1].message->topic, "fixed");
  EXPECT_EQ(up[1].message->body, R"({"asset":"p7"})");
}

TEST_F(Projections, ThatWouldLeaveTheirLevelAreRefusedAndCounted) {
  route("FROM 'plant/#' INTO Topic('alerts/{$body.asset}')");
  route("FROM 'alerts/#' INTO $upstream");
  publish("plant/1", R"({"asset":"../x"})");
  publish("plant/1", R"({"asset":"#"})");
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  const auto routes = engine_->routes().describe();
  EXPECT_EQ(routes[0].counts.type_errors, 2u);
  EXPECT_THAT(routes[0].type_error_last, HasSubstr("alerts/#"));
}

TEST_F(Projections, GoToTheDeadLettersWithTheRouteAsTheReason) {
  route("SELECT $body.t AS t FROM 'plant/#' INTO $deadletter, $null");
  publish("plant/1", R"({"t":3})");
  const auto letters = entries("$dead");
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].message->body, R"({"t":3})");
  const auto letter = store::decode_dead_letter(letters[0].tag);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->queue, "route:r0");
}

TEST_F(Projections, LiveAsLongAsTheRouteSaysFromWhenTheyAreMade) {
  route("SELECT $body.t AS t FROM 'plant/#' INTO $upstream", 3, 60);
  publish("plant/1", R"({"t":3})");
  const auto made = *store_.read(*store_.find_queue("$upstream"), 3, 0, {}, clock_.now());
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].expires_ms, clock_.now().hub_ms + 60'000);
}

TEST_F(Projections, AreRetainedIfTheRouteSaysSo) {
  route_retaining("SELECT $body.t AS t FROM 'plant/#' INTO Topic('last')");
  publish("plant/1", R"({"t":3})");
  auto late = client();
  late.connect(v5("late"));
  EXPECT_THAT(late.subscribe(1, {to("last", 0)}),
              ElementsAre("SUBACK 1 00", R"(PUBLISH q0 retain type:application/json route:r0 last={"t":3})"));
}

}  // namespace
}  // namespace headgate::hub
