// A hub whose upstream is RabbitMQ or NATS: it goes away and comes back, the hub is killed meanwhile, and a reader that was away
// as well has every message once.
#include <sqlite3.h>

#include <csignal>
#include <set>

#include "tests/e2e/chain/nats_broker.h"
#include "tests/e2e/chain/rabbitmq_broker.h"
#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/numbered_publisher.h"

namespace headgate::e2e {
namespace {

template <typename Broker>
class BrokerOutage : public HubTest {
 protected:
  void SetUp() override {
    if (!Broker::is_installed()) GTEST_SKIP() << Broker::kPackage << " is not installed";
    cloud_.start();
    EXPECT_TRUE(reader({"--timeout-s", "1"})->wait());  // from now on the broker keeps what comes for it
    HubTest::SetUp();
  }
  void TearDown() override {
    if (Broker::is_installed()) HubTest::TearDown();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"}};
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"protocol", 4},
                          {"batch", {{"messages_max", 100}, {"linger_ms", 100}}},
                          {"backoff", {{"base_ms", 100}, {"cap_ms", 500}}}};
  }

  [[nodiscard]] std::string file(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::unique_ptr<Process> reader(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{
        program("headgate"), "unbatch", "--host",  "127.0.0.1",   "--port",   "",          "--protocol", "4",
        "--client-id",       "reader",  "--state", file("state"), "--sqlite", file("rows")};
    words[5] = std::to_string(cloud_.port());
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Process>(words, file("reader-" + std::to_string(++readers_)));
  }
  [[nodiscard]] std::vector<MessageId> read_ids() const {
    std::vector<MessageId> ids;
    sqlite3* database = nullptr;
    sqlite3_open_v2(file("rows").c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_busy_timeout(database, 5000);
    const auto add = [](void* to, int, char** values, char**) {
      if (const auto id = find_id(values[0])) static_cast<std::vector<MessageId>*>(to)->push_back(*id);
      return 0;
    };
    sqlite3_exec(database, "SELECT body FROM messages ORDER BY seq", add, &ids, nullptr);
    sqlite3_close(database);
    return ids;
  }
  void publish_for(std::chrono::milliseconds duration) { run_all(publishers_, hub_.port(), duration); }

  ScratchDir scratch_;
  Broker cloud_;
  std::vector<NumberedPublisher> publishers_{NumberedPublisher("a"), NumberedPublisher("b")};
  int readers_ = 0;
};

using CloudBrokers = ::testing::Types<RabbitMqBroker, NatsBroker>;
TYPED_TEST_SUITE(BrokerOutage, CloudBrokers);

TYPED_TEST(BrokerOutage, LosesNothingAndRepeatsNothing) {
  this->publish_for(300ms);
  this->cloud_.stop();
  this->publish_for(300ms);
  this->restart_hard();
  this->cloud_.start();
  this->publish_for(300ms);
  const std::vector<MessageId> acked = all_acked(this->publishers_);
  const auto running = this->reader();
  EXPECT_TRUE(eventually([&] { return missing(acked, this->read_ids()).empty(); }, 60s)) << running->output();
  EXPECT_TRUE(
      eventually([&] { return this->hub_.cli_json({"status"})["upstream"]["batches_in_flight"] == 0; }));
  running->signal(SIGTERM);
  EXPECT_EQ(running->wait(), 0) << running->output();
  const std::vector<MessageId> ids = this->read_ids();
  EXPECT_EQ(std::set<MessageId>(ids.begin(), ids.end()).size(), acked.size());
  EXPECT_EQ(std::set<MessageId>(ids.begin(), ids.end()).size(), ids.size());
}

}  // namespace
}  // namespace headgate::e2e
