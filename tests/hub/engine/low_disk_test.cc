// What clients see of a disk that is nearly full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kept;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::to;
using testing::v3;
using testing::v5;

class LowDisk : public EngineTest {
 protected:
  LowDisk() { route("FROM 'up' INTO $upstream"); }

  void become_low() { store_.stop_room_for(store::RoomFor::publishers); }
  void get_room() {
    store_.stop_room_for(store::RoomFor::none);
    commit();
  }
  void keep(ScriptedClient& reader, const broker::Connect& connect, const std::string& filter) {
    reader.connect(kept(connect));
    reader.subscribe(1, {to(filter, 1)});
    commit();
    reader.read();
  }
  static broker::Publish retained(broker::Publish publish) {
    publish.retain = true;
    return publish;
  }
};

TEST_F(LowDisk, RefusesMqtt5AndMakes311WaitUntilThereIsRoom) {
  become_low();
  auto five = client(), three = client();
  five.connect(v5("five"));
  three.connect(v3("three"));
  EXPECT_THAT(five.publish(qos1(1, "up", "x")), ElementsAre("PUBACK 1 97"));
  EXPECT_THAT(five.reason(), HasSubstr("nearly full"));
  EXPECT_THAT(three.publish(qos1(1, "up", "y")), IsEmpty());
  EXPECT_TRUE(three.is_read());
  get_room();
  EXPECT_THAT(three.read(), ElementsAre("PUBACK 1"));
  EXPECT_THAT(waiting("$upstream"), ElementsAre("y"));
}

TEST_F(LowDisk, IsNothingToLiveSubscribersAndQos0) {
  auto reader = client(), sensor = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("#", 1)});
  sensor.connect(v5("sensor"));
  become_low();
  EXPECT_THAT(sensor.publish(qos1(1, "t", "x")), ElementsAre("PUBACK 1"));
  sensor.publish(qos0("up", "y"));
  EXPECT_THAT(reader.read(), ::testing::Contains(HasSubstr("up=y")));
  EXPECT_EQ(engine_->ingest_stats().dropped, 1u);
  EXPECT_THAT(waiting("$upstream"), IsEmpty());
}

TEST_F(LowDisk, ReadsOnWhoMayMakeRoomByAcknowledging) {
  auto both = client(), sensor = client();
  keep(both, v3("both"), "t");
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "t", "for both"));
  commit();
  become_low();
  both.publish(qos1(7, "up", "waits"));
  EXPECT_TRUE(both.is_read()) << "else its acknowledgement would not be";
  both.puback(1);
  commit();
  EXPECT_THAT(waiting("session/both"), IsEmpty());
  get_room();
  EXPECT_THAT(both.read(), ::testing::Contains("PUBACK 7"));
}

TEST_F(LowDisk, StoresNoRetainedMessageButErasesThem) {
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(retained(qos1(1, "t", "old")));
  commit();
  become_low();
  EXPECT_THAT(sensor.publish(retained(qos1(2, "t", "new"))), ::testing::Contains("PUBACK 2 97"));
  sensor.publish(retained(qos0("zero", "x")));
  sensor.publish(retained(qos1(3, "t", "")));
  commit();
  EXPECT_FALSE(store_.get("retained/zero"));
  EXPECT_FALSE(store_.get("retained/t"));
}

TEST_F(LowDisk, StillMovesWhatAnEndedSessionLeavesToAnother) {
  auto a = client(), b = client(), sensor = client();
  keep(a, v5("a"), "$share/g/t");
  sensor.connect(v5("sensor"));
  a.disconnect();
  sensor.publish(qos1(1, "t", "x"));
  commit();
  auto later = v5("b");
  b.connect(kept(later, 7'200));
  b.subscribe(1, {to("$share/g/t", 1)});
  b.disconnect();
  commit();
  become_low();
  clock_.advance_ms(3'600'000);
  engine_->tick();
  commit();
  EXPECT_THAT(waiting("session/b"), ElementsAre("x"));
}

}  // namespace
}  // namespace headgate::hub
