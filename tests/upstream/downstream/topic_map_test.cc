// Names of what comes down, and what is wrong with entries that cannot be used.
#include "upstream/downstream/topic_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DownstreamTopic entry(std::string topic, std::string remote, std::string local) {
  DownstreamTopic entry;
  entry.topic = std::move(topic);
  entry.remote_prefix = std::move(remote);
  entry.local_prefix = std::move(local);
  return entry;
}

std::string local_of(const TopicMap& map, std::string_view remote) {
  const auto local = map.local_of(remote);
  return local ? local->topic : "nothing";
}

TEST(TopicMap, PutsOnePrefixInThePlaceOfTheOther) {
  const TopicMap map({entry("cmd/#", "sites/{hub}/", "from-cloud/")}, "site-7");
  EXPECT_THAT(map.wanted(), ElementsAre(WantedFilter{"sites/site-7/cmd/#", 1}));
  EXPECT_EQ(local_of(map, "sites/site-7/cmd/pump/1"), "from-cloud/cmd/pump/1");
  EXPECT_EQ(local_of(map, "sites/site-8/cmd/pump/1"), "nothing");
}

TEST(TopicMap, TakesWholeTopicsAsPrefixes) {
  const TopicMap map({entry("", "orders/{hub}", "config/orders")}, "h");
  EXPECT_THAT(map.wanted(), ElementsAre(WantedFilter{"orders/h", 1}));
  EXPECT_EQ(local_of(map, "orders/h"), "config/orders");
}

TEST(TopicMap, HasTheFirstEntryThatFitsDecide) {
  const TopicMap map({entry("a/+", "", "one/"), entry("#", "", "rest/")}, "h");
  EXPECT_EQ(local_of(map, "a/b"), "one/a/b");
  EXPECT_EQ(local_of(map, "b"), "rest/b");
  EXPECT_EQ(map.local_of("a/b")->by->local_prefix, "one/");
}

TEST(TopicMap, MakesNoTopicOfTheHubsOwn) {
  const TopicMap map({entry("#", "x/", "")}, "h");
  EXPECT_EQ(local_of(map, "x/$SYS/uptime"), "nothing");
  EXPECT_EQ(local_of(map, "x/"), "nothing") << "nothing is left of the topic";
  EXPECT_EQ(local_of(map, "x"), "nothing") << "x/# matches x as well";
}

TEST(TopicMap, SaysWhatIsWrongWithAnEntry) {
  EXPECT_EQ(problem_of(entry("cmd/#", "sites/{hub}/", "")), "");
  EXPECT_EQ(problem_of(entry("#", "$aws/things/{hub}/", "aws/")), "");
  const std::vector<std::pair<DownstreamTopic, std::string>> table = {
      {entry("", "", "a"), "has no topic"},        {entry("a", "b/+/", ""), "has a + or # in a prefix"},
      {entry("a#", "", ""), "is no topic filter"}, {entry("a", "$share/g/", ""), "shared subscription"},
      {entry("SYS", "x/", "$"), "the hub's own"},  {entry("$SYS/#", "", ""), "the hub's own"},
      {entry("a\n", "", ""), "control character"}};
  for (const auto& [wrong, why] : table) EXPECT_THAT(problem_of(wrong), HasSubstr(why));
}

TEST(TopicMap, KnowsTheTopicsThatTheHubPublishesOn) {
  UpstreamOptions options;
  options.presence_s = 60;
  NamedLink link;
  link.terms.topic = "other/{hub}";
  EXPECT_THAT(own_topics(options, {link}, "h"),
              ElementsAre("headgate/h/batches", "headgate/h/receipts", "headgate/h/presence", "other/h"));
}

}  // namespace
}  // namespace headgate::upstream
