// Messages to devices: durable, for each device, bounded, and with an end.
#include <gmock/gmock.h>

#include "hub/edge/c2d/queues.h"
#include "hub/edge/topics.h"
#include "tests/hub/edge/edge_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ToDevices : public EdgeDeskTest {
 protected:
  void send(DeviceMessage message) {
    desk_->send_to_device(std::move(message), [this](const core::Result<DeviceMessageSent>& sent) {
      told_.push_back(sent ? "waiting " + std::to_string(sent->waiting) : sent.error().what);
    });
  }
  void send_leaf(std::string body) { send({.device = "leaf-1", .body = std::move(body), .properties = {}}); }
  std::vector<store::Entry> waiting() {
    const auto queue = store_.find_queue("devices/leaf-1/messages/devicebound");
    if (!queue) return {};
    return *store_.read(*queue, store::kDefaultLane, 0, {}, clock_.now());
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  std::vector<std::string> told_;
};

TEST_F(ToDevices, AreToldOnceTheyAreDurable) {
  send_leaf("1");
  EXPECT_THAT(told(), IsEmpty());
  commit();
  EXPECT_THAT(told(), ElementsAre("waiting 1"));
  EXPECT_EQ(desk_->devices().counts().sent, 1u);
}

TEST_F(ToDevices, CarryTheirPropertiesAndTheirEnd) {
  core::Properties with;
  with.content_type = "text/plain";
  with.user = {{"$.mid", "c2d-1"}, {"why so", "a/b=c&d"}};
  send({.device = "leaf-1", .body = std::string("\0\xff", 2), .properties = with, .expiry_s = 60});
  commit();
  const auto entries = waiting();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].message->body, std::string("\0\xff", 2));
  EXPECT_EQ(entries[0].message->topic, "devices/leaf-1/messages/devicebound");
  EXPECT_EQ(entries[0].message->props().content_type, "text/plain");
  with.user.push_back({"$.to", "/devices/leaf-1/messages/deviceBound"});
  EXPECT_EQ(entries[0].message->props().user, with.user);
  EXPECT_EQ(entries[0].expires_ms, clock_.now().hub_ms + 60'000);
  EXPECT_EQ(entries[0].message->qos, 1);
}

TEST_F(ToDevices, AreBoundedForEachDevice) {
  for (uint64_t i = 0; i < kDeviceMessagesMax; ++i) send_leaf("x");
  commit();
  told();
  send_leaf("one more");
  EXPECT_THAT(told(), ElementsAre("as many messages wait for 'leaf-1' as may: 50"));
  send({.device = "edge-1", .body = "x", .properties = {}});
  commit();
  EXPECT_THAT(told(), ElementsAre("waiting 1"));
  EXPECT_EQ(desk_->devices().counts().refused, 1u);
}

TEST_F(ToDevices, AreBoundedByTheStoreToo) {
  for (uint64_t i = 0; i < kDeviceMessagesMax; ++i) send_leaf("x");
  EXPECT_THAT(told(), IsEmpty()) << "none is durable yet";
  core::Message another;
  another.topic = device_queue_name("leaf-1");
  another.qos = 1;
  const store::Target target{.queue = *store_.find_queue(another.topic)};
  const auto taken = store_.append(std::make_shared<const core::Message>(another), {&target, 1});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, core::Errc::full);
}

TEST_F(ToDevices, AreForgottenWithADeviceThatIsRegisteredNoMore) {
  for (const std::string body : {"1", "2"}) send_leaf(body);
  commit();
  EXPECT_EQ(forget({"leaf-1", {}}), "'leaf-1' is registered; take it out first: headgate identity rm");
  known_.erase({"leaf-1", {}});
  EXPECT_EQ(waiting().size(), 2u) << "they are there for a device that is added again";
  EXPECT_EQ(forget({"leaf-1", {}}), "twin 0 messages 2");
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(forget({"leaf-1", {}}), "twin 0 messages 0");
}

TEST_F(ToDevices, AreOfKnownDevices) {
  send({.device = "ghost", .body = "x", .properties = {}});
  EXPECT_THAT(told(), ElementsAre("there is no identity 'ghost'"));
  EXPECT_FALSE(store_.find_queue(device_queue_name("ghost")));
  EXPECT_FALSE(desk_->find({"ghost", {}}));
  EXPECT_TRUE(desk_->find({"leaf-1", {}}));
}

TEST_F(ToDevices, ThatAreWrongAreRefused) {
  send({.device = "leaf-1", .body = "x", .properties = {}, .expiry_s = 0});
  send({.device = "leaf-1", .body = "x", .properties = {}, .expiry_s = kDeviceExpiryMaxS + 1});
  send_leaf(std::string(kDeviceMessageBytesMax + 1, 'x'));
  core::Properties with;
  with.user = {{"", "x"}};
  send({.device = "leaf-1", .body = "x", .properties = with});
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr("expiry"), HasSubstr("expiry"), HasSubstr("262144"), HasSubstr("UTF-8")));
  EXPECT_FALSE(store_.find_queue(device_queue_name("leaf-1")));
}

TEST_F(ToDevices, HaveNotHappenedWhenTheStoreFailed) {
  send_leaf("1");
  fail_commit();
  EXPECT_THAT(told(), ElementsAre(HasSubstr("send it again")));
  store_.recover();
  commit();
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(desk_->devices().counts().failed, 1u);
}

}  // namespace
}  // namespace headgate::hub
