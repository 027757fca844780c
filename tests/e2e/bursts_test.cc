// Much at once, for clients that read: more than any socket takes in a turn of the hub's loop.
#include <signal.h>

#include <vector>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

using namespace std::literals;

constexpr auto kLong = 60s;  // for what takes a while on a busy machine

class Bursts : public HubTest {
 protected:
  // As many retained messages of 300 bytes, on state/<tens>/<number>.
  void retain(size_t count, int qos) {
    auto publisher = client();
    const std::string payload(300, 'x');
    for (size_t i = 0; i < count; ++i) {
      publisher->publish("state/" + std::to_string(i / 10) + "/" + std::to_string(i), payload, qos, true);
      ASSERT_TRUE(publisher->wait_unacked_below(500));
    }
    ASSERT_TRUE(publisher->publish_and_wait("end", "x", 1));
  }
  void expect_nothing_dropped() {
    const auto status = hub_.cli_json({"status"});
    for (const auto& [reason, dropped] : status["dropped"].items()) EXPECT_EQ(dropped, 0) << reason;
  }
};

TEST_F(Bursts, OfRetainedMessagesReachAReaderWhole) {
  constexpr size_t kRetained = 20'000;
  retain(kRetained, 1);
  auto reader = subscriber("state/#", 0);
  EXPECT_TRUE(reader->wait_received(kRetained, kLong)) << reader->received().size();
  auto at_qos_1 = subscriber("state/#", 1);
  EXPECT_TRUE(at_qos_1->wait_received(kRetained, kLong)) << at_qos_1->received().size();
  auto durable = persistent_client("durable");
  ASSERT_EQ(durable->subscribe("state/#", 1), 1);
  EXPECT_TRUE(durable->wait_received(kRetained, kLong)) << durable->received().size();
  expect_nothing_dropped();
}

TEST_F(Bursts, OfManyFiltersInOneSubscribeReachAReaderWhole) {
  constexpr size_t kRetained = 5'000;
  constexpr size_t kFilters = 400;
  retain(kRetained, 0);
  std::string filters("\0\1", 2);
  for (size_t i = 0; i < kFilters; ++i) {
    const std::string filter = "state/" + std::to_string(i) + "/#";
    filters += '\0';
    filters += static_cast<char>(filter.size());
    filters += filter + '\0';
  }
  RawSocket reader(hub_.port());
  reader.send("\x10\x0D\0\4MQTT\4\2\0\0\0\1m"sv);
  ASSERT_TRUE(reader.receive(4));
  std::string subscribe = "\x82";
  subscribe += static_cast<char>(filters.size() % 128 + 128);
  subscribe += static_cast<char>(filters.size() / 128);
  reader.send(subscribe + filters);
  constexpr size_t kBytesMin = kFilters * 10 * 300;  // ten messages a filter
  EXPECT_TRUE(reader.receive(kBytesMin, kLong)) << reader.received().size();
  expect_nothing_dropped();
}

TEST_F(Bursts, AfterAPauseOfTheHubReachAReaderWhole) {
  constexpr size_t kPublishers = 200;
  constexpr size_t kEach = 500;
  auto reader = subscriber("load/#", 0);
  std::vector<std::unique_ptr<RawSocket>> publishers;
  for (size_t i = 0; i < kPublishers; ++i) {
    const std::string id = "p" + std::to_string(1000 + i);
    auto& one = publishers.emplace_back(std::make_unique<RawSocket>(hub_.port()));
    one->send("\x10\x11\0\4MQTT\4\2\0\0\0\5"s + id);
    ASSERT_TRUE(one->receive(4));
  }
  std::string burst;  // 50 kB
  for (size_t i = 0; i < kEach; ++i) burst += "\x30\x62\0\6load/x"s + std::string(90, 'x');
  ::kill(hub_.pid(), SIGSTOP);
  for (const auto& one : publishers) one->send(burst);
  ::kill(hub_.pid(), SIGCONT);
  EXPECT_TRUE(reader->wait_received(kPublishers * kEach, kLong)) << reader->received().size();
  expect_nothing_dropped();
}

// A reader that subscribes to far more than it takes, and takes none of it.
class BurstsUnread : public Bursts {
 protected:
  void configure(nlohmann::json& config) override { config["limits"]["slow_reader_timeout_s"] = 2; }
};

TEST_F(BurstsUnread, EndTheirReader) {
  retain(20'000, 0);
  RawSocket stuck(hub_.port());
  stuck.send("\x10\x11\0\4MQTT\4\2\0\0\0\5stuck\x82\x0C\0\1\0\7state/#\0"sv);
  ASSERT_TRUE(stuck.receive(9));
  EXPECT_TRUE(hub_.logs("client=stuck reason=\"slow reader\"", 30s));
}

}  // namespace
}  // namespace headgate::e2e
