// Devices and modules of IoT Edge in the whole hub: messages to devices, twins and methods over real sessions, reported
// properties through routes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "hub/edge/topics.h"
#include "tests/hub/engine/engine_fixture.h"
#include "tests/support/edge/dialect.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos0;
using ::testing::StartsWith;
using testing::to;
using testing::v3;

constexpr const char* kLeafQueue = "devices/leaf-1/messages/devicebound";
constexpr const char* kLeafFilter = "devices/leaf-1/messages/devicebound/#";

class EdgeInTheHub : public EngineTest {
 protected:
  EdgeInTheHub() {
    testing::add_edge_client(access_, "leaf-1");
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
    leaf.come_in_by(testing::edge_listener());
    leaf.connect(testing::as_sdk("leaf-1"));
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
  // Reports without being connected for longer.
  void report(const std::string& rid, const std::string& body) {
    auto leaf = client();
    connect(leaf);
    leaf.publish(qos0("$iothub/twin/PATCH/properties/reported/?$rid=" + rid, body));
    commit();
    leaf.disconnect();
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
  leaf.subscribe(7, {to(kLeafFilter, 1)});
  commit();
  const auto lines = leaf.read();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1],
            "PUBLISH q1 id1 devices/leaf-1/messages/devicebound/"
            "%24.to=%2Fdevices%2Fleaf-1%2Fmessages%2FdeviceBound=1");
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
  subscribe(leaf, kLeafFilter);
  send("1");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=1")));
  send("2");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=2")));
}

TEST_F(EdgeInTheHub, MessagesToADeviceOutliveTheHubAndConnections) {
  {
    auto leaf = client();
    connect(leaf);
    subscribe(leaf, kLeafFilter);
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
  leaf.subscribe(7, {to(kLeafFilter, 1)});
  commit();
  const auto lines = leaf.read();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[1], EndsWith("=long"));
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
  subscribe(leaf, kLeafFilter);
  send("1");
  leaf.read();
  leaf.puback(1);
  commit();
  remove_routes();
  EXPECT_FALSE(store_.find_queue(kLeafQueue));
  send("2");
  EXPECT_THAT(leaf.read(), ElementsAre(HasSubstr("=2")));
}

TEST_F(EdgeInTheHub, TwinsAreAskedForAndChangedOnTheWire) {
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, "$iothub/twin/res/#", 0);
  subscribe(leaf, "$iothub/twin/PATCH/properties/desired/#", 0);
  leaf.publish(qos0("$iothub/twin/PATCH/properties/reported/?$rid=r1", R"({"a":1})"));
  commit();
  EXPECT_THAT(leaf.read(), ElementsAre("PUBLISH q0 $iothub/twin/res/204/?$rid=r1&$version=2="));
  EXPECT_THAT(leaf.publish(qos0("$iothub/twin/GET/?$rid=g", " ")),
              ElementsAre("PUBLISH q0 $iothub/twin/res/200/?$rid=g="
                          R"({"desired":{"$version":1},"reported":{"a":1,"$version":2}})"));
  engine_->edge().patch_twin({"leaf-1", {}}, R"({"b":null})", [](const auto&) {});
  commit();
  EXPECT_THAT(
      leaf.read(),
      ElementsAre(R"(PUBLISH q0 $iothub/twin/PATCH/properties/desired/?$version=2={"b":null,"$version":2})"));
}

TEST_F(EdgeInTheHub, MethodsReachAClientWhenItSubscribesAndAreAnsweredOnTheWire) {
  std::string told;
  engine_->edge().call_method({.target = {"leaf-1", {}}, .name = "echo", .connect_timeout_s = 10},
                              [&](const MethodOutcome& outcome) { told = outcome.payload; });
  auto leaf = client();
  connect(leaf);
  leaf.read();
  auto lines = leaf.subscribe(7, {to("$iothub/methods/POST/#")});
  commit();
  std::ranges::copy(leaf.read(), std::back_inserter(lines));
  const auto call = std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("PUBLISH"); });
  ASSERT_NE(call, lines.end());
  const std::string front = "PUBLISH q0 $iothub/methods/POST/echo/?$rid=";
  ASSERT_THAT(*call, StartsWith(front));
  const std::string rid = call->substr(front.size(), call->find('=', front.size()) - front.size());
  leaf.publish(qos0("$iothub/methods/res/200/?$rid=" + rid, R"({"got":1})"));
  EXPECT_EQ(told, R"({"got":1})");
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
  report("r1", R"({"a":1})");
  report("r2", R"({"a":2})");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"a":1})"));
  restart_hub();
  EXPECT_THAT(*engine_->edge().twin({"leaf-1", {}}), HasSubstr(R"("reported":{"a":2,"$version":3})"));
}

TEST_F(EdgeInTheHub, AReportThatNoQueueHasRoomForIsRefused) {
  routing::QueueRule rule;
  rule.messages_max = 1;
  rule.on_full = store::OnFull::reject;
  route("FROM /twinChangeNotifications INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, rule);
  report("r1", R"({"a":1})");
  auto leaf = client();
  connect(leaf);
  subscribe(leaf, "$iothub/twin/res/#", 0);
  EXPECT_THAT(leaf.publish(qos0("$iothub/twin/PATCH/properties/reported/?$rid=r2", R"({"a":2})")),
              ElementsAre(HasSubstr("$iothub/twin/res/429/?$rid=r2")));
  EXPECT_THAT(*engine_->edge().twin({"leaf-1", {}}), HasSubstr(R"("reported":{"a":1,"$version":2})"));
}

TEST_F(EdgeInTheHub, TheHubsOwnTwinSaysWhoComesAndGoes) {
  (void)engine_->edge().hub().serve({.device = "leaf-1",
                                     .version = "1",
                                     .put_in_force = [](auto, auto done) { done(); },
                                     .wrong = [] { return std::vector<std::string>(); }});
  const auto reported = [&] {
    clock_.advance_ms(11'000);
    engine_->tick();
    commit();
    return *engine_->edge().twin({"$edgeHub", {}});
  };
  auto plain = client();
  plain.connect(v3("leaf-1"));
  EXPECT_THAT(reported(), HasSubstr(R"("clients":{})")) << "one of plain MQTT is no device";
  plain.disconnect();
  auto leaf = client();
  connect(leaf);
  EXPECT_THAT(reported(), HasSubstr(R"("status":"Connected"})"));
  leaf.disconnect();
  EXPECT_THAT(reported(), HasSubstr(R"("status":"Disconnected"})"));
}

}  // namespace
}  // namespace headgate::hub
