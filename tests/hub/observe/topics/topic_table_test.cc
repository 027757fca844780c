#include "hub/observe/topics/topic_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "hub/observe/topics/topic_list.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kBegin = 10 * 65'536;  // hub time

core::Message message_on(std::string topic, std::string body = "1", int64_t hub_ms = kBegin) {
  core::Message message;
  message.topic = std::move(topic);
  message.body = std::move(body);
  message.arrived_hub_ms = hub_ms;
  message.arrived_ms = hub_ms + 1;
  return message;
}

std::vector<std::string> topics_in(const TopicTable& table) {
  std::vector<std::string> topics;
  size_t bucket = 0;
  do {
    bucket = table.walk(bucket, 3, [&](const TopicEntry& entry) { topics.push_back(entry.topic); });
  } while (bucket != 0);
  std::ranges::sort(topics);
  return topics;
}

TopicEntry* entry_of(const TopicTable& table, std::string_view topic) {
  const TopicEntry* found = nullptr;
  const size_t next = table.walk(0, SIZE_MAX, [&](const TopicEntry& entry) {
    if (entry.topic == topic) found = &entry;
  });
  EXPECT_EQ(next, 0u);
  return const_cast<TopicEntry*>(found);
}

TEST(TopicTable, KnowsOfEachTopicTheLastValueItsTimeAndHowManyCame) {
  TopicTable table;
  table.note(message_on("a", "first"));
  table.note(message_on("b", "other"));
  table.note(message_on("a", "last", kBegin + 500));
  ASSERT_THAT(topics_in(table), ElementsAre("a", "b"));
  const TopicEntry* const a = entry_of(table, "a");
  EXPECT_EQ(a->value, "last");
  EXPECT_EQ(a->count, 2u);
  EXPECT_EQ(a->last_ms, kBegin + 501);
}

TEST(TopicTable, CountsARunOnOneTopicAsAnyOther) {
  TopicTable table;
  for (const char* topic : {"a", "a", "a", "b", "a", "b", "b"}) table.note(message_on(topic));
  EXPECT_EQ(entry_of(table, "a")->count, 4u);
  EXPECT_EQ(entry_of(table, "b")->count, 3u);
}

TEST(TopicTable, BeginsAnewInTheMiddleOfARun) {
  TopicTable table;
  table.note(message_on("a"));
  table.use_limit(4096);
  table.note(message_on("a"));
  EXPECT_EQ(entry_of(table, "a")->count, 1u);
}

TEST(TopicTable, KeepsTheBeginningOfALongValueAndSaysHowLongItIs) {
  TopicTable table;
  table.note(message_on("a", std::string(100'000, 'x')));
  const TopicEntry* const a = entry_of(table, "a");
  EXPECT_EQ(a->value, std::string(TopicTable::kValueBytesMax, 'x'));
  EXPECT_EQ(a->payload_bytes, 100'000u);
}

TEST(TopicTable, LetsTheTopicGoWhoseLastMessageIsOldest) {
  TopicTable table(64 * 1024);
  table.note(message_on("always"));
  for (int i = 0; i < 10'000; ++i) {
    table.note(message_on("flood/" + std::to_string(i)));
    table.note(message_on("always"));
    ASSERT_LE(table.bytes(), table.bytes_max());
  }
  EXPECT_EQ(table.size() + table.forgotten(), 10'001u);
  EXPECT_GT(table.size(), 100u);
  ASSERT_NE(entry_of(table, "always"), nullptr);
  EXPECT_EQ(entry_of(table, "always")->count, 10'001u);
  EXPECT_NE(entry_of(table, "flood/9999"), nullptr);
  EXPECT_EQ(entry_of(table, "flood/0"), nullptr);
}

TEST(TopicTable, CountsTheMemoryOfValuesThatGrow) {
  TopicTable table(64 * 1024);
  for (int i = 0; i < 100; ++i) table.note(message_on("t/" + std::to_string(i)));
  EXPECT_EQ(table.forgotten(), 0u);
  const size_t known = table.size();
  for (int i = 0; i < 100; ++i) table.note(message_on("t/" + std::to_string(i), std::string(512, 'x')));
  EXPECT_LE(table.bytes(), table.bytes_max());
  EXPECT_LT(table.size(), known);
}

TEST(TopicTable, ShowsEachTopicOnceThoughOthersComeBetween) {
  TopicTable table;
  for (int i = 0; i < 200; ++i) table.note(message_on("old/" + std::to_string(i)));
  std::map<std::string, int> shown;
  size_t bucket = 0;
  int more = 0;
  do {
    bucket = table.walk(bucket, 7, [&](const TopicEntry& entry) { ++shown[entry.topic]; });
    table.note(message_on("new/" + std::to_string(more++)));
  } while (bucket != 0);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(shown["old/" + std::to_string(i)], 1) << i;
}

TEST(TopicTable, TellsTheRateOfAboutAMinute) {
  TopicTable table;
  for (int i = 0; i < 600; ++i) table.note(message_on("ten", "1", kBegin + int64_t{i} * 100));
  EXPECT_NEAR(entry_of(table, "ten")->rate_per_s(kBegin + 60'000), 10, 0.1) << "younger than a minute";
  for (int i = 600; i < 6'000; ++i) table.note(message_on("ten", "1", kBegin + int64_t{i} * 100));
  EXPECT_NEAR(entry_of(table, "ten")->rate_per_s(kBegin + 600'000), 10, 0.1);
  EXPECT_EQ(entry_of(table, "ten")->rate_per_s(kBegin + 800'000), 0) << "silent for long";
}

TEST(TopicTable, NotesNothingWhenItsBoundIsZero) {
  TopicTable table;
  table.note(message_on("a"));
  table.use_limit(0);
  table.note(message_on("b"));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.bytes(), 0u);
  table.use_limit(100'000);
  table.note(message_on("c"));
  EXPECT_THAT(topics_in(table), ElementsAre("c"));
}

// ---- for an answer ----

KnownTopics listed(TopicList list, const TopicTable& table) {
  const size_t next = table.walk(0, SIZE_MAX, [&](const TopicEntry& entry) { list.add(entry, kBegin); });
  EXPECT_EQ(next, 0u);
  return list.take();
}

std::vector<std::string> names_of(const KnownTopics& known) {
  std::vector<std::string> names;
  for (const KnownTopic& one : known.topics) names.push_back(one.topic);
  return names;
}

TEST(TopicList, IsInTheOrderOfNamesAndSumsWhatLiesDeeper) {
  TopicTable table;
  for (const char* topic : {"plant/2/t", "plant/1/t", "plant/1/h/x", "plant", "office"})
    table.note(message_on(topic));
  EXPECT_THAT(names_of(listed(TopicList(0, false), table)),
              ElementsAre("office", "plant", "plant/1/h/x", "plant/1/t", "plant/2/t"));
  const KnownTopics two = listed(TopicList(2, false), table);
  EXPECT_THAT(names_of(two), ElementsAre("office", "plant", "plant/1/#", "plant/2/#"));
  EXPECT_EQ(two.topics[2].topics, 2u);
  EXPECT_EQ(two.topics[2].count, 2u);
  EXPECT_THAT(names_of(listed(TopicList(1, false), table)), ElementsAre("office", "plant", "plant/#"));
}

TEST(TopicList, HasValuesOnlyIfTheyAreAskedFor) {
  TopicTable table;
  table.note(message_on("a", "secret"));
  EXPECT_EQ(listed(TopicList(0, false), table).topics[0].value, "");
  EXPECT_EQ(listed(TopicList(0, true), table).topics[0].value, "secret");
}

TEST(TopicList, SaysHowManyItLeavesOut) {
  TopicTable table;
  for (int i = 0; i < 10; ++i) table.note(message_on("t/" + std::to_string(i)));
  const KnownTopics few = listed(TopicList(0, false, 4), table);
  EXPECT_EQ(few.topics.size(), 4u);
  EXPECT_EQ(few.left_out, 6u);
  EXPECT_EQ(listed(TopicList(1, false, 4), table).left_out, 0u) << "a sum is one";
}

}  // namespace
}  // namespace headgate::hub
