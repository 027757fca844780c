// `headgate unbatch --host …` against a real Mosquitto.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <sstream>

#include "tests/e2e/support/mosquitto_broker.h"
#include "tests/e2e/support/mqtt_client.h"
#include "tests/e2e/support/net.h"
#include "tests/tools/unbatch/batches.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;

class UnbatchSubscribes : public ::testing::TestWithParam<std::string> {
 protected:
  void start(std::vector<std::string> more) {
    std::vector<std::string> args{"--host",     "127.0.0.1", "--port",      std::to_string(broker_.port()),
                                  "--protocol", GetParam(),  "--timeout-s", "20"};
    args.insert(args.end(), more.begin(), more.end());
    code_ = std::async(std::launch::async, [this, args] { return run_unbatch(args, in_, out_, err_); });
  }
  // Publishes until somebody has it: MQTT 5 says when nobody does.
  [[nodiscard]] bool deliver(const std::string& payload) {
    constexpr int kNoMatchingSubscribers = 0x10;
    e2e::MqttClient hub(broker_.port(), {});
    return e2e::eventually([&] {
      return hub.publish_and_wait("headgate/h/batches", payload, 1) &&
             hub.last_publish_code() != kNoMatchingSubscribers;
    });
  }
  [[nodiscard]] size_t lines() const {
    const std::string text = out_.str();
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  e2e::MosquittoBroker broker_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::future<int> code_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, UnbatchSubscribes, ::testing::Values("4", "5"));

TEST_P(UnbatchSubscribes, AndStopsAfterTheCount) {
  broker_.start();
  start({"--count", "3"});
  EXPECT_TRUE(deliver(zstd_frame(batch_json(row(1) + "," + row(2)))));
  EXPECT_TRUE(deliver(zstd_frame(batch_json(row(2) + "," + row(3)))));
  EXPECT_EQ(code_.get(), 0) << err_.str();
  EXPECT_EQ(lines(), 3U);
}

TEST_P(UnbatchSubscribes, AgainWhenTheBrokerCameBack) {
  broker_.start();
  start({"--count", "2"});
  EXPECT_TRUE(deliver(batch_json(row(1))));
  broker_.kill();
  broker_.start();
  EXPECT_TRUE(deliver(batch_json(row(2))));
  EXPECT_EQ(code_.get(), 0) << err_.str();
  EXPECT_THAT(err_.str(), HasSubstr("trying again"));
}

TEST_P(UnbatchSubscribes, AndReportsAPayloadThatIsNoBatch) {
  broker_.start();
  start({"--count", "1"});
  EXPECT_TRUE(deliver("hello"));
  EXPECT_TRUE(deliver(batch_json(row(1))));
  EXPECT_EQ(code_.get(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("batch 1: neither a zstd frame nor JSON"));
}

TEST_P(UnbatchSubscribes, GetsWithAClientIdWhatCameWhileItWasAway) {
  broker_.start();
  start({"--client-id", "collector", "--count", "1"});
  EXPECT_TRUE(deliver(batch_json(row(1))));
  EXPECT_EQ(code_.get(), 0);
  EXPECT_TRUE(deliver(batch_json(row(2))));
  start({"--client-id", "collector", "--count", "1"});
  EXPECT_EQ(code_.get(), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\"seq\":2"));
}

TEST(UnbatchSubscribing, FailsWhereItIsRefused) {
  e2e::MosquittoBroker broker("allow_anonymous false\n");
  broker.start();
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_unbatch({"--host", "127.0.0.1", "--port", std::to_string(broker.port())}, in, out, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("refused the connection"));
}

TEST(UnbatchSubscribing, FailsWhenNobodyIsThereInTime) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const std::string port = std::to_string(e2e::free_port());
  EXPECT_EQ(run_unbatch({"--host", "127.0.0.1", "--port", port, "--timeout-s", "1"}, in, out, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("Connection refused"));
  EXPECT_THAT(err.str(), HasSubstr("no connection to 127.0.0.1:" + port));
}

}  // namespace
}  // namespace headgate::tools
