#include "hub/observe/recorder/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/broker/codec/allocation_count.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kBytes = size_t{256} * 1024;

core::Message message(const std::string& topic, const std::string& body, const std::string& client = "c1",
                      int64_t at_ms = 1000) {
  core::Message made;
  made.topic = topic;
  made.body = body;
  made.source = std::make_shared<const core::Source>(core::Source{client, "", ""});
  made.arrived_ms = made.arrived_hub_ms = at_ms;
  made.qos = 1;
  return made;
}

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() { recorder_.use(kBytes); }

  // So slowly that all are taken.
  uint64_t record(const core::Message& one, store::Seq seq = 0) {
    if (++recorded_ % Sampler::kAll == 0) recorder_.tick(one.arrived_ms);
    return recorder_.on_message({one, seq});
  }

  std::map<std::string, int> kept_by_topic() {
    std::map<std::string, int> kept;
    for (const Recorded& one : recorder_.behind(0, SIZE_MAX)) ++kept[one.message->topic];
    return kept;
  }

  Recorder recorder_;
  uint32_t recorded_ = 0;
};

TEST_F(RecorderTest, GivesBackAllOfAMessage) {
  core::Message one = message("plant/7/temperature", std::string("\0\xff 21.5", 7));
  core::Properties props;
  props.content_type = "application/json";
  props.content_encoding = "utf-8";
  props.response_topic = "answers";
  props.correlation_data = "c";
  props.payload_is_utf8 = true;
  props.user = {{"a", "1"}, {"a", ""}, {"b", std::string(300, 'b')}};
  one.properties = std::make_shared<const core::Properties>(props);
  one.source = std::make_shared<const core::Source>(core::Source{"c1", "d1", "m1"});
  one.expires_ms = 9000;
  one.retain = true;
  one.hops = 2;
  const std::vector<store::Target> targets = {{3, 4}, {5, store::kDefaultLane}};
  recorder_.on_routes_changed();
  const uint64_t number = recorder_.on_message(
      {.message = one, .seq = 17, .targets = targets, .heard = true, .made_of = 9, .made = true});

  const auto found = recorder_.with_seq(17);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, number);
  EXPECT_EQ(found->message->topic, one.topic);
  EXPECT_EQ(found->message->body, one.body);
  EXPECT_EQ(found->message->props(), props);
  EXPECT_EQ(*found->message->source, *one.source);
  EXPECT_EQ(found->message->arrived_ms, 1000);
  EXPECT_EQ(found->message->expires_ms, 9000);
  EXPECT_EQ(found->message->qos, 1);
  EXPECT_EQ(found->message->hops, 2);
  EXPECT_TRUE(found->message->retain);
  EXPECT_THAT(found->targets, ElementsAre(RecordedTarget{3, 4}, RecordedTarget{5, store::kDefaultLane}));
  EXPECT_TRUE(found->heard);
  EXPECT_TRUE(found->made);
  EXPECT_EQ(found->made_of, 9U);
  EXPECT_EQ(found->routes, 1U);
  EXPECT_TRUE(found->has_whole_body());
  EXPECT_FALSE(found->cut);
}

TEST_F(RecorderTest, FindsAMessageByTheIdThatItsSenderGave) {
  core::Message one = message("a", "first");
  core::Properties props;
  props.user = {{"x", "y"}, {"$.mid", "order-7"}};
  one.properties = std::make_shared<const core::Properties>(props);
  record(one);
  record(message("a", "second"));
  ASSERT_TRUE(recorder_.with_message_id("order-7"));
  EXPECT_EQ(recorder_.with_message_id("order-7")->message->body, "first");
  EXPECT_FALSE(recorder_.with_message_id("order-8"));
  EXPECT_FALSE(recorder_.with_message_id(""));
}

TEST_F(RecorderTest, KeepsOfABodyTheBeginning) {
  const uint64_t number = record(message("a", std::string(5000, 'x')));
  const auto found = recorder_.with_number(number);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message->body, std::string(Recorder::kBodyBytesMax, 'x'));
  EXPECT_EQ(found->body_bytes, 5000U);
  EXPECT_FALSE(found->has_whole_body());
}

TEST_F(RecorderTest, CutsWhatIsLongerThanAnybodyReads) {
  core::Message one = message(std::string(60'000, 't'), "b", std::string(60'000, 'c'));
  core::Properties props;
  for (int i = 0; i < 1000; ++i) props.user.push_back({"name", "value"});
  one.properties = std::make_shared<const core::Properties>(props);
  const auto found = recorder_.with_number(record(one));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->cut);
  EXPECT_EQ(found->message->body, "b");
  EXPECT_LT(found->message->topic.size() + found->message->source->client_id.size(), 5000U);
}

// Whatever the messages are like.
TEST_F(RecorderTest, TakesNoMoreMemoryThanItIsGiven) {
  for (const size_t body : {0U, 10U, 90U, 123U, 124U, 125U, 4096U, 20'000U}) {
    recorder_.use(kBytes);
    for (int i = 0; i < 10'000; ++i) {
      record(message("t/" + std::to_string(i % 97), std::string(body, 'x')), static_cast<store::Seq>(i + 1));
      recorder_.on_handed(static_cast<store::QueueId>(i % 50), 10, static_cast<store::Seq>(i + 1));
    }
    EXPECT_LE(recorder_.bytes_used(), kBytes);
    EXPECT_GT(recorder_.bytes_used(), kBytes * 3 / 4) << body;
  }
}

TEST_F(RecorderTest, LetsTheOldestGo) {
  for (int i = 1; i <= 10'000; ++i) record(message("t", std::to_string(i)), static_cast<store::Seq>(i));
  EXPECT_FALSE(recorder_.with_seq(1));
  ASSERT_TRUE(recorder_.with_seq(10'000));
  EXPECT_EQ(recorder_.with_seq(10'000)->message->body, "10000");
  const std::vector<Recorded> all = recorder_.behind(0, SIZE_MAX);
  EXPECT_EQ(all.size(), recorder_.coverage().messages);
  for (size_t i = 0; i + 1 < all.size(); ++i) ASSERT_EQ(all[i].number + 1, all[i + 1].number);
}

TEST_F(RecorderTest, AChattyTopicPushesOutNoOther) {
  for (int i = 0; i < 5; ++i) record(message("quiet/" + std::to_string(i), "once"));
  for (int i = 0; i < 20'000; ++i) record(message("chatty", "again and again"));
  auto kept = kept_by_topic();
  int quiet = 0;
  for (int i = 0; i < 5; ++i) quiet += kept["quiet/" + std::to_string(i)];
  EXPECT_GE(quiet, 4) << "of five topics one may have the same class as another that is chatty";
  EXPECT_GT(kept["chatty"], 500);
}

// As one that invents a topic for each message would fill every class of topics.
TEST_F(RecorderTest, AClientOfManyTopicsPushesOutNoOtherClient) {
  for (int i = 0; i < 5; ++i) record(message("quiet", "once", "client-" + std::to_string(i)));
  for (int i = 0; i < 20'000; ++i) record(message("chatty/" + std::to_string(i), "again", "chatty"));
  EXPECT_GE(kept_by_topic()["quiet"], 4);
}

TEST_F(RecorderTest, SaysOnWhichPartOfTheTrafficItRests) {
  EXPECT_EQ(recorder_.coverage().since_ms, 0);
  record(message("quiet", "once", "q", 5'000));
  for (int i = 0; i < 10'000; ++i) record(message("chatty", "again", "c", 6'000 + i));
  const Coverage coverage = recorder_.coverage();
  EXPECT_EQ(coverage.since_ms, 5'000);
  EXPECT_EQ(coverage.arrived, 10'001U);
  EXPECT_EQ(coverage.messages, recorder_.behind(0, SIZE_MAX).size());
  EXPECT_LT(coverage.messages, 2'000U);
  EXPECT_EQ(coverage.bytes_max, kBytes);
}

TEST_F(RecorderTest, KeepsASampleOfAFloodAndAllThatIsRareInIt) {
  recorder_.use(size_t{16} * 1024 * 1024);
  for (uint32_t i = 0; i < 50'000; ++i) recorder_.on_message({message("chatty", "again")});
  const uint64_t rare = recorder_.on_message({message("rare", "once")});
  EXPECT_EQ(rare, 50'001U) << "those that are passed over have numbers, too";
  auto kept = kept_by_topic();
  EXPECT_EQ(kept["rare"], 1);
  EXPECT_EQ(kept["chatty"], static_cast<int>(Sampler::kAll + Sampler::kFirstOfClass +
                                             (50'000 / Sampler::kOneIn - Sampler::kAll / Sampler::kOneIn)));
  EXPECT_EQ(recorder_.coverage().arrived, 50'001U);
  recorder_.tick(2'000);
  const uint64_t next = recorder_.on_message({message("chatty", "in the next second")});
  EXPECT_TRUE(recorder_.with_number(next));
}

TEST_F(RecorderTest, GivesPagesInTheOrderOfArrival) {
  for (int i = 0; i < 10; ++i) record(message("t/" + std::to_string(i), "", "c" + std::to_string(i % 3)));
  std::vector<std::string> topics;
  uint64_t after = 0;
  for (auto page = recorder_.behind(after, 4); !page.empty(); page = recorder_.behind(after, 4)) {
    for (const Recorded& one : page) topics.push_back(one.message->topic);
    after = page.back().number;
  }
  EXPECT_THAT(topics, ElementsAre("t/0", "t/1", "t/2", "t/3", "t/4", "t/5", "t/6", "t/7", "t/8", "t/9"));
  const std::vector<Recorded> newest = recorder_.newest(2);
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].message->topic, "t/8");
  EXPECT_EQ(newest[1].message->topic, "t/9");
}

TEST_F(RecorderTest, AllocatesNothingForAMessage) {
  const core::Message one = message("plant/7/temperature", std::string(200, 'x'));
  const std::vector<store::Target> targets = {{3, 4}};
  for (int i = 0; i < 10'000; ++i) recorder_.on_message({one, 7, targets});
  recorder_.tick(0);
  const size_t before = testing::allocation_count();
  for (int i = 0; i < 100; ++i) {
    recorder_.on_message({one, 7, targets});
    recorder_.on_ended(3, 4, 7, 7, 1, store::Outcome::delivered);
  }
  EXPECT_EQ(testing::allocation_count(), before);
}

TEST_F(RecorderTest, OffItHasNothingAndForgetsWhatItHad) {
  record(message("t", "b"), 5);
  recorder_.use(0);
  EXPECT_FALSE(recorder_.on());
  EXPECT_EQ(record(message("t", "b"), 6), 0U);
  recorder_.on_ended(1, 10, 5, 5, 1, store::Outcome::delivered);
  EXPECT_FALSE(recorder_.with_seq(5));
  EXPECT_FALSE(recorder_.with_seq(6));
  EXPECT_THAT(recorder_.behind(0, 10), IsEmpty());
  EXPECT_THAT(recorder_.steps_of(1, 10, 5), IsEmpty());
  EXPECT_EQ(recorder_.bytes_used(), 0U);
  EXPECT_EQ(recorder_.coverage().bytes_max, 0U);
}

TEST_F(RecorderTest, TellsTheStepsOfAnEntry) {
  recorder_.tick(50'000);
  recorder_.on_batch(
      1, {.what = upstream::BatchStep::What::sent, .lane = 10, .first = 5, .last = 9, .number = 3}, 51'000);
  recorder_.on_batch(1,
                     {.what = upstream::BatchStep::What::refused,
                      .lane = 10,
                      .code = 0x97,
                      .first = 5,
                      .last = 9,
                      .number = 3},
                     52'000);
  recorder_.on_ended(1, 10, 7, 7, 1, store::Outcome::expired);
  const std::vector<Step> steps = recorder_.steps_of(1, 10, 7);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].kind, Step::Kind::batch_sent);
  EXPECT_EQ(steps[0].number, 3U);
  EXPECT_EQ(steps[0].at_ms, 51'000);
  EXPECT_EQ(steps[1].kind, Step::Kind::batch_refused);
  EXPECT_EQ(steps[1].code, 0x97);
  EXPECT_EQ(steps[2].kind, Step::Kind::expired);
  EXPECT_EQ(steps[2].at_ms, 52'000);
  EXPECT_THAT(recorder_.steps_of(1, 9, 7), IsEmpty());
  EXPECT_THAT(recorder_.steps_of(2, 10, 7), IsEmpty());
  EXPECT_EQ(recorder_.steps_of(1, 10, 9).size(), 2U);
  EXPECT_THAT(recorder_.steps_of(1, 10, 10), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
