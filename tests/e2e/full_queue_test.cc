// A queue that may hold no more, as Mosquitto's clients meet it.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;

// A module's input that holds one message, and has one.
class FullInput : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"in",
                         {{"route", "FROM 't' INTO BrokeredEndpoint('/modules/m/inputs/i')"},
                          {"queue", {{"maxMessages", 1}}}}}};
  }
  void SetUp() override {
    HubTest::SetUp();
    EXPECT_EQ(run(publish("first")).exit_code, 0);
  }

  [[nodiscard]] std::vector<std::string> publish(const std::string& body,
                                                 const std::string& version = "311") const {
    return {"mosquitto_pub",
            "-p",
            std::to_string(hub_.port()),
            "-V",
            version,
            "-q",
            "1",
            "-k",
            "5",
            "-t",
            "t",
            "-m",
            body,
            "-i",
            body};
  }
  [[nodiscard]] std::vector<std::string> take(int messages) const {
    return {"mosquitto_sub",      "-p", std::to_string(hub_.port()), "-q", "1", "-t",
            "modules/m/inputs/i", "-C", std::to_string(messages),    "-i", "m"};
  }

  [[nodiscard]] std::unique_ptr<MqttClient> sensor() const {
    return client({.id = "sensor", .protocol = Protocol::v311, .keep_alive_s = 5});
  }
  void make_room() const { EXPECT_EQ(run(take(1)).exit_code, 0); }

  ScratchDir scratch_;
};

TEST_F(FullInput, RefusesMqtt5AndMakes311Wait) {
  EXPECT_THAT(run(publish("refused", "5")).out, HasSubstr("Quota exceeded"));
  Process waits(publish("waits"), scratch_.path() / "pub");
  EXPECT_FALSE(waits.wait(300ms)) << "acknowledged although there is no room";
  EXPECT_EQ(run(publish("refused again", "5")).exit_code, 0) << "others are answered meanwhile";
  EXPECT_EQ(run(take(2)).out, "first\nwaits\n");
  EXPECT_EQ(waits.wait(), 0);
}

TEST_F(FullInput, HoldsUpOnlyThePublishThatItHasNoRoomFor) {
  const auto reader = persistent_client("reader");
  ASSERT_EQ(reader->subscribe("elsewhere", 1), 1);
  const auto stuck = sensor();
  stuck->publish("t", "waits", 1);
  EXPECT_EQ(stuck->subscribe("cmd", 1), 1) << "SUBSCRIBE goes on";
  stuck->publish("elsewhere", "stored", 1);
  EXPECT_EQ(reader->expect_payloads(1), std::vector<std::string>{"stored"});
  EXPECT_TRUE(stuck->publish_and_wait("cmd", "to itself", 0));
  EXPECT_TRUE(stuck->wait_received(1));
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("1 client waits for room in a queue: sensor (1 publish)"));
  EXPECT_FALSE(stuck->wait_disconnected(12s)) << "PINGREQ is answered: a client of 5 s gives up after 10 s";
  EXPECT_EQ(stuck->acked(), (std::vector<uint64_t>{3})) << "QoS 0; acknowledgements keep their order";
  make_room();
  EXPECT_TRUE(stuck->wait_unacked_below(1));
  EXPECT_EQ(stuck->acked(), (std::vector<uint64_t>{3, 1, 2}));
}

TEST_F(FullInput, HearsTheAcknowledgementsOfAClientWhosePublishWaits) {
  const auto stuck = client({.id = "sensor", .protocol = Protocol::v311, .clean = false});
  ASSERT_EQ(stuck->subscribe("cmd", 1), 1);
  stuck->publish("t", "waits", 1);
  const auto other = client();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(other->publish_and_wait("cmd", "go", 1));
  EXPECT_TRUE(stuck->wait_received(100));
  EXPECT_TRUE(eventually([this] {
    const auto queues = hub_.cli_json({"queue", "ls"})["queues"];
    return std::ranges::any_of(
        queues, [](const auto& it) { return it["name"] == "session/sensor" && it["delivered"] == 100; });
  }));
}

TEST_F(FullInput, NamesTheClientThatIsNotReadAtTheBoundAndTakesAllOnceThereIsRoom) {
  const auto stuck = sensor();
  const std::string large(600 * 1024, 'x');
  for (int i = 0; i < 3; ++i) stuck->publish("t", large, 1);
  EXPECT_TRUE(eventually([this] {
    return hub_.cli({"client", "ls"}).out.find("not read, 2 held") != std::string::npos;
  })) << hub_.cli({"client", "ls"}).out;
  EXPECT_THAT(hub_.cli({"status"}).out, HasSubstr("sensor (2 publishes, not read)"));
  EXPECT_TRUE(hub_.logs("client_not_read client=sensor"));
  EXPECT_EQ(run(take(4)).exit_code, 0);
  EXPECT_TRUE(stuck->wait_unacked_below(1));
}

}  // namespace
}  // namespace headgate::e2e
