// Inputs of routes with state for which there is no room: they are refused whatever store.on_full says of other queues,
// since an input that was acknowledged counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using core::OnFull;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::v3;
using testing::v5;

constexpr uint64_t kRoom = 4;

// The queue of inputs holds four. Nothing that is published becomes durable, or is computed, until commit().
class FullInputs : public Windows, public ::testing::WithParamInterface<OnFull> {
 protected:
  FullInputs() {
    limit(GetParam());
    route(
        "SELECT count(*) AS n, sum($body.n) AS sum FROM 'plant/#' GROUP BY Tumbling(1m) "
        "INTO BrokeredEndpoint('/modules/m/inputs/sums')");
  }

  void limit(OnFull on_full) {
    limits_.queue.messages_max = kRoom;
    limits_.queue.on_full = on_full;
    engine_->use_limits(limits_);
  }
  static std::string number(int n) { return R"({"n":)" + std::to_string(n) + "}"; }
  static void publish_all(testing::ScriptedClient& sensor, int from, int to) {
    for (int n = from; n <= to; ++n) sensor.publish(qos1(static_cast<uint16_t>(n), "plant/1", number(n)));
  }
  // Answers come in the order of the publishes, once what was taken is durable.
  Lines answers(testing::ScriptedClient& sensor) {
    commit();
    return sensor.read();
  }
  // Results of the minute, once it is over.
  std::vector<std::string> sums() {
    commit();
    pass(60'000);
    return waiting("modules/m/inputs/sums");
  }
  uint64_t dropped_inputs() { return store_.stats(*store_.find_queue(kInputsQueue)).dropped; }
};

TEST_P(FullInputs, RefuseAPublishOfMqtt5AndCountWhatWasAcknowledged) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 6);
  EXPECT_THAT(answers(sensor),
              ElementsAre("PUBACK 1", "PUBACK 2", "PUBACK 3", "PUBACK 4", "PUBACK 5 97", "PUBACK 6 97"));
  EXPECT_THAT(sensor.reason(), HasSubstr("queue '$computing' is full: it may hold 4 messages"));
  EXPECT_EQ(dropped_inputs(), 0u);
  EXPECT_THAT(sums(), ElementsAre(R"({"n":4,"sum":10})"));
  EXPECT_EQ(engine_->ingest_stats().refused, 2u);
}

TEST_P(FullInputs, HoldAPublishOfMqtt3UntilThereIsRoom) {
  auto sensor = client();
  sensor.connect(v3("sensor"));
  publish_all(sensor, 1, 6);
  EXPECT_THAT(sensor.read(), IsEmpty());
  for (int i = 0; i < 3; ++i) pass(1'000);
  EXPECT_EQ(sensor.read().size(), 6u);
  EXPECT_THAT(sums(), ElementsAre(R"({"n":6,"sum":21})"));
  EXPECT_EQ(engine_->held().bytes(), 0u);
}

TEST_P(FullInputs, LetNoOtherQueueHaveARefusedMessage) {
  routing::QueueRule wide;
  wide.messages_max = 100;
  route("FROM 'plant/#' INTO BrokeredEndpoint('/modules/m/inputs/all')", {}, 0, wide);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 6);
  commit();
  EXPECT_THAT(waiting("modules/m/inputs/all"), ElementsAre(number(1), number(2), number(3), number(4)));
}

TEST_P(FullInputs, HaveNoPartInMessagesOfQos0) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 6);
  for (int n = 7; n <= 9; ++n) sensor.publish(qos0("plant/1", number(n)));
  EXPECT_THAT(sums(), ElementsAre(R"({"n":7,"sum":34})"));
  EXPECT_EQ(engine_->ingest_stats().dropped, 0u);
}

TEST_P(FullInputs, AreRefusedAfterAReloadWithAnotherValueToo) {
  for (const OnFull other : {OnFull::drop_newest, OnFull::drop_oldest, OnFull::dilute, OnFull::reject}) {
    limit(other);
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
    auto sensor = client();
    sensor.connect(v5("sensor"));
    publish_all(sensor, 1, 5);
    EXPECT_THAT(answers(sensor), Contains("PUBACK 5 97")) << core::to_string(other);
  }
  EXPECT_THAT(sums(), ElementsAre(R"({"n":16,"sum":40})"));
}

TEST_P(FullInputs, AreRefusedAfterAKillToo) {
  store_.remember_commits();
  crash();
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 5);
  EXPECT_THAT(answers(sensor), Contains("PUBACK 5 97"));
  EXPECT_THAT(sums(), ElementsAre(R"({"n":4,"sum":10})"));
}

TEST_P(FullInputs, KeepInputsOlderThanMessagesMayGrow) {
  limits_.queue.age_max_ms = 1'000;
  engine_->use_limits(limits_);
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 4);
  clock_.advance_ms(10'000);
  commit();
  clock_.advance_ms(50'000);
  engine_->tick();
  EXPECT_EQ(store_.stats(*store_.find_queue(kInputsQueue)).expired, 0u);
  commit();
  EXPECT_EQ(engine_->describe_routes()[0].computed->counts.evaluated, 4u);
}

TEST_P(FullInputs, AreRefusedInAFullStore) {
  limits_.queue.messages_max = 0;
  limits_.bytes_max = 60;
  engine_->use_limits(limits_);
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 10);
  const Lines told = answers(sensor);
  const auto refused =
      std::ranges::count_if(told, [](const std::string& line) { return line.ends_with(" 97"); });
  EXPECT_GT(refused, 0);
  EXPECT_EQ(dropped_inputs(), 0u);
  EXPECT_EQ(engine_->describe_routes()[0].computed->counts.evaluated, 10u - refused);
}

// What a row says is retained outlives a crash, so it needs room as an input; without an acknowledgement nobody waits.
TEST_P(FullInputs, DropAndCountAChangeOfATableThatNobodyAcknowledges) {
  routing::TableSource table;
  table.name = "limits";
  table.kind = routing::TableSource::Kind::topics;
  table.from = "limits/+";
  table.key_level = 2;
  routes_.tables = {table};
  route("SELECT lookup('limits', 'a') AS a FROM 'other' INTO $upstream");
  auto sensor = client();
  sensor.connect(v5("sensor"));
  publish_all(sensor, 1, 4);
  broker::Publish row = qos0("limits/a", "1");
  row.retain = true;
  sensor.publish(row);
  EXPECT_EQ(engine_->ingest_stats().dropped, 1u);
  commit();
  EXPECT_EQ(engine_->lookup_rows("limits", "", 10), LookupRows());
  EXPECT_EQ(engine_->retained().all().size(), 0u) << "what the table does not say is not retained either";
  EXPECT_THAT(sums(), ElementsAre(R"({"n":4,"sum":10})"));
}

std::string value_in_words(const ::testing::TestParamInfo<OnFull>& info) {
  switch (info.param) {
    case OnFull::reject:
      return "Reject";
    case OnFull::drop_newest:
      return "DropNewest";
    case OnFull::dilute:
      return "Dilute";
    case OnFull::thin:
      return "Thin";
    case OnFull::drop_oldest:
      break;
  }
  return "DropOldest";
}

INSTANTIATE_TEST_SUITE_P(OnFull, FullInputs,
                         ::testing::Values(OnFull::reject, OnFull::drop_newest, OnFull::dilute,
                                           OnFull::drop_oldest),
                         value_in_words);

}  // namespace
}  // namespace headgate::hub
