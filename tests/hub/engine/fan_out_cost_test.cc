// What a message to many subscribers may cost: the message itself, and nothing for each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "broker/session/channel.h"
#include "tests/broker/codec/allocation_count.h"
#include "tests/hub/engine/engine_fixture.h"
#include "tests/support/client_codec.h"
#include "tests/support/recording_shell.h"

namespace headgate::hub {
namespace {

using testing::qos0;
using testing::to;
using testing::v3;
using testing::v5;

// A client whose socket takes everything, through a buffer that is used again: as broker::Connection does it.
struct Reader {
  Reader(broker::Broker& by, core::Now at) : broker(by), now(at) { broker.opened(channel, now); }
  void take() {
    channel.settle();
    channel.take_out(taken);
    bytes += taken.size();
    taken.clear();
  }
  void send(const std::string& packet) {
    broker.on_bytes(channel, packet, now);
    take();
  }

  broker::Broker& broker;
  core::Now now;
  testing::RecordingShell shell;
  broker::Channel channel{shell, "reader"};
  std::string taken;
  size_t bytes = 0;
};

class FanOutCost : public EngineTest {
 protected:
  void TearDown() override {
    for (Reader& reader : readers_) engine_->broker().closed(reader.channel, clock_.now());
    if (publisher_) engine_->broker().closed(publisher_->channel, clock_.now());
  }

  void subscribe(int count, broker::Version version, uint32_t subscription_id = 0) {
    for (int i = 0; i < count; ++i) {
      Reader& reader = readers_.emplace_back(engine_->broker(), clock_.now());
      const std::string name = "r" + std::to_string(readers_.size());
      std::string packet;
      testing::encode_connect(version == broker::Version::v5 ? v5(name) : v3(name), packet);
      reader.send(packet);
      broker::Subscribe subscribe;
      subscribe.packet_id = 1;
      subscribe.subscription_id = subscription_id;
      subscribe.requests = {to("plant/+/temperature")};
      packet.clear();
      testing::encode_subscribe(subscribe, version, packet);
      reader.send(packet);
    }
  }

  // Of one message to everybody, on a warm path.
  size_t allocations_of_a_message(std::optional<uint32_t> expiry_s = {}) {
    std::string packet;
    broker::Publish publish = qos0("plant/7/temperature", "21.5 degrees, give or take a tenth");
    publish.properties.expiry_s = expiry_s;
    testing::encode_publish(publish, broker::Version::v5, packet);
    if (!publisher_) {
      publisher_ = std::make_unique<Reader>(engine_->broker(), clock_.now());
      std::string connect;
      testing::encode_connect(v5("publisher"), connect);
      publisher_->send(connect);
    }
    size_t used = 0;
    for (int warm = 0; warm < 4; ++warm) {
      const size_t before = testing::allocation_count();
      engine_->broker().on_bytes(publisher_->channel, packet, clock_.now());
      used = testing::allocation_count() - before;
      for (Reader& reader : readers_) reader.take();
    }
    return used;
  }

  std::deque<Reader> readers_;
  std::unique_ptr<Reader> publisher_;
};

TEST_F(FanOutCost, IsTheMessageAndOneEncodingWhateverTheNumberOfSubscribers) {
  subscribe(2, broker::Version::v5);
  const size_t for_two = allocations_of_a_message();
  EXPECT_LE(for_two, 4u);  // the message, its topic, its body; one encoding for the second reader on
  subscribe(300, broker::Version::v5);
  EXPECT_EQ(allocations_of_a_message(), for_two);
  for (const Reader& reader : readers_) ASSERT_GT(reader.bytes, 60u);
}

TEST_F(FanOutCost, IsTheSameWithAnExpiry) {
  subscribe(2, broker::Version::v5);
  const size_t for_two = allocations_of_a_message(60);
  subscribe(100, broker::Version::v5);
  EXPECT_EQ(allocations_of_a_message(60), for_two);
}

TEST_F(FanOutCost, IsOneEncodingMoreForTheOtherVersion) {
  subscribe(100, broker::Version::v5);
  const size_t of_one_version = allocations_of_a_message();
  subscribe(100, broker::Version::v3_1_1);
  EXPECT_EQ(allocations_of_a_message(), of_one_version + 1);
}

TEST_F(FanOutCost, OfFindingTheSubscribersIsNothing) {
  subscribe(100, broker::Version::v5);
  const auto found = [this] {
    size_t count = 0;
    engine_->broker().subscriptions().match(
        "plant/7/temperature", [&](auto&&...) { ++count; }, [](auto&&...) {});
    return count;
  };
  const size_t before = testing::allocation_count();
  EXPECT_EQ(found(), 100u);
  EXPECT_EQ(testing::allocation_count(), before);
}

}  // namespace
}  // namespace headgate::hub
