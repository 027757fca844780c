// The registry of who reads which queue, on its own and within the engine.
#include "hub/engine/consumers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes down what it is told, and does then what the test says.
struct FakeConsumer : Consumer {
  void on_ready(store::QueueId queue, bool more) override {
    told.push_back(std::to_string(queue) + (more ? " more" : " woken"));
    if (then) then(queue);
  }
  std::vector<std::string> take() { return std::exchange(told, {}); }

  std::vector<std::string> told;
  std::function<void(store::QueueId)> then;
};

class ConsumersTest : public ::testing::Test {
 protected:
  // The end of a turn of the loop, and of that turn only.
  void end_turn() {
    auto work = std::exchange(executor_.work, {});
    for (auto& each : work) each();
  }
  bool add(Lanes lanes, Consumer& consumer) { return consumers_.add(7, lanes, consumer).has_value(); }

  struct Turns : core::Executor {
    void post(std::function<void()> run) override { work.push_back(std::move(run)); }
    std::vector<std::function<void()>> work;
  };
  Turns executor_;
  Consumers consumers_{executor_};
  FakeConsumer one_, other_;
};

TEST_F(ConsumersTest, RefuseASecondOneForALaneThatHasOne) {
  EXPECT_TRUE(add(0b0011, one_));
  EXPECT_FALSE(add(0b0110, other_));
  EXPECT_FALSE(add(kAllLanes, other_));
  EXPECT_TRUE(add(0b1100, other_)) << "other lanes are free";
  const core::Status refused = consumers_.add(7, 0b1000, one_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::Errc::unavailable);
  consumers_.remove(7, other_);
  consumers_.remove(7, one_);
  EXPECT_TRUE(add(kAllLanes, other_)) << "a lane that is given back is free again";
}

TEST_F(ConsumersTest, TellANewOneOnceOfWhatWaitsAlready) {
  ASSERT_TRUE(add(kAllLanes, one_));
  EXPECT_THAT(one_.take(), IsEmpty()) << "never from inside a call";
  end_turn();
  EXPECT_THAT(one_.take(), ElementsAre("7 more"));
  end_turn();
  EXPECT_THAT(one_.take(), IsEmpty());
}

TEST_F(ConsumersTest, TellOnceATurnWhateverHappensInIt) {
  ASSERT_TRUE(add(kAllLanes, one_));
  end_turn();
  one_.take();
  for (int i = 0; i < 3; ++i) {
    consumers_.wake(7, one_);
    consumers_.on_available(7);
  }
  end_turn();
  EXPECT_THAT(one_.take(), ElementsAre("7 more"));
  consumers_.wake(7, one_);
  end_turn();
  EXPECT_THAT(one_.take(), ElementsAre("7 woken"));
}

TEST_F(ConsumersTest, TellOneThatWakesItselfInTheNextTurn) {
  ASSERT_TRUE(add(kAllLanes, one_));
  one_.then = [this](store::QueueId queue) { consumers_.wake(queue, one_); };
  end_turn();
  EXPECT_THAT(one_.take(), ElementsAre("7 more"));
  end_turn();
  EXPECT_THAT(one_.take(), ElementsAre("7 woken"));
}

TEST_F(ConsumersTest, TellNobodyOnceTheRegistryHasGone) {
  {
    Consumers gone(executor_);
    ASSERT_TRUE(gone.add(7, kAllLanes, one_));
  }
  end_turn();
  EXPECT_THAT(one_.take(), IsEmpty());
}

TEST_F(ConsumersTest, TellEverybodyOfAQueueAndNobodyElse) {
  FakeConsumer watcher, stranger;
  ASSERT_TRUE(add(0b01, one_));
  ASSERT_TRUE(add(0b10, other_));
  ASSERT_TRUE(add(kNoLanes, watcher)) << "who watches takes nothing from anybody";
  ASSERT_TRUE(consumers_.add(8, kAllLanes, stranger));
  end_turn();
  for (FakeConsumer* each : {&one_, &other_, &watcher, &stranger}) each->take();
  consumers_.on_available(7);
  end_turn();
  for (FakeConsumer* each : {&one_, &other_, &watcher}) EXPECT_THAT(each->take(), ElementsAre("7 more"));
  EXPECT_THAT(stranger.take(), IsEmpty());
}

TEST_F(ConsumersTest, DoNotTellOneThatWasRemovedAlsoWhileOthersAreTold) {
  ASSERT_TRUE(add(0b01, one_));
  ASSERT_TRUE(add(0b10, other_));
  one_.then = [this](store::QueueId queue) { consumers_.remove(queue, other_); };
  other_.then = [this](store::QueueId queue) { consumers_.remove(queue, one_); };
  end_turn();
  EXPECT_EQ(one_.told.size() + other_.told.size(), 1u);
  EXPECT_TRUE(one_.told.empty() ? add(0b01, one_) : add(0b10, other_));
}

// A kind of consumer that the engine has never heard of.
class NewKindOfConsumer : public EngineTest {
 protected:
  NewKindOfConsumer() { route("FROM 'in' INTO BrokeredEndpoint('/modules/m/inputs/i')"); }

  void publish(std::string_view body) {
    auto publisher = client();
    publisher.connect(testing::v5("publisher"));
    publisher.publish(testing::qos1(1, "in", body));
    commit();
  }
  store::QueueId input() { return *store_.find_queue("modules/m/inputs/i"); }

  FakeConsumer consumer_;
};

TEST_F(NewKindOfConsumer, ReadsAndEndsEntriesLikeAnyOther) {
  ASSERT_TRUE(engine_->consumers().add(input(), kAllLanes, consumer_));
  std::vector<std::string> bodies;
  consumer_.then = [&](store::QueueId queue) {
    const auto entries = store_.read(queue, store::kDefaultLane, 0, {}, clock_.now());
    for (const store::Entry& entry : *entries) {
      bodies.push_back(entry.message->body);
      store_.finish(queue, store::kDefaultLane, entry.seq, store::Outcome::delivered);
    }
  };
  publish("1");
  publish("2");
  EXPECT_THAT(bodies, ElementsAre("1", "2"));
  EXPECT_THAT(waiting("modules/m/inputs/i"), IsEmpty());
  engine_->consumers().remove(input(), consumer_);
}

TEST_F(NewKindOfConsumer, NeverSharesAnEntryWithASession) {
  ASSERT_TRUE(engine_->consumers().add(input(), kAllLanes, consumer_));
  auto module = client();
  module.connect(testing::v5("m"));
  module.subscribe(1, {testing::to("modules/m/inputs/i", 1)});
  publish("1");
  EXPECT_THAT(module.read(), IsEmpty()) << "it stands by";
  engine_->consumers().remove(input(), consumer_);
  module.subscribe(2, {testing::to("modules/m/inputs/i", 1)});
  commit();
  EXPECT_THAT(module.read(), ::testing::Contains("PUBLISH q1 id1 modules/m/inputs/i=1"));
  EXPECT_FALSE(engine_->consumers().add(input(), kAllLanes, consumer_));
}

}  // namespace
}  // namespace headgate::hub
