// Hub, broker and consumer with end-to-end acknowledgement, and somebody who hears what the consumer says: all of it must
// conform to its schema.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/numbered_publisher.h"
#include "tests/support/batches/acknowledgement_schema.h"

namespace headgate::e2e {

inline constexpr size_t kLoad = 200;  // messages

// `Broker` is one of those that tests start.
template <typename Broker>
class AcknowledgedHub : public HubTest {
 protected:
  virtual int protocol() const = 0;  // 4 or 5

  void SetUp() override {
    start_cloud();
    HubTest::SetUp();
  }
  void TearDown() override {
    expect_notices_to_conform();
    HubTest::TearDown();
  }
  void configure(nlohmann::json& config) override {
    config["routes"] = {{"up", "FROM 'load/#' INTO $upstream"},
                        {"urgent", {{"route", "FROM 'urgent/#' INTO $upstream"}, {"priority", 0}}}};
    config["upstream"] = {{"host", "127.0.0.1"},
                          {"port", cloud_.port()},
                          {"protocol", protocol()},
                          {"acknowledgement", "end_to_end"},
                          {"acknowledgement_timeout_s", 10},
                          {"batch", {{"messages_max", 50}, {"linger_ms", 100}}},
                          {"backoff", {{"base_ms", 100}, {"cap_ms", 500}}}};
  }

  void start_consumer(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{program("headgate"),
                                     "unbatch",
                                     "--host",
                                     "127.0.0.1",
                                     "--port",
                                     std::to_string(cloud_.port()),
                                     "--protocol",
                                     std::to_string(protocol()),
                                     "--client-id",
                                     "store",
                                     "--state",
                                     path("state"),
                                     "--sqlite",
                                     path("rows.db"),
                                     "--ack",
                                     "--credit",
                                     "10"};
    command.insert(command.end(), more.begin(), more.end());
    consumer_ = std::make_unique<Process>(command, path("consumer.log" + std::to_string(++started_)));
  }
  // With somebody there who hears each notice before a consumer comes.
  void start_cloud() {
    cloud_.start();
    ear_ = std::make_unique<MqttClient>(cloud_.port(),
                                        ClientOptions{.protocol = static_cast<Protocol>(protocol())});
    ASSERT_EQ(ear_->subscribe("headgate/+/batches/ack/#", 1), 1);
  }
  // Who hears the notices goes with it.
  void forget_ear() {
    notices_before_ = notices();
    ear_.reset();
  }
  // Of all consumers so far.
  [[nodiscard]] std::vector<std::string> notices() const {
    std::vector<std::string> all = notices_before_;
    if (ear_ == nullptr) return all;
    for (const Received& notice : ear_->received()) all.push_back(notice.payload);
    return all;
  }
  void expect_notices_to_conform() const {
    testing::AcknowledgementSchema schema(HEADGATE_CONF_DIR);
    const std::vector<std::string> all = notices();
    EXPECT_FALSE(all.empty());
    for (const std::string& notice : all) EXPECT_TRUE(schema.takes(notice)) << notice << "\n" << schema.why();
  }
  [[nodiscard]] bool has_said(const char* member) const {
    return eventually([this, member] {
      const std::vector<std::string> all = notices();
      return std::ranges::any_of(all, [member](const std::string& notice) {
        return nlohmann::json::parse(notice).contains(member);
      });
    });
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  // And on a busy machine until there was some load.
  void publish_for(std::chrono::milliseconds duration) {
    const size_t enough = all_acked(publishers_).size() + kLoad;
    EXPECT_TRUE(eventually(
        [&] {
          run_all(publishers_, hub_.port(), duration);
          return all_acked(publishers_).size() > enough;
        },
        60s));
  }
  [[nodiscard]] nlohmann::json queue() const {
    const nlohmann::json status = hub_.cli_json({"upstream", "status"});
    for (const auto& one : status["queues"])
      if (one["name"] == "$upstream") return one;
    return {};
  }
  [[nodiscard]] uint64_t held() const {
    return queue()["unacknowledged"]["batches"].template get<uint64_t>();
  }
  [[nodiscard]] bool drains() const {
    return eventually([this] { return queue()["waiting"] == 0; }, 60s);
  }
  // Bodies in the consumer's database.
  [[nodiscard]] std::vector<MessageId> consumed() const {
    std::vector<MessageId> ids;
    sqlite3* database = nullptr;
    sqlite3_open_v2(path("rows.db").c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
    const auto collect = [](void* to, int, char** values, char**) {
      if (const auto id = find_id(values[0])) static_cast<std::vector<MessageId>*>(to)->push_back(*id);
      return 0;
    };
    sqlite3_exec(database, "SELECT body FROM messages ORDER BY seq", collect, &ids, nullptr);
    sqlite3_close(database);
    return ids;
  }
  void expect_each_message_once() {
    const std::vector<MessageId> arrived = consumed();
    const std::vector<MessageId> acked = all_acked(publishers_);
    ASSERT_GT(acked.size(), kLoad) << "there was hardly any load";
    EXPECT_TRUE(missing(acked, arrived).empty()) << missing(acked, arrived).size() << " are lost";
    EXPECT_FALSE(out_of_order(arrived).has_value());
    consumer_->signal(SIGTERM);
    EXPECT_EQ(consumer_->wait(), 0) << "the chain has findings:\n" << consumer_->output();
  }

  Broker cloud_;
  ScratchDir scratch_;
  int started_ = 0;
  std::unique_ptr<Process> consumer_;
  std::unique_ptr<MqttClient> ear_;
  std::vector<std::string> notices_before_;  // that went to brokers which were killed since
  std::vector<NumberedPublisher> publishers_{NumberedPublisher("a"), NumberedPublisher("b")};
};

}  // namespace headgate::e2e
