// Wills over the end of the hub itself: promised with CONNECT, so kept with it (MQTT 5.0 section 3.1.2.5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::ScriptedClient;
using testing::v3;
using testing::v5;
using testing::with_will;

class Wills : public EngineTest {
 protected:
  Wills() { route("FROM 'will' INTO $upstream"); }

  // The hub is killed while the client is connected.
  void connect_and_kill(const broker::Connect& connect) {
    auto one = client();
    one.connect(connect);
    commit();
    one.lose_hub();
    restart();
  }
  void pass_ms(int64_t ms) {
    clock_.advance_ms(ms);
    engine_->tick();
    commit();
  }
  size_t kept_wills() {
    size_t count = 0;
    EXPECT_TRUE(store_.for_each("will/", [&](std::string_view, std::string_view) {
      ++count;
      return core::Status();
    }));
    return count;
  }
};

TEST_F(Wills, ArePublishedAfterAKilledHubWhateverTheSession) {  // [MQTT-3.1.2-7, MQTT-3.1.2-8]
  for (const auto& connect : {with_will(kept(v5("a"))), with_will(v5("b")), with_will(kept(v3("c")))}) {
    connect_and_kill(connect);
    pass_ms(1000);
  }
  EXPECT_THAT(waiting("$upstream"), ElementsAre("gone", "gone", "gone"));
}

TEST_F(Wills, ArePublishedOnceHoweverOftenTheHubRestarts) {
  connect_and_kill(with_will(kept(v5("a"))));
  pass_ms(1000);
  restart();
  pass_ms(1000);
  EXPECT_THAT(waiting("$upstream"), ElementsAre("gone"));
  EXPECT_EQ(kept_wills(), 0u);
}

TEST_F(Wills, AreStillDueIfTheHubIsKilledBeforeTheyAreStored) {
  connect_and_kill(with_will(kept(v5("a"))));
  clock_.advance_ms(1000);
  engine_->tick();  // published, but not written yet
  EXPECT_EQ(kept_wills(), 1u);
  commit();
  EXPECT_EQ(kept_wills(), 0u);
}

TEST_F(Wills, WaitForTheirDelayAfterAKilledHub) {  // MQTT 5.0 section 3.1.3.2.2
  connect_and_kill(with_will(kept(v5("a")), 60));
  pass_ms(59'999);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  restart();  // the delay goes on, it does not begin again
  pass_ms(1);
  EXPECT_THAT(waiting("$upstream"), ElementsAre("gone"));
}

TEST_F(Wills, WhoseDelayRanWhenTheHubStoppedAreDueInTime) {
  auto one = client();
  one.connect(with_will(kept(v5("a")), 60));
  commit();
  one.drop();
  commit();
  restart();
  pass_ms(59'999);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  pass_ms(1);
  EXPECT_THAT(waiting("$upstream"), ElementsAre("gone"));
}

TEST_F(Wills, AreNotPublishedForAClientThatComesBackInTime) {  // [MQTT-3.1.3-9]
  connect_and_kill(with_will(kept(v5("a")), 60));
  auto again = client();
  again.connect(kept(v5("a")));
  pass_ms(60'000);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
  EXPECT_EQ(kept_wills(), 0u);
}

TEST_F(Wills, AreForgottenWithAGoodBye) {  // [MQTT-3.1.2-10, MQTT-3.14.4-3]
  for (const auto& connect : {with_will(kept(v5("a"))), with_will(v3("b"))}) {
    auto one = client();
    one.connect(connect);
    commit();
    EXPECT_EQ(kept_wills(), 1u);
    one.disconnect();
    commit();
  }
  EXPECT_EQ(kept_wills(), 0u);
  restart();
  pass_ms(1000);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(Wills, LeaveNoRecordWhenTheyMayNotBePublished) {
  auto connect = with_will(v5("a"));
  connect.will->topic = "modules/m/inputs/i";  // the hub's own
  connect_and_kill(connect);
  pass_ms(1000);
  EXPECT_EQ(kept_wills(), 0u);
}

TEST_F(Wills, LeaveASessionThatWasNotToOutliveItsConnectionEnded) {
  connect_and_kill(with_will(v5("a")));
  pass_ms(0);
  EXPECT_EQ(engine_->broker().sessions(), 0u);
}

}  // namespace
}  // namespace headgate::hub
