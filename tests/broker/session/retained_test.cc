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
  std::vector<std::string> find(std::string_view filter, int64_t hub_ms = 1000) const {
    Retained::Walk walk{std::string(filter)};
    return go_on(walk, SIZE_MAX, SIZE_MAX, hub_ms);
  }
  // What a walk meets with so many looks, of which it takes so many.
  std::vector<std::string> go_on(Retained::Walk& walk, size_t looks, size_t takes,
                                 int64_t hub_ms = 1000) const {
    std::vector<std::string> found;
    at_end_ = retained_.go_on(walk, looks, hub_ms, [&](const core::MessagePtr& one) {
      if (found.size() == takes) return false;
      found.push_back(one->topic + "=" + one->body);
      return true;
    });
    return found;
  }

  Retained retained_;
  mutable bool at_end_ = false;
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

TEST_F(RetainedTest, IsWalkedOnFromTheFirstThatWasNotTaken) {
  for (const char* topic : {"a/1", "a/2", "a/3", "b"}) set(topic, "x");
  Retained::Walk walk{"a/#"};
  EXPECT_THAT(go_on(walk, SIZE_MAX, 2), ElementsAre("a/1=x", "a/2=x"));
  EXPECT_FALSE(at_end_);
  EXPECT_THAT(go_on(walk, SIZE_MAX, SIZE_MAX), ElementsAre("a/3=x"));
  EXPECT_TRUE(at_end_);
}

TEST_F(RetainedTest, IsLookedAtNoMoreThanItsTurnMay) {
  for (int i = 0; i < 1000; ++i) set("a/" + std::to_string(1000 + i) + (i % 100 == 99 ? "/x" : "/y"), "x");
  Retained::Walk walk{"+/+/x"};
  EXPECT_THAT(go_on(walk, 99, SIZE_MAX), IsEmpty());
  EXPECT_THAT(go_on(walk, 1, SIZE_MAX), ElementsAre("a/1099/x=x"));
  size_t looks = 10;
  Retained::Walk one{"a/1500/y"};
  EXPECT_TRUE(retained_.go_on(one, looks, 1000, [](const core::MessagePtr&) { return true; }));
  EXPECT_EQ(looks, 9u);
}

TEST_F(RetainedTest, LeavesOutOfAWalkWhatIsPublishedMeanwhile) {  // the subscriber has got it, or will
  for (const char* topic : {"a", "b", "c"}) set(topic, "old");
  Retained::Walk walk{"#", retained_.age()};
  EXPECT_THAT(go_on(walk, SIZE_MAX, 1), ElementsAre("a=old"));
  set("b", "new");
  set("d", "new");
  EXPECT_THAT(go_on(walk, SIZE_MAX, SIZE_MAX), ElementsAre("c=old"));
}

}  // namespace
}  // namespace headgate::broker
