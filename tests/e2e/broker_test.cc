// What any MQTT broker owes its clients: retained messages, wills, wildcards, sessions, and a closed door for
// whoever does not speak MQTT.
#include <signal.h>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using Words = std::vector<std::string>;

class Retained : public HubTest {};

TEST_F(Retained, GoesToALaterSubscriberWithItsFlag) {
  ASSERT_TRUE(client()->publish_and_wait("state/door", "open", 1, true));
  auto late = subscriber("state/+");
  ASSERT_TRUE(late->wait_received(1));
  EXPECT_EQ(late->received().front().payload, "open");
  EXPECT_TRUE(late->received().front().retain);
}

TEST_F(Retained, IsNotFlaggedForWhoWasSubscribedBefore) {
  auto early = subscriber("state/+");
  ASSERT_TRUE(client()->publish_and_wait("state/door", "open", 1, true));
  ASSERT_TRUE(early->wait_received(1));
  EXPECT_FALSE(early->received().front().retain);
}

TEST_F(Retained, IsClearedByAnEmptyPayload) {
  auto publisher = client();
  ASSERT_TRUE(publisher->publish_and_wait("state/door", "open", 1, true));
  ASSERT_TRUE(publisher->publish_and_wait("state/door", "", 1, true));
  ASSERT_TRUE(publisher->publish_and_wait("state/window", "shut", 1, true));
  EXPECT_EQ(subscriber("state/+")->expect_payloads(1), Words{"shut"});
}

TEST_F(Retained, SurvivesAKilledHub) {
  ASSERT_TRUE(client()->publish_and_wait("state/door", "open", 1, true));
  restart_hard();
  EXPECT_EQ(subscriber("state/+")->expect_payloads(1), Words{"open"});
}

class Will : public HubTest {
 protected:
  [[nodiscard]] std::unique_ptr<Process> start_client_with_will(const std::string& version) const {
    auto process = std::make_unique<Process>(
        Words{"stdbuf", "-oL", "mosquitto_sub", "-d", "-p", std::to_string(hub_.port()), "-V", version, "-t",
              "nothing", "--will-topic", "last/words", "--will-payload", "gone", "--will-qos", "1"},
        scratch_.path() / version);
    EXPECT_TRUE(eventually([&] { return process->output().find("Subscribed") != std::string::npos; }));
    return process;
  }
  ScratchDir scratch_;
};

TEST_F(Will, IsPublishedWhenAClientDies) {
  auto listener = subscriber("last/#");
  for (const char* version : {"mqttv311", "mqttv5"}) start_client_with_will(version)->kill_hard();
  EXPECT_EQ(listener->expect_payloads(2), (Words{"gone", "gone"}));
}

TEST_F(Will, IsForgottenWhenAClientDisconnects) {
  auto listener = subscriber("last/#");
  auto polite = client({.will_topic = "last/words", .will_payload = "never"});
  polite->disconnect();
  ASSERT_TRUE(client()->publish_and_wait("last/check", "after", 1));
  EXPECT_EQ(listener->expect_payloads(1), Words{"after"});
}

class Wildcards : public HubTest {};

TEST_F(Wildcards, MatchAsTheStandardSays) {
  struct Case {
    const char* filter;
    Words expected;
  };
  const Words topics{"sport", "sport/tennis", "sport/tennis/player1", "/finance", "$private/x"};
  const std::vector<Case> cases{{"sport/#", {"sport", "sport/tennis", "sport/tennis/player1"}},
                                {"sport/+", {"sport/tennis"}},
                                {"+/+/player1", {"sport/tennis/player1"}},
                                {"+/+", {"sport/tennis", "/finance"}},
                                {"#", {"sport", "sport/tennis", "sport/tennis/player1", "/finance"}},
                                {"/+", {"/finance"}}};
  std::vector<std::unique_ptr<MqttClient>> subscribers;
  for (const Case& expected : cases) subscribers.push_back(subscriber(expected.filter));
  auto publisher = client();
  for (const std::string& topic : topics) publisher->publish(topic, topic, 1);
  ASSERT_TRUE(publisher->wait_unacked_below(1));
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(subscribers[i]->expect_payloads(cases[i].expected.size()), cases[i].expected)
        << cases[i].filter;
  }
}

TEST_F(Wildcards, DeliverNothingAfterUnsubscribe) {
  auto listener = subscriber("a/#");
  ASSERT_EQ(listener->subscribe("b/#", 1), 1);
  ASSERT_TRUE(listener->unsubscribe("a/#"));
  auto publisher = client();
  ASSERT_TRUE(publisher->publish_and_wait("a/1", "unwanted", 1));
  ASSERT_TRUE(publisher->publish_and_wait("b/1", "wanted", 1));
  EXPECT_EQ(listener->expect_payloads(1), Words{"wanted"});
}

class Sessions : public HubTest {
 protected:
  void subscribe_and_leave(const std::string& id, Protocol protocol, int qos = 1) const {
    auto session = persistent_client(id, protocol);
    ASSERT_EQ(session->subscribe("orders/#", qos), qos);
    session->disconnect();
  }
};

TEST_F(Sessions, KeepSubscriptionsAndMessagesOverAKill) {
  subscribe_and_leave("three", Protocol::v311);
  subscribe_and_leave("five", Protocol::v5);
  ASSERT_TRUE(client()->publish_and_wait("orders/1", "before the kill", 1));
  restart_hard();
  ASSERT_TRUE(client()->publish_and_wait("orders/2", "after the kill", 1));
  for (const auto& [id, protocol] : {std::pair{"three", Protocol::v311}, std::pair{"five", Protocol::v5}}) {
    auto resumed = persistent_client(id, protocol);
    EXPECT_TRUE(resumed->session_was_present()) << id;
    EXPECT_EQ(resumed->expect_payloads(2), (Words{"before the kill", "after the kill"})) << id;
  }
}

TEST_F(Sessions, KeepQos2MessagesOverAKillAndDeliverThemOnce) {
  subscribe_and_leave("two", Protocol::v5, 2);
  auto publisher = client();
  for (const char* payload : {"a", "b", "c"})
    ASSERT_TRUE(publisher->publish_and_wait("orders/2", payload, 2));
  restart_hard();
  auto resumed = persistent_client("two");
  EXPECT_EQ(resumed->expect_payloads(3), (Words{"a", "b", "c"}));
  EXPECT_EQ(resumed->received().front().qos, 2);
}

TEST_F(Sessions, StartAnewWithACleanStart) {
  subscribe_and_leave("one", Protocol::v5);
  ASSERT_TRUE(client()->publish_and_wait("orders/1", "for the old session", 1));
  client({.id = "one"})->disconnect();
  auto again = persistent_client("one");
  EXPECT_FALSE(again->session_was_present());
  ASSERT_EQ(again->subscribe("orders/#", 1), 1);
  ASSERT_TRUE(client()->publish_and_wait("orders/2", "for the new one", 1));
  EXPECT_EQ(again->expect_payloads(1), Words{"for the new one"});
}

TEST_F(Sessions, GoToTheSecondClientOfTheSameName) {
  auto first = persistent_client("twin");
  ASSERT_EQ(first->subscribe("orders/#", 1), 1);
  auto second = persistent_client("twin");
  EXPECT_TRUE(first->wait_disconnected());
  EXPECT_EQ(first->disconnect_code(), 0x8E) << "session taken over [MQTT-3.1.4-3]";
  EXPECT_TRUE(second->session_was_present());
  ASSERT_TRUE(client()->publish_and_wait("orders/1", "for the second", 1));
  EXPECT_EQ(second->expect_payloads(1), Words{"for the second"});
}

TEST_F(Sessions, RedeliverWhatWasNotAcknowledgedWithDup) {
  subscribe_and_leave("slow", Protocol::v311);
  ASSERT_TRUE(client()->publish_and_wait("orders/1", "again", 1));
  const std::string connect_slow("\x10\x10\x00\x04MQTT\x04\x00\x00\x3c\x00\x04slow", 18);
  constexpr size_t connack_bytes = 4;
  for (const char first_byte : {'\x32', '\x3A'}) {  // PUBLISH QoS 1; then with DUP [MQTT-3.3.1-1]
    RawSocket socket(hub_.port());
    socket.send(connect_slow);
    ASSERT_TRUE(socket.receive(connack_bytes + 2 + 2 + 8 + 2 + 5));
    EXPECT_EQ(socket.received()[connack_bytes], first_byte);
  }
}

class Malformed : public HubTest {};

TEST_F(Malformed, PacketsCloseOnlyTheirConnection) {
  const std::string connect("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01m", 15);
  const std::vector<std::pair<const char*, std::string>> cases{
      {"a first packet that is not CONNECT", std::string("\xc0\x00", 2)},
      {"HTTP", "GET / HTTP/1.1\r\nHost: hub\r\n\r\n"},
      {"a wrong protocol name", std::string("\x10\x0d\x00\x04MQTX\x04\x02\x00\x3c\x00\x01m", 15)},
      {"the reserved CONNECT flag", std::string("\x10\x0d\x00\x04MQTT\x04\x03\x00\x3c\x00\x01m", 15)},
      {"a length of five bytes", connect + std::string("\x30\xff\xff\xff\xff\x01", 6)},
      {"QoS 3", connect + std::string("\x36\x05\x00\x01"
                                      "a\x00\x01",
                                      7)},
      {"a wildcard in a topic", connect + std::string("\x30\x03\x00\x01#", 5)},
      {"a topic longer than its packet", connect + std::string("\x30\x03\x00\x09z", 5)},
      {"a topic that is not UTF-8", connect + std::string("\x30\x04\x00\x02\xc0\x80", 6)},
      {"SUBSCRIBE with wrong flags", connect + std::string("\x80\x06\x00\x01\x00\x01"
                                                           "a\x00",
                                                           8)},
      {"SUBSCRIBE without a filter", connect + std::string("\x82\x02\x00\x01", 4)},
      {"a packet only a server sends", connect + std::string("\xd0\x00", 2)},
      {"PINGREQ with a body", connect + std::string("\xc0\x01\x00", 3)},
      {"a second CONNECT", connect + connect}};
  auto listener = subscriber("echo");
  auto control = client();
  for (const auto& [what, bytes] : cases) {
    RawSocket socket(hub_.port());
    socket.send(bytes);
    EXPECT_TRUE(socket.is_closed_by_peer(5s)) << what;
    EXPECT_TRUE(control->publish_and_wait("echo", what, 1)) << what;
  }
  EXPECT_EQ(listener->expect_payloads(cases.size()).size(), cases.size());
}

TEST_F(Malformed, AnEndlessDeclaredLengthCostsNothing) {
  std::vector<std::unique_ptr<RawSocket>> hungry;
  for (int i = 0; i < 100; ++i) {
    hungry.push_back(std::make_unique<RawSocket>(hub_.port()));
    hungry.back()->send(std::string("\x10\xff\xff\xff\x7f\x00\x04MQTT", 11));
  }
  for (const auto& socket : hungry) ASSERT_TRUE(socket->is_closed_by_peer());
  EXPECT_TRUE(client()->publish_and_wait("still/here", "x", 1));
}

class Silence : public HubTest {
 protected:
  void configure(nlohmann::json& config) override { config["limits"] = {{"connect_timeout_s", 1}}; }
};

TEST_F(Silence, BeforeConnectEndsTheConnection) { EXPECT_TRUE(RawSocket(hub_.port()).is_closed_by_peer(5s)); }

TEST_F(Silence, BeyondTheKeepAliveEndsTheConnection) {
  RawSocket socket(hub_.port());
  socket.send(std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x01\x00\x01k", 15));  // keep alive 1 s
  ASSERT_TRUE(socket.receive(4));
  EXPECT_TRUE(socket.is_closed_by_peer(5s)) << "[MQTT-3.1.2-22]";
}

TEST_F(Silence, IsFineWithoutAKeepAlive) {
  RawSocket socket(hub_.port());
  socket.send(std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01k", 15));
  ASSERT_TRUE(socket.receive(4));
  EXPECT_FALSE(socket.is_closed_by_peer(2500ms));
}

class Modules : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"chain",
                         "FROM /messages/modules/sensor/outputs/* INTO "
                         "BrokeredEndpoint('/modules/detector/inputs/readings')"},
                        {"filter",
                         "FROM /messages/modules/detector/outputs/scores WHERE $body.score >= 0.8 INTO "
                         "Topic('alarms/high')"}};
  }
};

TEST_F(Modules, AreChainedByRoutes) {
  auto detector = persistent_client("detector");
  ASSERT_EQ(detector->subscribe("modules/detector/inputs/#", 1), 1);
  ASSERT_TRUE(client({.id = "sensor"})->publish_and_wait("modules/sensor/outputs/raw", R"({"t":21})", 1));
  ASSERT_TRUE(detector->wait_received(1));
  EXPECT_EQ(detector->received().front().topic, "modules/detector/inputs/readings");
  EXPECT_EQ(detector->payloads(), Words{R"({"t":21})"});
}

TEST_F(Modules, GetTheirInputsFromTheHubAlone) {
  auto detector = persistent_client("detector");
  ASSERT_EQ(detector->subscribe("modules/detector/inputs/#", 1), 1);
  auto stranger = client();
  EXPECT_FALSE(stranger->publish_and_wait("modules/detector/inputs/readings", "forged", 1));
  EXPECT_EQ(stranger->last_publish_code(), 0x87) << "not authorized";
  ASSERT_TRUE(client({.id = "sensor"})->publish_and_wait("modules/sensor/outputs/raw", "routed", 1));
  EXPECT_EQ(detector->expect_payloads(1), Words{"routed"});
}

TEST_F(Modules, FilterByTheBody) {
  auto alarms = subscriber("alarms/#");
  auto detector = client({.id = "detector"});
  for (const char* body : {R"({"score":0.1})", R"({"score":0.9})", R"({"other":1})", R"({"score":0.8})"}) {
    ASSERT_TRUE(detector->publish_and_wait("modules/detector/outputs/scores", body, 1));
  }
  EXPECT_EQ(alarms->expect_payloads(2), (Words{R"({"score":0.9})", R"({"score":0.8})"}));
}

TEST_F(Modules, KeepWhatCameWhileTheyWereKilledWithTheHub) {
  auto detector = persistent_client("detector");
  ASSERT_EQ(detector->subscribe("modules/detector/inputs/#", 1), 1);
  detector.reset();
  ASSERT_TRUE(client({.id = "sensor"})->publish_and_wait("modules/sensor/outputs/raw", "kept", 1));
  restart_hard();
  EXPECT_EQ(persistent_client("detector")->expect_payloads(1), Words{"kept"});
}

}  // namespace
}  // namespace headgate::e2e
