// Devices and modules of IoT Edge in the whole hub: messages to devices, twins and methods over real sessions, reported
// properties through routes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/edge/topics.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::to;
using testing::v3;

constexpr const char* kLeafQueue = "devices/leaf-1/messages/devicebound";

class EdgeInTheHub : public EngineTest {
 protected:
  EdgeInTheHub() {
    broker::Identity identity;
    identity.kind = broker::Identity::Kind::device;
    identity.username = "leaf";
    identity.device = "leaf-1";
    access_.users["leaf"] = {std::make_shared<const broker::Identity>(identity), broker::Rights::all()};
    know();
  }
  void know() {
    engine_->edge().use_identities([](const EdgeId& id) { return id.device == "leaf-1"; });
  }
  void restart_hub() {
    restart();
    know();
  }
  // Connects it to its session.
  static void connect(testing::ScriptedClient& leaf) {
    broker::Connect connect = kept(v3("leaf-1"));
    connect.username = "leaf";
    leaf.connect(connect);
  }
  void subscribe(testing::ScriptedClient& leaf, std::string_view filter, uint8_t qos = 1) {
    leaf.subscribe(7, {to(filter, qos)});
    commit();
    leaf.read();
  }
  void send(const std::string& body, uint32_t expiry_s = 60) {
    engine_->edge().send_to_device({.device = "leaf-1", .body = body, .expiry_s = expiry_s},
                                   [](const auto& sent) { EXPECT_TRUE(sent); });
    commit();
  }
  void ask(const std::string& rest, const std::string& body) {
    core::Message request;
    request.topic = edge_prefix({"leaf-1", {}}) + rest;
    request.body = body;
    EXPECT_TRUE(engine_->edge().on_request({"leaf-1", {}}, request, clock_.now()));
    commit();
  }
};

TEST_F(EdgeInTheHub, MessagesToADeviceAreSentOnceItSubscribesAndEndWithItsPuback) {
  send("1");
  send("2");
  auto leaf = client();
  connect(leaf);
  commit();
  leaf.read();
  EXPECT_THAT(waiting(kLeafQueue), ElementsAre("1", "2"));
  leaf.subscribe(7, {to(kLeafQueue, 1)});
  commit();
  const auto lines = leaf.read();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[1], HasSubstr("PUBLISH q1 id1"));
  EXPECT_THAT(lines[1], HasSubstr(std::string(kLeafQueue) + "=1"));
  leaf.puback(1);
  commit();
  EXPECT_THAT(waiting(kLeafQueue), ElementsAre("2"));
  leaf.puback(2);
  commit();
  EXPECT_THAT(waiting(kLeafQueue), IsEmpty());
}

TEST_F(EdgeInTheHub, MessagesToADeviceThatIsConnectedAreSentAtOnce) {
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, kLeafQueue);
  send("1");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=1")));
  send("2");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=2")));
}

TEST_F(EdgeInTheHub, MessagesToADeviceOutliveTheHubAndConnections) {
  {
    auto leaf = client();
    connect(leaf);
    subscribe(leaf, kLeafQueue);
    send("1");
    leaf.read();
    leaf.drop();
    send("2");
    leaf.lose_hub();
  }
  restart_hub();
  auto leaf = client();
  connect(leaf);
  commit();
  const auto lines = leaf.read();
  ASSERT_EQ(lines.size(), 2u) << "its session has the subscription";
  EXPECT_THAT(lines[0], HasSubstr("=1"));
  EXPECT_THAT(lines[1], HasSubstr("=2"));
}

TEST_F(EdgeInTheHub, MessagesToADeviceExpire) {
  send("short", 5);
  send("long", 50);
  clock_.advance_ms(6'000);
  engine_->tick();
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, "other");
  leaf.subscribe(7, {to(kLeafQueue, 1)});
  commit();
  const auto lines = leaf.read();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], HasSubstr("=long"));
}

TEST_F(EdgeInTheHub, MessagesToADeviceAreNotTakenByWhoDoesNotNameIt) {
  auto other = client();
  other.connect(v3("other"));
  other.subscribe(1, {to("#", 1), to("devices/+/messages/devicebound", 1)});
  commit();
  other.read();
  send("1");
  EXPECT_THAT(other.read(), IsEmpty());
  EXPECT_THAT(waiting(kLeafQueue), ElementsAre("1"));
}

TEST_F(EdgeInTheHub, AQueueOfADeviceIsFoundAgainAfterItWasDrainedAndRemoved) {
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, kLeafQueue);
  send("1");
  leaf.read();
  leaf.puback(1);
  commit();
  remove_routes();
  EXPECT_FALSE(store_.find_queue(kLeafQueue));
  send("2");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=2")));
}

TEST_F(EdgeInTheHub, TwinsAreAnsweredOverTheSessionOfTheClient) {
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, twin_answers_filter({"leaf-1", {}}), 0);
  ask("twin/PATCH/properties/reported/?$rid=r1", R"({"a":1})");
  EXPECT_THAT(leaf.read(),
              ElementsAre("PUBLISH q0 t=$iothub/devices/leaf-1/twin/res/204/?$rid=r1&$version=2="));
}

TEST_F(EdgeInTheHub, MethodsReachAClientWhenItSubscribes) {
  engine_->edge().call_method({.target = {"leaf-1", {}}, .name = "echo", .connect_timeout_s = 10},
                              [](const MethodOutcome&) {});
  auto leaf = client();
  connect(leaf);
  leaf.read();
  leaf.subscribe(7, {to(methods_filter({"leaf-1", {}}))});
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("$iothub/devices/leaf-1/methods/POST/echo/?$rid=")));
}

TEST_F(EdgeInTheHub, AClientOfPlainMqttIsNoDeviceOfThatName) {
  auto plain = client();
  plain.connect(v3("leaf-1"));
  subscribe(plain, methods_filter({"leaf-1", {}}));
  std::string told;
  engine_->edge().call_method({.target = {"leaf-1", {}}, .name = "echo"},
                              [&](const MethodOutcome& outcome) { told = outcome.error; });
  EXPECT_THAT(told, HasSubstr("is not connected"));
  EXPECT_THAT(plain.read(), IsEmpty());
}

TEST_F(EdgeInTheHub, WhatTwinsReportGoesThroughRoutesWithTheTwin) {
  route(
      "FROM /twinChangeNotifications WHERE $connectionDeviceId = 'leaf-1' AND $body.a = 1 AND "
      "$messageType = 'twinChangeNotification' INTO $upstream");
  ask("twin/PATCH/properties/reported/?$rid=r1", R"({"a":1})");
  ask("twin/PATCH/properties/reported/?$rid=r2", R"({"a":2})");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"a":1})"));
  restart_hub();
  EXPECT_THAT(*engine_->edge().twin({"leaf-1", {}}), HasSubstr(R"("reported":{"a":2,"$version":3})"));
}

TEST_F(EdgeInTheHub, AReportThatNoQueueHasRoomForIsRefused) {
  routing::QueueRule rule;
  rule.messages_max = 1;
  rule.on_full = store::OnFull::reject;
  route("FROM /twinChangeNotifications INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, rule);
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, twin_answers_filter({"leaf-1", {}}), 0);
  ask("twin/PATCH/properties/reported/?$rid=r1", R"({"a":1})");
  leaf.read();
  ask("twin/PATCH/properties/reported/?$rid=r2", R"({"a":2})");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("twin/res/429/?$rid=r2")));
  EXPECT_THAT(*engine_->edge().twin({"leaf-1", {}}), HasSubstr(R"("reported":{"a":1,"$version":2})"));
}

}  // namespace
}  // namespace headgate::hub
