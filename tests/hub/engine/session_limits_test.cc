// Persistent sessions whose clients do not come back: how long they last, how much they hold, and how that is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using testing::kept;
using testing::qos1;
using ::testing::StartsWith;
using testing::to;
using testing::v3;
using testing::v5;

constexpr int64_t kDayMs = 86'400'000;

class SessionLimits : public EngineTest {
 protected:
  // An MQTT 3.1.1 client without clean session, which cannot say how long its session is to last.
  void subscribe_and_leave() {
    auto reader = client();
    reader.connect(kept(v3("phone")));
    reader.subscribe(1, {to("#", 1)});
    commit();
    reader.disconnect();
    commit();
  }
  void publish(const std::string& body) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos1(1, "t", body));
    commit();
  }
  void pass(int64_t ms) {
    clock_.advance_ms(ms);
    engine_->tick();
    commit();
  }
  [[nodiscard]] uint64_t dropped(broker::DropReason reason) const {
    return engine_->broker().drops()[static_cast<size_t>(reason)];
  }
};

TEST_F(SessionLimits, EndASessionThatNamedNoExpiryAndTellWhatIsLost) {
  subscribe_and_leave();
  publish("x");
  publish("y");
  pass(7 * kDayMs - 1);
  EXPECT_EQ(waiting("session/phone").size(), 2u);
  pass(1);
  EXPECT_FALSE(store_.find_queue("session/phone"));
  EXPECT_EQ(dropped(broker::DropReason::session_expired), 2u);
  EXPECT_THAT(log_.lines(), Contains("session_dropped client=phone messages=2 bytes=4 away_s=604800"));
}

TEST_F(SessionLimits, CountTheAbsenceOverAHubThatWasKilled) {
  subscribe_and_leave();
  publish("x");
  pass(6 * kDayMs);
  restart();
  pass(kDayMs - 1);
  EXPECT_TRUE(store_.find_queue("session/phone"));
  pass(1);
  EXPECT_FALSE(store_.find_queue("session/phone"));
  EXPECT_EQ(dropped(broker::DropReason::session_expired), 1u);
}

TEST_F(SessionLimits, AreNotMetByAClientThatComesNowAndThenNorByAClockThatIsSet) {
  for (int day = 0; day < 20; day += 5) {
    subscribe_and_leave();
    clock_.jump_wall_ms(30 * kDayMs);
    pass(5 * kDayMs);
  }
  EXPECT_TRUE(store_.find_queue("session/phone"));
}

TEST_F(SessionLimits, LeaveAnMqtt5ClientTheExpiryThatItNamed) {
  auto patient = client();
  patient.connect(kept(v5("patient"), UINT32_MAX));
  patient.disconnect();
  pass(400 * kDayMs);
  EXPECT_TRUE(store_.find_queue("session/patient"));
}

TEST_F(SessionLimits, CanBeLiftedForAllThatNameNoExpiry) {
  options_.session_expiry_s_default = UINT32_MAX;
  restart();
  subscribe_and_leave();
  pass(400 * kDayMs);
  EXPECT_TRUE(store_.find_queue("session/phone"));
}

TEST_F(SessionLimits, DropWhatIsTooMuchForOneSessionAndTell) {
  limits_.session.bytes_max = 3;
  restart();
  subscribe_and_leave();
  for (const char* const body : {"x", "y", "z"}) publish(body);
  EXPECT_EQ(waiting("session/phone").size(), 1u);
  pass(10'000);
  EXPECT_EQ(dropped(broker::DropReason::queue_full), 2u);
  pass(10'000);
  EXPECT_EQ(dropped(broker::DropReason::queue_full), 2u);
  EXPECT_THAT(log_.lines(), Contains(StartsWith("messages_dropped client=phone messages=2")));
}

TEST_F(SessionLimits, DoNotTellOfWhatWasDroppedBeforeARestartAgain) {
  limits_.session.bytes_max = 3;
  restart();
  subscribe_and_leave();
  for (const char* const body : {"x", "y", "z"}) publish(body);
  restart();
  pass(10'000);
  EXPECT_EQ(dropped(broker::DropReason::queue_full), 0u);
}

TEST_F(SessionLimits, HaveDefaultsForSessionsOfStrangers) {
  EXPECT_EQ(StoreLimits().session.bytes_max, 256u * 1024 * 1024);
  EXPECT_EQ(broker::BrokerOptions().session_expiry_s_default, 7u * 86'400);
}

}  // namespace
}  // namespace headgate::hub
