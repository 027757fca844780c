// `headgate unbatch --to …` between real Mosquittos: nothing is acknowledged that is not where it goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/mqtt_client.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"
#include "tests/tools/unbatch/batches.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;

// Readers from one broker to another; both keep what comes for a session that is away.
class Republishing : public ::testing::TestWithParam<std::string> {
 protected:
  Republishing() {
    source_.start();
    target_.start();
  }

  [[nodiscard]] std::unique_ptr<e2e::Process> reader(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{std::string(HEADGATE_BUILT_BIN_DIR) + "/headgate",
                                   "unbatch",
                                   "--host",
                                   "127.0.0.1",
                                   "--port",
                                   std::to_string(source_.port()),
                                   "--protocol",
                                   GetParam(),
                                   "--client-id",
                                   "reader",
                                   "--no-verify",
                                   "--state",
                                   (scratch_.path() / "state").string(),
                                   "--to",
                                   "127.0.0.1:" + std::to_string(target_.port()),
                                   "--to-protocol",
                                   GetParam()};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<e2e::Process>(words, scratch_.path() / ("reader-" + std::to_string(++readers_)));
  }
  void publish(const std::string& batch) {
    e2e::MqttClient hub(source_.port(), {});
    ASSERT_TRUE(hub.publish_and_wait("headgate/h/batches", batch, 1));
  }
  // A batch of messages with ids from..to, whose bodies are their ids.
  static std::string batch(int from, int to) {
    std::string rows;
    for (int id = from; id <= to; ++id) rows += (rows.empty() ? "" : ",") + row(id);
    return zstd_frame(batch_json(rows));
  }
  // The reader's session is there, so nothing published is lost.
  void introduce() {
    auto first = reader({"--timeout-s", "1"});
    EXPECT_TRUE(first->wait());
  }

  e2e::ScratchDir scratch_;
  e2e::MosquittoBroker source_;
  e2e::MosquittoBroker target_;
  int readers_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Protocols, Republishing, ::testing::Values("4", "5"));

TEST_P(Republishing, PassesEachMessageOnWithItsTopicAndBody) {
  introduce();
  e2e::MqttClient consumer(target_.port(), {});
  ASSERT_EQ(consumer.subscribe("#", 1), 1);
  auto running = reader();
  publish(batch(1, 50));
  publish(batch(30, 80));
  ASSERT_TRUE(e2e::eventually([&] { return consumer.received().size() >= 80; })) << running->output();
  std::multiset<std::string> bodies;
  for (const e2e::Received& message : consumer.received()) bodies.insert(message.payload);
  EXPECT_EQ(bodies.size(), 80U);
  EXPECT_EQ(bodies.count("80"), 1U);
  EXPECT_EQ(consumer.received().front().topic, "t");
}

// The target is down: the reader has the batch and cannot pass it on. Whoever comes after a kill gets it again.
TEST_P(Republishing, AcknowledgesNothingThatTheSinkDoesNotHave) {
  introduce();
  target_.kill();
  auto stuck = reader();
  publish(batch(1, 20));
  ASSERT_TRUE(e2e::eventually([&] { return stuck->output().find("no connection to") != std::string::npos; }));
  stuck->kill_hard();
  target_.start();
  e2e::MqttClient consumer(target_.port(), {});
  ASSERT_EQ(consumer.subscribe("#", 1), 1);
  auto next = reader();
  EXPECT_TRUE(e2e::eventually([&] { return consumer.received().size() == 20; })) << next->output();
}

}  // namespace
}  // namespace headgate::tools
