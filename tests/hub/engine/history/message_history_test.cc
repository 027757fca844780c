// Messages that are kept for replays: which, at what price for those who publish, and what goes first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::qos0;
using testing::qos1;
using testing::qos2;
using ::testing::SizeIs;
using testing::v3;
using testing::v5;
using testing::with_will;

class KeptHistory : public EngineTest {
 protected:
  KeptHistory() { keep({"plant/#"}); }

  void keep(std::vector<std::string> filters, uint64_t bytes_max = 33'554'432) {
    ASSERT_TRUE(engine_->use_history({std::move(filters), bytes_max}));
  }
  // Bodies of messages that are durable then.
  void publish(const std::vector<std::string>& bodies) {
    auto publisher = client();
    publisher.connect(v5("sensor"));
    uint16_t id = 0;
    for (const std::string& body : bodies) publisher.publish(qos1(++id, "plant/1", body));
    commit();
  }
  std::vector<std::string> history() { return waiting(store::kHistoryQueue); }
  uint64_t history_bytes() { return store_.stats(*store_.find_queue(store::kHistoryQueue)).waiting_bytes(); }
  bool is_logged(std::string_view event) {
    return std::ranges::any_of(log_.lines(),
                               [&](const std::string& line) { return line.starts_with(event); });
  }
};

TEST_F(KeptHistory, HoldsWhatMatchesOfEachQualityOfService) {
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos0("plant/1", "zero"));
  publisher.publish(qos1(1, "plant/1", "one"));
  publisher.publish(qos2(2, "plant/1", "two"));
  publisher.publish(qos1(3, "office/1", "other"));
  commit();
  EXPECT_THAT(history(), ElementsAre("zero", "one", "two"));
}

TEST_F(KeptHistory, HoldsWhatAnyOfItsFiltersMatchesOnce) {
  keep({"plant/#", "+/1", "office/2"});
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos1(1, "plant/1", "a"));
  publisher.publish(qos1(2, "office/2", "b"));
  publisher.publish(qos1(3, "office/3", "c"));
  commit();
  EXPECT_THAT(history(), ElementsAre("a", "b"));
}

TEST_F(KeptHistory, DoesNotHoldHiddenTopicsInputsNorWhatRoutesMake) {
  keep({"#"});
  route("FROM 'plant/#' INTO Topic('copies')");
  route("SELECT 1 AS one FROM 'plant/#' INTO Topic('rows')");
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos1(1, "plant/1", "a"));
  publisher.publish(qos1(2, "$hidden/x", "b"));
  publisher.publish(qos1(3, "modules/m/inputs/i", "c"));
  commit();
  EXPECT_THAT(history(), ElementsAre("a"));
}

TEST_F(KeptHistory, HoldsWillsLikeEveryPublish) {
  keep({"will"});
  auto dying = client();
  dying.connect(with_will(v5("a")));
  dying.drop();
  commit();
  EXPECT_THAT(history(), ElementsAre("gone"));
}

TEST_F(KeptHistory, SharesTheChangeOfAMessageThatOthersWant) {
  route("FROM 'plant/#' INTO $upstream");
  auto publisher = client();
  publisher.connect(v5("sensor"));
  const size_t commits = store_.commits();
  EXPECT_THAT(publisher.publish(qos1(1, "plant/1", "a")), IsEmpty());
  commit();
  EXPECT_THAT(publisher.read(), ElementsAre("PUBACK 1"));
  EXPECT_EQ(store_.commits(), commits + 1);
  EXPECT_THAT(waiting("$upstream"), ElementsAre("a"));
  EXPECT_THAT(history(), ElementsAre("a"));
}

TEST_F(KeptHistory, SharesTheChangeOfResults) {
  route("SELECT $body.t AS t FROM 'plant/#' INTO $upstream");
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos1(1, "plant/1", R"({"t":1,"x":2})"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"t":1})"));
  EXPECT_THAT(history(), ElementsAre(R"({"t":1,"x":2})"));
}

TEST_F(KeptHistory, MakesNobodyWaitForAMessageThatOnlyItWants) {
  auto publisher = client();
  publisher.connect(v5("sensor"));
  EXPECT_THAT(publisher.publish(qos1(1, "plant/1", "a")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(history(), IsEmpty());
  commit();
  EXPECT_THAT(history(), ElementsAre("a"));
}

TEST_F(KeptHistory, IsLostWithWhatWasNotWritten) {
  route("FROM 'plant/#' INTO $upstream");
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos1(1, "plant/1", "a"));
  commit();
  store_.remember_commits();
  publisher.publish(qos1(2, "plant/1", "b"));
  publisher.publish(qos0("plant/1", "c"));
  executor_.drop_ready();
  store_.lose_uncommitted();
  publisher.lose_hub();
  restart();
  keep({"plant/#"});
  EXPECT_THAT(waiting("$upstream"), ElementsAre("a"));
  EXPECT_THAT(history(), ElementsAre("a"));
}

TEST_F(KeptHistory, LetsTheOldestGoAndCountsNoLoss) {
  publish({"body1", "body2", "body3"});
  keep({"plant/#"}, history_bytes());
  publish({"body4", "body5"});
  clock_.advance_ms(3000);
  engine_->tick();
  EXPECT_THAT(history(), ElementsAre("body3", "body4", "body5"));
  EXPECT_EQ(engine_->losses().total().dropped, 0u);
  EXPECT_FALSE(is_logged("messages_lost"));
}

TEST_F(KeptHistory, KeepsTheNewestOfALimitThatBecameSmaller) {
  publish({"body1", "body2", "body3", "body4"});
  keep({"plant/#"}, history_bytes() / 2);
  engine_->tick();
  commit();
  EXPECT_THAT(history(), ElementsAre("body3", "body4"));
}

TEST_F(KeptHistory, GoesWithItsQueueWhenItIsSwitchedOff) {
  publish({"a"});
  keep({});
  commit();
  EXPECT_FALSE(store_.find_queue(store::kHistoryQueue));
  EXPECT_TRUE(is_logged("history_removed"));
  publish({"b"});
  clock_.advance_ms(3000);
  engine_->tick();
  EXPECT_FALSE(store_.find_queue(store::kHistoryQueue));
  EXPECT_EQ(engine_->losses().total().dropped, 0u);
}

TEST_F(KeptHistory, OfAnEarlierRunGoesIfItIsOffNow) {
  publish({"a"});
  restart();
  keep({});
  commit();
  EXPECT_FALSE(store_.find_queue(store::kHistoryQueue));
}

TEST_F(KeptHistory, GoesOnAfterARestart) {
  publish({"a"});
  restart();
  keep({"plant/#"});
  publish({"b"});
  EXPECT_THAT(history(), ElementsAre("a", "b"));
}

TEST_F(KeptHistory, RefusesNobodyWhileTheDiskIsLow) {
  route("FROM 'plant/up' INTO $upstream");
  store_.stop_room_for(store::RoomFor::sessions);
  auto publisher = client();
  publisher.connect(v5("sensor"));
  EXPECT_THAT(publisher.publish(qos1(1, "plant/1", "only")), ElementsAre("PUBACK 1"));
  EXPECT_THAT(publisher.publish(qos1(2, "plant/up", "both")), IsEmpty());
  commit();
  EXPECT_THAT(publisher.read(), ElementsAre("PUBACK 2"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("both"));
  EXPECT_THAT(history(), IsEmpty());
  EXPECT_EQ(engine_->ingest_stats().refused, 0u);
}

TEST_F(KeptHistory, IsKeptOfAQos0MessageWhoseQueueIsFull) {
  routing::QueueRule one;
  one.messages_max = 1;
  route("FROM 'plant/#' INTO $upstream", {}, 0, one);
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos0("plant/1", "a"));
  publisher.publish(qos0("plant/1", "b"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("a"));
  EXPECT_THAT(history(), ElementsAre("a", "b"));
  EXPECT_EQ(engine_->ingest_stats().dropped, 1u);
}

TEST_F(KeptHistory, TakesAMessageThatIsRefusedOnlyOnceItIsTaken) {
  routing::QueueRule one;
  one.messages_max = 1;
  route("FROM 'plant/#' INTO $upstream", {}, 0, one);
  auto publisher = client();
  publisher.connect(v3("sensor"));
  publisher.publish(qos1(1, "plant/1", "a"));
  publisher.publish(qos1(2, "plant/1", "held"));
  commit();
  EXPECT_THAT(history(), ElementsAre("a"));
  ASSERT_TRUE(store_.purge(engine_->upstream_queue()));
  commit();
  engine_->tick();
  commit();
  EXPECT_THAT(history(), ElementsAre("a", "held"));
}

// A publish that is held claims the order in its queues. The history is none of them.
TEST_F(KeptHistory, HoldsNothingUpBehindAPublishThatWaits) {
  routing::QueueRule one;
  one.messages_max = 1;
  route("FROM 'plant/full' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, one);
  route("FROM 'plant/free' INTO $upstream");
  auto publisher = client();
  publisher.connect(v3("sensor"));
  publisher.publish(qos1(1, "plant/full", "a"));
  publisher.publish(qos1(2, "plant/full", "held"));
  publisher.publish(qos1(3, "plant/free", "c"));
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("c"));
}

TEST_F(KeptHistory, SaysWhichMessagesItHasAndSinceWhen) {
  commit();
  const int64_t began_ms = clock_.now().wall_ms;
  clock_.advance_ms(5000);
  keep({"plant/#"}, 1'000'000);  // another limit is the same history
  commit();
  EXPECT_EQ(*store::history_json(store_, clock_.now()),
            R"({"queue":"$history","filters":["plant/#"],"since_ms":)" + std::to_string(began_ms) +
                R"(,"messages":0,"bytes":0,"bytes_max":1000000,"oldest_ms":0})");
  keep({"plant/#", "office/#"});
  commit();
  EXPECT_EQ(store::decode_history(*store_.get(store::kHistoryKey))->since_ms, clock_.now().wall_ms);
  keep({});
  commit();
  EXPECT_FALSE(store_.get(store::kHistoryKey));
  EXPECT_EQ(store::history_json(store_, clock_.now()).error().code, core::Errc::not_found);
}

TEST_F(KeptHistory, IsCounted) {
  publish({"abc"});
  clock_.advance_ms(11'000);
  engine_->tick();
  const MessageHistory::Stats stats = engine_->history().stats();
  EXPECT_EQ(stats.messages, 1u);
  EXPECT_EQ(stats.bytes, history_bytes());
  EXPECT_EQ(stats.oldest_age_s, 11u);
  EXPECT_EQ(engine_->ingest_stats().stored, 0u);
}

TEST_F(KeptHistory, IsShownToWhoWatchesItsQueue) {
  std::vector<std::string> seen;
  route("FROM 'plant/up' INTO $upstream");
  engine_->tails().add(*store_.find_queue(store::kHistoryQueue),
                       [&](const store::Entry& entry, uint8_t) { seen.push_back(entry.message->body); });
  auto publisher = client();
  publisher.connect(v5("sensor"));
  publisher.publish(qos1(1, "plant/1", "a"));
  publisher.publish(qos1(2, "plant/up", "b"));
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace headgate::hub
