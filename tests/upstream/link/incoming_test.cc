// Two clients of the link at a real Mosquitto: what one publishes the other is given, also what came while it was away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/system_clock.h"
#include "tests/e2e/support/mosquitto_broker.h"
#include "upstream/link/mosquitto_link.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OnLoop : public core::Executor {
 public:
  explicit OnLoop(boost::asio::io_context& io) : io_(io) {}
  void post(std::function<void()> work) override { boost::asio::post(io_, std::move(work)); }

 private:
  boost::asio::io_context& io_;
};

// Remembers what a link said.
struct Heard : LinkEvents {
  void on_link_up(const LinkUp& said, core::Now) override {
    up = true;
    session_present = said.session_present;
  }
  void on_link_down(const LinkDown&, core::Now) override { up = false; }
  void on_acked(Token, uint8_t code, core::Now) override { acked.push_back(code); }
  void on_subscribed(const std::string& filter, uint8_t code, core::Now) override { granted[filter] = code; }
  void on_unsubscribed(const std::string& filter, core::Now) override { granted.erase(filter); }
  void on_message(Incoming message, core::Now) override { messages.push_back(std::move(message)); }

  bool up = false;
  bool session_present = false;
  std::vector<uint8_t> acked;
  std::map<std::string, uint8_t> granted;
  std::vector<Incoming> messages;
};

class Coming : public ::testing::TestWithParam<uint8_t> {
 protected:
  Coming() { broker_.start(); }

  [[nodiscard]] LinkOptions options(const std::string& client_id) const {
    LinkOptions options;
    options.host = "127.0.0.1";
    options.port = broker_.port();
    options.protocol = GetParam();
    options.client_id = client_id;
    options.keeps_session = client_id == "hub";
    return options;
  }
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return done();
  }
  void connect(MosquittoLink& link, Heard& heard) {
    link.set_events(&heard);
    link.connect();
    ASSERT_TRUE(until([&] { return heard.up; }));
  }
  void publish(MosquittoLink& link, Heard& heard, const std::string& topic, const std::string& text) {
    Publication publication;
    publication.topic = topic;
    publication.payload = text;
    publication.content_type = "text/plain";
    publication.id = "id of " + text;
    publication.correlation_data = std::string_view("\0c", 2);
    publication.expiry_s = 3600;
    const size_t before = heard.acked.size();
    link.publish(++token_, publication);
    ASSERT_TRUE(until([&] { return heard.acked.size() > before; }));
  }
  [[nodiscard]] bool is_v5() const { return GetParam() == 5; }

  e2e::MosquittoBroker broker_;
  boost::asio::io_context io_;
  OnLoop executor_{io_};
  core::SystemClock clock_;
  Token token_ = 0;
};

TEST_P(Coming, ArriveWithTheirProperties) {
  MosquittoLink hub(io_, executor_, clock_, options("hub"));
  MosquittoLink cloud(io_, executor_, clock_, options("cloud"));
  Heard at_hub;
  Heard at_cloud;
  connect(hub, at_hub);
  connect(cloud, at_cloud);
  hub.subscribe("cmd/#", 1);
  ASSERT_TRUE(until([&] { return !at_hub.granted.empty(); }));
  EXPECT_THAT(at_hub.granted, ElementsAre(::testing::Pair("cmd/#", 1)));
  publish(cloud, at_cloud, "cmd/a", "on");
  ASSERT_TRUE(until([&] { return !at_hub.messages.empty(); }));
  const Incoming& message = at_hub.messages[0];
  EXPECT_EQ(message.topic, "cmd/a");
  EXPECT_EQ(message.payload, "on");
  EXPECT_EQ(message.qos, 1);
  if (!is_v5()) {
    EXPECT_EQ(message.properties, core::Properties());
    return;
  }
  EXPECT_EQ(message.properties.content_type, "text/plain");
  EXPECT_EQ(message.properties.correlation_data, std::string("\0c", 2));
  EXPECT_THAT(message.properties.user, ElementsAre(core::UserProperty{"id", "id of on"}));
  EXPECT_NEAR(message.expiry_s, 3600, 5);
}

TEST_P(Coming, WaitAtTheBrokerWhileTheHubIsAway) {
  MosquittoLink cloud(io_, executor_, clock_, options("cloud"));
  Heard at_cloud;
  connect(cloud, at_cloud);
  {
    MosquittoLink hub(io_, executor_, clock_, options("hub"));
    Heard first;
    connect(hub, first);
    EXPECT_FALSE(first.session_present);
    hub.subscribe("cmd/#", 1);
    ASSERT_TRUE(until([&] { return !first.granted.empty(); }));
  }
  for (const char* text : {"1", "2", "3"}) publish(cloud, at_cloud, "cmd/a", text);
  MosquittoLink hub(io_, executor_, clock_, options("hub"));
  Heard again;
  connect(hub, again);
  EXPECT_TRUE(again.session_present);
  ASSERT_TRUE(until([&] { return again.messages.size() == 3; }));
  EXPECT_EQ(again.messages[0].payload, "1");
  EXPECT_EQ(again.messages[2].payload, "3");
  hub.unsubscribe("cmd/#");
  again.granted["cmd/#"] = 1;
  ASSERT_TRUE(until([&] { return again.granted.empty(); }));
  publish(cloud, at_cloud, "cmd/a", "4");
  EXPECT_THAT(again.messages, SizeIs(3));
}

TEST_P(Coming, AreNotTheHubsOwnInMqtt5) {
  MosquittoLink hub(io_, executor_, clock_, options("hub"));
  Heard heard;
  connect(hub, heard);
  hub.subscribe("#", 1);
  ASSERT_TRUE(until([&] { return !heard.granted.empty(); }));
  publish(hub, heard, "own", "x");
  publish(hub, heard, "own", "y");
  if (is_v5()) {
    EXPECT_THAT(heard.messages, IsEmpty());
  } else {
    EXPECT_TRUE(until([&] { return !heard.messages.empty(); })) << "MQTT 3.1.1 cannot leave them out";
  }
}

TEST_P(Coming, DoNotComeWhereAFilterIsNone) {
  MosquittoLink hub(io_, executor_, clock_, options("hub"));
  Heard heard;
  connect(hub, heard);
  hub.subscribe("a#", 1);
  ASSERT_TRUE(until([&] { return !heard.granted.empty(); }));
  EXPECT_GE(heard.granted["a#"], 0x80);
  EXPECT_TRUE(heard.up);
}

INSTANTIATE_TEST_SUITE_P(Protocols, Coming, ::testing::Values(uint8_t{4}, uint8_t{5}));

}  // namespace
}  // namespace headgate::upstream
