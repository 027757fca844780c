// A module that takes inputs and publishes outputs, when there is no room for an output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos1;
using testing::qos2;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;

constexpr const char* kChainInput = "modules/m/inputs/i";

// `$upstream` holds one message and has one; module `m` has its input `a`.
class Chain : public EngineTest {
 protected:
  Chain() {
    route("FROM 'in' INTO BrokeredEndpoint('/modules/m/inputs/i')");
    route("FROM 'out' INTO $upstream", {}, 0, {.messages_max = 1});
    feed_.connect(v5("feed"));
    feed_.publish(qos1(1, "out", "first"));
    commit();
  }

  void start_module(const broker::Connect& connect, uint8_t qos = 1) {
    module_.connect(connect);
    module_.subscribe(1, {to(kChainInput, qos)});
    commit();
    module_.read();
    put("a");
    EXPECT_THAT(module_.read(), ElementsAre(HasSubstr("modules/m/inputs/i=a")));
  }
  void put(const std::string& body) {
    feed_.publish(qos1(2, "in", body));
    commit();
  }
  // The far side takes what waits.
  void drain() {
    const store::QueueId queue = engine_->upstream_queue();
    const auto entries = store_.read(queue, store::kDefaultLane, 0, {}, clock_.now());
    for (const store::Entry& entry : *entries)
      store_.finish(queue, store::kDefaultLane, entry.seq, store::Outcome::delivered);
    commit();
  }

  ScriptedClient feed_{engine_->broker(), clock_};
  ScriptedClient module_{engine_->broker(), clock_};
};

TEST_F(Chain, HoldsAnOutputWithoutRoomInEitherVersionAndSendsNoFurtherInputs) {
  for (const broker::Connect& connect : {v3("m"), v5("m")}) {
    start_module(connect);
    EXPECT_THAT(module_.publish(qos1(1, "out", "of a")), IsEmpty()) << "MQTT 5 gets no 0x97 either";
    put("b");
    EXPECT_THAT(module_.read(), IsEmpty());
    drain();
    EXPECT_THAT(module_.read(), ElementsAre("PUBACK 1", HasSubstr("=b")));
    for (uint16_t id = 1; id <= 2; ++id) module_.puback(id);
    module_.disconnect();
    commit();
  }
}

TEST_F(Chain, EndsAnInputInTheChangeThatStoresItsOutput) {
  start_module(v3("m"));
  module_.publish(qos1(1, "out", "of a"));
  module_.puback(1);
  commit();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a")) << "acknowledged, and not ended without its output";
  drain();
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
  EXPECT_THAT(waiting("$upstream"), ElementsAre("of a"));
  EXPECT_EQ(store_.stats(*store_.find_queue(kChainInput)).delivered, 1u);
}

TEST_F(Chain, EndsAnInputWithTheLastOfTheOutputsThatWereHeldWhenItWasAcknowledged) {
  put("b");
  start_module(v3("m"));
  module_.publish(qos1(1, "out", "of b"));
  module_.puback(1);
  module_.publish(qos1(2, "out", "of a"));
  module_.puback(2);
  commit();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("b", "a"));
  drain();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("of b"));
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
  drain();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("of a"));
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
}

TEST_F(Chain, SendsInputsAgainThatAClientAcknowledgedBeforeItWent) {
  for (const broker::Connect& connect : {v3("m"), kept(v5("m"))}) {
    start_module(connect);
    module_.publish(qos1(1, "out", "of a"));
    module_.puback(1);
    module_.drop();
    testing::Lines lines = module_.connect(connect);
    module_.subscribe(1, {to(kChainInput, 1)});
    commit();
    std::ranges::move(module_.read(), std::back_inserter(lines));
    EXPECT_THAT(lines, Contains(HasSubstr("modules/m/inputs/i=a")));
    module_.puback(1);
    commit();
    EXPECT_THAT(waiting(kChainInput), IsEmpty()) << "nothing is held any more: it ends";
    module_.disconnect();
  }
}

TEST_F(Chain, SendsInputsAgainThatWereAcknowledgedBeforeTheHubWent) {
  start_module(kept(v3("m")));
  module_.publish(qos1(1, "out", "of a"));
  module_.puback(1);
  commit();
  module_.lose_hub();
  feed_.lose_hub();
  restart();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
}

TEST_F(Chain, ReleasesAnInputOfQos2OnceItsOutputIsStored) {
  start_module(kept(v5("m")), 2);
  const auto entries = store_.read(*store_.find_queue(kChainInput), store::kDefaultLane, 0, {}, clock_.now());
  const auto id = static_cast<uint16_t>(entries->front().seq % 0xFFFF + 1);
  module_.publish(qos2(1, "out", "of a"));
  EXPECT_THAT(module_.pubrec(id), IsEmpty());
  EXPECT_THAT(module_.pubrec(id), IsEmpty()) << "asked twice";
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
  drain();
  EXPECT_THAT(module_.read(), ElementsAre("PUBREC 1", "PUBREL " + std::to_string(id)));
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
  module_.pubcomp(id);
  EXPECT_TRUE(module_.is_open());
}

TEST_F(Chain, EndsNeitherIfTheStoreFailsAndSendsTheInputAgain) {
  const auto connect = kept(v5("m"));
  start_module(connect);
  module_.publish(qos1(1, "out", "of a"));
  module_.puback(1);
  commit();
  const store::QueueId queue = engine_->upstream_queue();
  const auto first = store_.read(queue, store::kDefaultLane, 0, {}, clock_.now());
  store_.finish(queue, store::kDefaultLane, first->front().seq, store::Outcome::delivered);
  engine_->tick();
  store_.fail_next_commit({core::Errc::io, "no disk"});
  commit();
  EXPECT_THAT(module_.read(), ElementsAre("closed")) << "a refused output would be lost, its input is not";
  store_.recover();
  commit();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
  EXPECT_THAT(module_.connect(connect), Contains(HasSubstr("dup modules/m/inputs/i=a")));
}

class ChainThatLosesAnOutput : public Chain, public ::testing::WithParamInterface<bool> {};

TEST_P(ChainThatLosesAnOutput, EndsItsConnectionSoThatItSendsTheOutputAgain) {
  const auto connect = kept(GetParam() ? v5("m") : v3("m"));
  drain();
  start_module(connect);
  module_.publish(qos1(1, "out", "of a"));
  store_.fail_next_commit({core::Errc::io, "no disk"});
  commit();
  EXPECT_THAT(module_.read(), ElementsAre("closed"));
  store_.recover();
  commit();
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_THAT(module_.connect(connect), Contains(HasSubstr("dup modules/m/inputs/i=a")));
  module_.publish(qos1(1, "out", "of a"));
  module_.puback(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre("of a"));
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(InBothVersions, ChainThatLosesAnOutput, ::testing::Bool(),
                         [](const auto& modern) { return modern.param ? "Mqtt5" : "Mqtt311"; });

TEST_F(Chain, ReadsNoAcknowledgementBehindAnOutputThatAFailedStoreCannotTake) {
  drain();
  start_module(kept(v5("m")));
  store_.fail_next_commit({core::Errc::io, "no disk"});
  feed_.publish(qos1(3, "in", "lost"));
  commit();
  module_.read();
  EXPECT_THAT(module_.publish(qos1(1, "out", "of a")), ElementsAre("closed"));
  module_.puback(1);
  store_.recover();
  commit();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
}

// Its own output fills its own input: the end of the one makes the room for the other, in one Change.
TEST_F(Chain, DrainsThoughOnlyTheInputThatCausedAnOutputCanMakeTheRoomForIt) {
  route("FROM 'loop' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, {.messages_max = 1});
  start_module(v3("m"));
  EXPECT_THAT(module_.publish(qos1(1, "loop", "b")), IsEmpty());
  module_.puback(1);
  commit();
  EXPECT_THAT(module_.read(), ElementsAre("PUBACK 1", HasSubstr("=b")));
  EXPECT_THAT(waiting(kChainInput), ElementsAre("b"));
}

TEST_F(Chain, GivesWhoTakesNoInputTheRefusalOfItsVersion) {
  EXPECT_THAT(feed_.publish(qos1(7, "out", "x")), Contains("PUBACK 7 97"));
}

// ---- a disk that fills up ----

class ChainOnALowDisk : public Chain {
 protected:
  ChainOnALowDisk() { route("FROM 'result' INTO BrokeredEndpoint('/modules/next/inputs/i')"); }
};

TEST_F(ChainOnALowDisk, StoresForQueuesLongerThanForSessionsAlone) {
  leave_session("reader", "t/#");
  route("FROM 't/up' INTO BrokeredEndpoint('/modules/n/inputs/i')");
  store_.stop_room_for(store::RoomFor::sessions);
  EXPECT_THAT(feed_.publish(qos1(3, "t/1", "x")), Contains("PUBACK 3 97"));
  feed_.publish(qos1(4, "t/up", "y"));
  commit();
  EXPECT_THAT(feed_.read(), ElementsAre("PUBACK 4"));
  EXPECT_THAT(waiting("session/reader"), ElementsAre("y")) << "what is stored anyway the session gets too";
}

TEST_F(ChainOnALowDisk, StoresOutputsOfConsumersLongerThanPublishesFromOutside) {
  start_module(v5("m"));
  store_.stop_room_for(store::RoomFor::publishers);
  EXPECT_THAT(feed_.publish(qos1(3, "result", "from outside")), Contains("PUBACK 3 97"));
  module_.publish(qos1(1, "result", "of a"));
  module_.puback(1);
  commit();
  EXPECT_THAT(module_.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
}

TEST_F(ChainOnALowDisk, HoldsOutputsWithTheirInputsOnceNothingIsStoredAndGoesOnByItself) {
  start_module(v5("m"));
  store_.stop_room_for(store::RoomFor::consumers);
  EXPECT_THAT(module_.publish(qos1(1, "result", "of a")), IsEmpty());
  module_.puback(1);
  commit();
  EXPECT_THAT(waiting(kChainInput), ElementsAre("a"));
  store_.stop_room_for(store::RoomFor::publishers);
  commit();
  EXPECT_THAT(module_.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting(kChainInput), IsEmpty());
  EXPECT_THAT(waiting("modules/next/inputs/i"), ElementsAre("of a"));
}

}  // namespace
}  // namespace headgate::hub
