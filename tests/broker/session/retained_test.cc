// Retained messages (MQTT 5.0 section 3.3.1.3).
#include "broker/session/retained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::broker {
namespace {

class RetainedTest : public ::testing::Test {
 protected:
  void set(std::string topic, std::string body, int64_t expires_ms = 0) {
    core::Message message;
    message.topic = std::move(topic);
    message.body = std::move(body);
    message.expires_ms = expires_ms;
    retained_.set(std::make_shared<const core::Message>(std::move(message)));
  }
  std::vector<std::string> find(std::string_view filter, int64_t wall_ms = 1000) const {
    std::vector<std::string> found;
    retained_.match(filter, wall_ms,
                    [&](const core::MessagePtr& one) { found.push_back(one->topic + "=" + one->body); });
    return found;
  }

  Retained retained_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(RetainedTest, KeepsTheLastOfEachTopic) {  // [MQTT-3.3.1-5]
  set("t", "1");
  set("t", "2");
  set("u", "3");
  EXPECT_THAT(find("#"), ElementsAre("t=2", "u=3"));
}

TEST_F(RetainedTest, ForgetsWithAnEmptyBody) {  // [MQTT-3.3.1-6, MQTT-3.3.1-7]
  set("t", "1");
  set("t", "");
  set("never", "");
  EXPECT_EQ(retained_.size(), 0u);
}

TEST_F(RetainedTest, FindsByFilter) {
  for (const char* topic : {"a", "a/b", "a/b/c", "ab", "a-b", "/a", "$SYS/a"}) set(topic, "x");
  EXPECT_THAT(find("a"), ElementsAre("a=x"));
  EXPECT_THAT(find("a/#"), ElementsAre("a=x", "a/b=x", "a/b/c=x"));
  EXPECT_THAT(find("a/+"), ElementsAre("a/b=x"));
  EXPECT_THAT(find("+"), ElementsAre("a=x", "a-b=x", "ab=x"));
  EXPECT_THAT(find("+/a"), ElementsAre("/a=x"));
  EXPECT_THAT(find("$SYS/#"), ElementsAre("$SYS/a=x"));
  EXPECT_THAT(find("a/b/c/d"), IsEmpty());
}

TEST_F(RetainedTest, DoesNotFindWhatHasExpired) {  // [MQTT-3.3.2-5]
  set("t", "x", 1000);
  EXPECT_THAT(find("t", 999), ElementsAre("t=x"));
  EXPECT_THAT(find("t", 1000), IsEmpty());
}

TEST(RetainedLimits, CountMessagesAndBytesAndLetGo) {
  const auto message = [](std::string topic, std::string body) {
    core::Message made;
    made.topic = std::move(topic);
    made.body = std::move(body);
    return std::make_shared<const core::Message>(std::move(made));
  };
  Retained retained({2, 10});
  retained.set(message("a", "1234"));
  EXPECT_EQ(retained.bytes(), 5u);
  EXPECT_FALSE(retained.has_room_for(*message("b", "12345")));
  EXPECT_TRUE(retained.has_room_for(*message("a", "123456789")));  // in the place of the old one
  retained.set(message("b", "1"));
  EXPECT_FALSE(retained.has_room_for(*message("c", "1")));
  EXPECT_TRUE(retained.has_room_for(*message("c", "")));
  retained.set(message("a", ""));
  EXPECT_EQ(retained.bytes(), 2u);
  EXPECT_TRUE(retained.has_room_for(*message("c", "1")));
}

}  // namespace
}  // namespace headgate::broker
