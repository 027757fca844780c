// Clients that are slow, greedy, rude or broken: each harms only itself. A control pair exchanges messages
// throughout.
#include <random>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using namespace std::string_literals;

constexpr size_t kConnackBytes = 4;

// CONNECT of MQTT 3.1.1 with a clean session.
std::string connect_as(const std::string& id, char keep_alive_s = 0) {
  std::string packet = "\x10"s + static_cast<char>(12 + id.size()) + "\0\x04MQTT\x04\x02\0"s + keep_alive_s;
  return packet + '\0' + static_cast<char>(id.size()) + id;
}

// SUBSCRIBE with QoS 0.
std::string subscribe_to(const std::string& filter) {
  return "\x82"s + static_cast<char>(5 + filter.size()) + "\0\x01\0"s + static_cast<char>(filter.size()) +
         filter + '\0';
}

class RudeClients : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    listener_ = subscriber("control");
    control_ = client();
  }
  void configure(nlohmann::json& config) override {
    config["limits"] = {{"connect_timeout_s", 1}, {"connections_max", kConnectionsMax}};
  }

  // The control pair still exchanges messages.
  void expect_others_are_served(const std::string& while_what) {
    ASSERT_TRUE(control_->publish_and_wait("control", while_what, 1)) << while_what;
    ASSERT_TRUE(listener_->wait_received(++exchanged_)) << while_what;
  }

  static constexpr size_t kConnectionsMax = 40;
  static constexpr size_t kControlPair = 2;
  std::unique_ptr<MqttClient> listener_;
  std::unique_ptr<MqttClient> control_;
  size_t exchanged_ = 0;
};

TEST_F(RudeClients, AConnectThatTricklesInIsClosedInTime) {
  RawSocket loris(hub_.port());
  const std::string connect = connect_as("loris");
  size_t sent = 0;
  for (; sent < connect.size() && !loris.is_closed_by_peer(200ms); ++sent) loris.send({&connect[sent], 1});
  EXPECT_LT(sent, connect.size()) << "closed before its last byte, whatever it sent";
  EXPECT_EQ(loris.received(), "");
  expect_others_are_served("loris");
}

TEST_F(RudeClients, ASessionByteForByteIsASession) {
  RawSocket slow(hub_.port());
  const auto say = [&](const std::string& bytes) {
    for (const char& byte : bytes) {
      slow.send({&byte, 1});
      std::this_thread::sleep_for(1ms);  // a segment of its own
    }
  };
  say(connect_as("slow"));
  ASSERT_TRUE(slow.receive(kConnackBytes));
  const std::string publish = "\x30\x0a\0\x05to/meHey"s;
  const std::string suback = "\x90\x03\0\x01\0"s;
  say(subscribe_to("to/me") + publish + "\xc0\0"s);
  const std::string expected = "\x20\x02\0\0"s + suback + publish + "\xd0\0"s;
  ASSERT_TRUE(slow.receive(expected.size()));
  EXPECT_EQ(slow.received(), expected);
  say("\xe0\0"s);
  EXPECT_TRUE(slow.is_closed_by_peer());
}

TEST_F(RudeClients, HalfAPacketThenSilenceEndsWithTheKeepAlive) {
  RawSocket half(hub_.port());
  half.send(connect_as("half", 1) + "\x30\x64\0\x05"s);
  ASSERT_TRUE(half.receive(kConnackBytes));
  expect_others_are_served("half");
  EXPECT_TRUE(half.is_closed_by_peer(5s)) << "[MQTT-3.1.2-22]";
}

TEST_F(RudeClients, AReaderThatStopsHoldsUpNobody) {
  constexpr size_t kMessages = 1000;
  RawSocket stuck(hub_.port());
  stuck.send(connect_as("stuck") + subscribe_to("flood"));
  ASSERT_TRUE(stuck.receive(kConnackBytes + 5));
  auto healthy = subscriber("flood");
  auto publisher = client();
  for (size_t i = 0; i < kMessages; ++i) {
    publisher->publish("flood", std::string(16'384, 'x'), 1);
    publisher->wait_unacked_below(50);
  }
  EXPECT_TRUE(healthy->wait_received(kMessages)) << healthy->received().size();
  expect_others_are_served("stuck");
}

TEST_F(RudeClients, AStormOfConnectsEndsAtTheLimit) {
  std::vector<std::unique_ptr<RawSocket>> storm;
  for (size_t i = 0; i < 5 * kConnectionsMax; ++i) {
    storm.push_back(std::make_unique<RawSocket>(hub_.port()));
    storm.back()->send(connect_as("storm-" + std::to_string(i)));
  }
  size_t let_in = 0;
  for (const auto& socket : storm) let_in += socket->receive(kConnackBytes, 2s) ? 1 : 0;
  EXPECT_EQ(let_in, kConnectionsMax - kControlPair);
  expect_others_are_served("storm");
  storm.clear();
  EXPECT_TRUE(eventually([this] { return MqttClient(hub_.port(), {}).is_connected(); })) << "room again";
}

TEST_F(RudeClients, GarbageAndOtherProtocolsCloseOnlyTheirConnection) {
  std::minstd_rand random(20261125);
  std::vector<std::string> cases{"GET / HTTP/1.1\r\nHost: hub\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                 "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s, std::string(100'000, '\0'),
                                 std::string(100'000, '\xff')};
  for (int i = 0; i < 50; ++i) {
    std::string& noise = cases.emplace_back(1 + random() % 4096, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    RawSocket socket(hub_.port());
    socket.send(cases[i]);
    EXPECT_TRUE(socket.is_closed_by_peer(5s)) << "case " << i;
    if (i % 10 == 0) expect_others_are_served("case " + std::to_string(i));
  }
}

TEST_F(RudeClients, AMebibyteOfPingsIsAnsweredPingByPing) {
  constexpr size_t kChunkBytes = 65'536;
  std::string pings;
  while (pings.size() < kChunkBytes) pings += "\xc0\0"s;
  RawSocket pinger(hub_.port());
  pinger.send(connect_as("pinger"));
  ASSERT_TRUE(pinger.receive(kConnackBytes));
  for (size_t sent = 0; sent < 1024 * 1024;) {
    pinger.send(pings);
    sent += pings.size();
    expect_others_are_served("pings");
    ASSERT_TRUE(pinger.receive(kConnackBytes + sent)) << "as many PINGRESPs as PINGREQs [MQTT-3.12.4-1]";
  }
}

}  // namespace
}  // namespace headgate::e2e
