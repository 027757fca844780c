// What the engine tells its recorder: of each message where it came to, and what happened to it there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/hub/engine/engine_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::qos0;
using testing::to;
using testing::v5;

class Recording : public EngineTest {
 protected:
  Recording() { engine_->use_recorder(size_t{1} << 20U); }

  void publish(const std::string& topic, const std::string& body, uint8_t qos = 1) {
    auto publisher = client();
    publisher.connect(v5("sensor"));
    if (qos == 0)
      publisher.publish(qos0(topic, body));
    else
      publisher.publish(testing::qos1(1, topic, body));
    commit();
    publisher.disconnect();
  }

  std::vector<Recorded> all() { return engine_->recorder().behind(0, 1000); }
  Recorded newest() { return engine_->recorder().newest(1).at(0); }
  std::vector<Step::Kind> steps_in(std::string_view queue, store::Seq seq) {
    std::vector<Step::Kind> kinds;
    const auto steps = engine_->recorder().steps_of(*store_.find_queue(queue), store::kDefaultLane, seq);
    for (const Step& step : steps) kinds.push_back(step.kind);
    return kinds;
  }
};

TEST_F(Recording, KeepsWhatNoRouteWanted) {
  route("FROM 'plant/#' INTO $upstream");
  publish("office/1", "b");
  EXPECT_EQ(newest().message->topic, "office/1");
  EXPECT_EQ(newest().message->source->client_id, "sensor");
  EXPECT_THAT(newest().targets, IsEmpty());
  EXPECT_FALSE(newest().heard);
  publish("office/2", "b", 0);
  EXPECT_EQ(newest().message->topic, "office/2");
}

TEST_F(Recording, SaysInWhichQueuesAMessageIsAndHowItEndsThere) {
  route("FROM 'plant/#' INTO $upstream", 3);
  publish("plant/1", "b");
  const Recorded one = newest();
  const store::QueueId upstream = *store_.find_queue("$upstream");
  EXPECT_THAT(one.targets, ElementsAre(RecordedTarget{upstream, 3}));
  EXPECT_EQ(store_.read(upstream, 3, one.seq - 1, {1, 1}, clock_.now())->front().seq, one.seq);
  store_.finish(upstream, 3, one.seq, store::Outcome::expired);
  const auto steps = engine_->recorder().steps_of(upstream, 3, one.seq);
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(steps[0].kind, Step::Kind::expired);
}

TEST_F(Recording, TellsOfTheDeliveryToASession) {
  leave_session("reader", "plant/#");
  publish("plant/1", "b");
  const store::Seq seq = newest().seq;
  auto reader = client();
  reader.connect(testing::kept(v5("reader")));
  commit();
  ASSERT_EQ(newest().targets.size(), 1u);
  const std::string queue = store_.stats(newest().targets[0].queue).name;
  EXPECT_THAT(steps_in(queue, seq), ElementsAre(Step::Kind::handed));
  reader.puback(1);
  EXPECT_THAT(steps_in(queue, seq), ElementsAre(Step::Kind::handed, Step::Kind::delivered));
}

TEST_F(Recording, SaysWhatRoutesMadeOfAMessage) {
  route("FROM 'plant/#' INTO Topic('copies')");
  route("SELECT $body.c AS c FROM 'plant/#' INTO $upstream");
  publish("plant/1", R"({"c":1})");
  const std::vector<Recorded> found = all();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0].made);
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_TRUE(found[i].made) << i;
    EXPECT_EQ(found[i].made_of, found[0].number) << i;
  }
  const store::QueueId upstream = *store_.find_queue("$upstream");
  const auto row = store_.read(upstream, store::kDefaultLane, 0, {}, clock_.now())->front();
  ASSERT_TRUE(engine_->recorder().with_seq(row.seq));
  EXPECT_EQ(engine_->recorder().with_seq(row.seq)->message->body, row.message->body);
}

TEST_F(Recording, KeepsWhatWasRefusedWithTheReason) {
  limits_.queue.messages_max = 1;
  limits_.queue.on_full = store::OnFull::reject;
  restart();
  engine_->use_recorder(size_t{1} << 20U);
  route("FROM 'plant/#' INTO $upstream");
  publish("plant/1", "first");
  publish("plant/1", "second");
  EXPECT_EQ(newest().message->body, "second");
  EXPECT_THAT(newest().refused, ::testing::HasSubstr("$upstream"));
  EXPECT_EQ(newest().seq, 0u);
}

TEST_F(Recording, KnowsWhenOtherRoutesCameInForce) {
  route("FROM 'a/#' INTO $upstream");
  publish("a/1", "b");
  EXPECT_EQ(newest().routes, engine_->recorder().routes());
  route("FROM 'b/#' INTO $upstream");
  EXPECT_NE(newest().routes, engine_->recorder().routes());
}

TEST_F(Recording, TellsOfAPurge) {
  route("FROM 'plant/#' INTO $upstream");
  publish("plant/1", "b");
  ASSERT_TRUE(store_.purge(*store_.find_queue("$upstream")));
  EXPECT_THAT(steps_in("$upstream", newest().seq), ElementsAre(Step::Kind::dropped));
}

TEST_F(Recording, OffItIsToldNothing) {
  engine_->use_recorder(0);
  route("FROM 'plant/#' INTO $upstream");
  publish("plant/1", "b");
  EXPECT_THAT(all(), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
