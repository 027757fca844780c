// The trie: the same answers as matching filter by filter.
#include "broker/session/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/topic.h"

namespace headgate::broker {
namespace {

class SubscriptionsTest : public ::testing::Test {
 protected:
  // Sessions are only told apart, never looked into.
  static Session* somebody(uintptr_t number) { return reinterpret_cast<Session*>(number * 64); }  // NOLINT
  bool add(std::string_view filter, uint8_t qos = 0) { return trie_.add(filter, somebody(1), {qos}); }
  size_t matches(std::string_view topic) {
    size_t count = 0;
    shares_.clear();
    trie_.match(
        topic, [&](Session*, const SubscriptionOptions&) { ++count; },
        [&](const ShareGroup& group) { shares_.push_back(group.name()); });
    return count;
  }

  Subscriptions trie_;
  std::vector<std::string> shares_;  // the groups of the last match
};

TEST_F(SubscriptionsTest, MatchLikeTheExamplesOfTheStandard) {  // MQTT 5.0 section 4.7.1
  add("sport/tennis/player1/#");
  EXPECT_EQ(matches("sport/tennis/player1"), 1u);
  EXPECT_EQ(matches("sport/tennis/player1/ranking"), 1u);
  EXPECT_EQ(matches("sport/tennis"), 0u);
  add("+/+");
  EXPECT_EQ(matches("/finance"), 1u);
  EXPECT_EQ(matches("sport/tennis"), 1u);
}

TEST_F(SubscriptionsTest, HideDollarTopicsFromLeadingWildcards) {  // [MQTT-4.7.2-1]
  for (const char* filter : {"#", "+/uptime", "+/#"}) add(filter);
  EXPECT_EQ(matches("$SYS/uptime"), 0u);
  add("$SYS/#");
  add("$SYS/+");
  EXPECT_EQ(matches("$SYS/uptime"), 2u);
  EXPECT_EQ(matches("x/uptime"), 3u);
}

TEST_F(SubscriptionsTest, ReplaceASessionsOwnOnly) {  // [MQTT-3.8.4-3]
  EXPECT_TRUE(add("t", 1));
  EXPECT_FALSE(add("t", 2));
  EXPECT_TRUE(trie_.add("t", somebody(2), {}));
  EXPECT_EQ(trie_.size(), 2u);
  EXPECT_EQ(matches("t"), 2u);
}

TEST_F(SubscriptionsTest, AreGoneOnceRemoved) {
  for (const char* filter : {"a/b", "a/+", "a/#", "a", "#"}) add(filter);
  for (const char* filter : {"a/b", "a/+", "a/#", "a", "#"}) EXPECT_TRUE(trie_.remove(filter, somebody(1)));
  for (const char* filter : {"a/b", "x/y", "+/+"}) EXPECT_FALSE(trie_.remove(filter, somebody(1)));
  EXPECT_EQ(trie_.size(), 0u);
  EXPECT_EQ(matches("a/b"), 0u);
}

TEST_F(SubscriptionsTest, KeepSharesApartFromTheirTopic) {  // [MQTT-4.8.2-1]
  EXPECT_TRUE(trie_.add("$share/g/a/#", somebody(1), {}));
  EXPECT_FALSE(trie_.add("$share/g/a/#", somebody(1), {1}));
  EXPECT_TRUE(trie_.add("$share/h/a/+", somebody(1), {}));
  EXPECT_EQ(matches("a/b"), 0u);
  EXPECT_THAT(shares_, ::testing::UnorderedElementsAre("g", "h"));
  EXPECT_EQ(matches("$share/g/a/b"), 0u);
  EXPECT_TRUE(shares_.empty());
  EXPECT_FALSE(trie_.remove("$share/h/a/#", somebody(1)));
  EXPECT_TRUE(trie_.remove("$share/h/a/+", somebody(1)));
  EXPECT_EQ(trie_.find_share("$share/g/a/#")->members().size(), 1u);
  EXPECT_FALSE(trie_.find_share("$share/h/a/+"));
  EXPECT_FALSE(trie_.find_share("$share/g/a"));
}

TEST_F(SubscriptionsTest, HideDollarTopicsFromLeadingWildcardsOfShares) {  // [MQTT-4.7.2-1]
  for (const char* filter : {"$share/g/#", "$share/g/+/b"}) add(filter);
  matches("$x/b");
  EXPECT_TRUE(shares_.empty());
}

TEST_F(SubscriptionsTest, ChooseTheMembersOfAShareInTurnTheBestFirst) {  // MQTT 5.0 section 4.8.2
  for (const uintptr_t number : {1, 2, 3})
    trie_.add("$share/g/t", somebody(number), {static_cast<uint8_t>(number % 3)});
  const ShareGroup* group = trie_.find_share("$share/g/t");
  const auto choose = [&](auto rank) {
    const Subscriber* one =
        group->choose(2, [&](const Subscriber& member) { return rank(member.options.qos); });
    return one ? static_cast<int>(one->options.qos) : -1;
  };
  const auto all = [](int) { return 2; };
  EXPECT_EQ(choose(all), 1);
  EXPECT_EQ(choose(all), 2);
  EXPECT_EQ(choose(all), 0);
  EXPECT_EQ(choose(all), 1);
  EXPECT_EQ(choose([](int qos) { return qos == 1 ? 2 : 1; }), 1);
  EXPECT_EQ(choose([](int qos) { return qos == 1 ? 0 : 1; }), 2);
  EXPECT_EQ(choose([](int) { return 0; }), -1);
}

TEST_F(SubscriptionsTest, AgreeWithMatchingFilterByFilter) {
  constexpr uint32_t kSeed = 20260301;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const auto pick = [&](std::initializer_list<const char*> levels) {
    std::string path;
    for (size_t left = 1 + random() % 4; left > 0; --left) {
      if (!path.empty()) path += '/';
      path += levels.begin()[random() % levels.size()];
      if (path.ends_with('#')) break;
    }
    return path;
  };
  std::set<std::string> filters;
  for (int step = 0; step < 5000; ++step) {
    const std::string filter = pick({"a", "b", "", "+", "#", "$c"});
    if (filter.empty()) continue;
    const bool known = filters.contains(filter);
    if (random() % 3 == 0) {
      ASSERT_EQ(trie_.remove(filter, somebody(1)), known);
      filters.erase(filter);
    } else {
      ASSERT_EQ(add(filter), !known);
      filters.insert(filter);
    }
    const std::string topic = pick({"a", "b", "", "$c"});
    const auto expected = static_cast<size_t>(std::ranges::count_if(
        filters, [&](const std::string& one) { return core::topic_matches(one, topic); }));
    ASSERT_EQ(matches(topic), expected) << "topic '" << topic << "' at step " << step;
  }
}

}  // namespace
}  // namespace headgate::broker
