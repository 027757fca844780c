// Queues that an operator has paused: they take in and hand out nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos1;
using testing::to;
using testing::v5;

class PausedQueues : public EngineTest {
 protected:
  // Connects it to its session, and subscribes.
  void subscribe(testing::ScriptedClient& reader) {
    reader.connect(kept(v5("reader")));
    reader.subscribe(1, {to("t", 1)});
    commit();
    reader.read();
  }
  void pause(const std::string& queue, bool paused) {
    ASSERT_TRUE(store_.set_paused(*store_.find_queue(queue), paused));
    commit();
  }
  void publish(const std::string& topic, const std::string& body) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos1(1, topic, body));
    commit();
  }
};

TEST_F(PausedQueues, OfASessionTakesInAndHandsOutOnceItGoesOn) {
  auto session = client();
  subscribe(session);
  pause("session/reader", true);
  publish("t", "a");
  EXPECT_THAT(session.read(), IsEmpty());
  EXPECT_THAT(waiting("session/reader"), ElementsAre("a"));
  pause("session/reader", false);
  EXPECT_THAT(session.read(), ElementsAre("PUBLISH q1 id1 t=a"));
}

TEST_F(PausedQueues, HandOutNothingAfterARestartEither) {
  {
    auto session = client();
    subscribe(session);
    pause("session/reader", true);
    publish("t", "a");
  }
  restart();
  auto session = client();
  session.connect(kept(v5("reader")));
  commit();
  EXPECT_EQ(session.read().size(), 0u);
  pause("session/reader", false);
  EXPECT_EQ(session.read().size(), 1u);
}

TEST_F(PausedQueues, OfAnInputTakesInAndHandsOutOnceItGoesOn) {
  route("FROM 'load' INTO BrokeredEndpoint('/modules/m/inputs/i')");
  auto module = client();
  module.connect(v5("m"));
  module.subscribe(1, {to("modules/m/inputs/#", 1)});
  commit();
  module.read();
  pause("modules/m/inputs/i", true);
  publish("load", "a");
  EXPECT_THAT(module.read(), IsEmpty());
  EXPECT_THAT(waiting("modules/m/inputs/i"), ElementsAre("a"));
  pause("modules/m/inputs/i", false);
  EXPECT_EQ(module.read().size(), 1u);
}

}  // namespace
}  // namespace headgate::hub
