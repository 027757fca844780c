// Retained messages for who has just subscribed: all of them, as fast as they are read, and none held twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "hub/engine/retained/replays.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::kept;
using testing::Lines;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::to;
using testing::v5;

// A hub that lets little be unsent. Clients of a fixture come to it once it is there.
class NarrowHub : public EngineTest {
 protected:
  NarrowHub() {
    options_.session.unsent_bytes_max = 10'000;
    restart();
  }
};

class RetainedBursts : public NarrowHub {
 protected:
  RetainedBursts() { sensor_.connect(v5("sensor")); }

  void retain(const std::string& topic, const std::string& body, uint8_t qos = 0) {
    broker::Publish publish = qos == 0 ? qos0(topic, body) : qos1(1, topic, body);
    publish.retain = true;
    sensor_.publish(publish);
    commit();
  }
  // t/1000 and on, 100 bytes each.
  void retain_many(size_t count, uint8_t qos = 0) {
    for (size_t i = 0; i < count; ++i) retain("t/" + std::to_string(1000 + i), std::string(100, 'x'), qos);
  }
  Lines all_of(ScriptedClient& reader) {
    Lines lines = reader.read();
    size_t before = 0;
    do {
      before = lines.size();
      commit();
      for (const std::string& line : reader.read()) lines.push_back(line);
    } while (lines.size() != before);
    return lines;
  }
  size_t published_in(const Lines& lines) {
    return std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("PUBLISH"); });
  }

  ScriptedClient sensor_ = client();
};

TEST_F(RetainedBursts, ComeWholeToWhoReads) {
  retain_many(2000);
  auto reader = client();
  reader.connect(v5("reader"));
  Lines lines = reader.subscribe(1, {to("#")});
  for (const std::string& line : all_of(reader)) lines.push_back(line);
  EXPECT_EQ(published_in(lines), 2000u);
}

TEST_F(RetainedBursts, ComeWholeForEachOfManyFilters) {
  retain_many(100);
  auto reader = client();
  reader.connect(v5("reader"));
  std::vector<std::string> filters;
  std::vector<broker::SubscriptionRequest> requests;
  for (int i = 0; i < 100; ++i) filters.push_back("t/" + std::to_string(1000 + i));
  filters.push_back("t/#");
  filters.push_back("t/+");
  for (const std::string& filter : filters) requests.push_back(to(filter));
  Lines lines = reader.subscribe(1, requests);
  for (const std::string& line : all_of(reader)) lines.push_back(line);
  EXPECT_EQ(published_in(lines), 300u);
}

TEST_F(RetainedBursts, WaitWhereTheyAreForWhoDoesNotRead) {
  retain_many(2000);
  auto stuck = client();
  stuck.connect(v5("stuck"));
  stuck.stall();
  stuck.subscribe(1, {to("#")});
  for (int turn = 0; turn < 10; ++turn) commit();
  EXPECT_LT(stuck.channel().unsent_bytes(), 10'000u);
  EXPECT_EQ(engine_->broker().find("stuck")->waiting(), 0u);
  stuck.resume();
  EXPECT_EQ(published_in(all_of(stuck)), 2000u);
}

TEST_F(RetainedBursts, EndAReaderThatTakesNothingOfThem) {
  retain_many(2000);
  auto stuck = client();
  stuck.connect(v5("stuck"));
  stuck.stall();
  stuck.subscribe(1, {to("#")});
  for (int second = 0; second < 62; ++second) {
    clock_.advance_ms(1000);
    engine_->tick();
  }
  EXPECT_TRUE(stuck.channel().closing());
}

TEST_F(RetainedBursts, OfQosOneWaitForTheWindowWhereTheyAre) {
  retain_many(50, 1);
  auto reader = client();
  broker::Connect narrow = v5("reader");
  narrow.receive_maximum = 10;
  reader.connect(narrow);
  EXPECT_EQ(published_in(reader.subscribe(1, {to("#", 1)})) + published_in(all_of(reader)), 10u);
  EXPECT_EQ(engine_->broker().find("reader")->waiting(), 0u);
  size_t got = 10;
  for (uint16_t id = 1; id <= 50; ++id) got += published_in(reader.puback(id)) + published_in(all_of(reader));
  EXPECT_EQ(got, 50u);
}

TEST_F(RetainedBursts, AreOvertakenByNothingOlderThanWhatWasPublishedMeanwhile) {
  retain_many(500);
  auto reader = client();
  reader.connect(v5("reader"));
  reader.stall();
  reader.subscribe(1, {to("#")});
  retain("t/1499", "new");
  reader.resume();
  Lines lines = all_of(reader);
  EXPECT_EQ(published_in(lines), 500u);
  EXPECT_THAT(lines, Contains("PUBLISH q0 t/1499=new"));  // live, and the old one not after it
}

TEST_F(RetainedBursts, EndWithTheSubscription) {
  retain_many(500);
  auto reader = client();
  reader.connect(v5("reader"));
  reader.stall();
  reader.subscribe(1, {to("#")});
  reader.unsubscribe(2, {"#"});
  reader.resume();
  EXPECT_LT(published_in(all_of(reader)), 100u);
}

TEST_F(RetainedBursts, OfADurableSessionWaitForAStoreThatDoesNotKeepUp) {
  retain_many(20, 1);
  auto reader = client();
  reader.connect(kept(v5("reader")));
  commit();
  store_.stop_room_for(store::RoomFor::publishers);
  reader.subscribe(1, {to("#", 1)});
  commit();
  EXPECT_TRUE(waiting("session/reader").empty());
  store_.stop_room_for(store::RoomFor::none);
  engine_->tick();
  EXPECT_EQ(published_in(all_of(reader)), 20u);
}

TEST_F(RetainedBursts, GoOnIntoADurableQueueWhenItsClientHasGone) {
  retain_many(Replays::kLooksMax + 10, 1);
  auto reader = client();
  reader.connect(kept(v5("reader")));
  reader.subscribe(1, {to("#", 1)});
  reader.drop();
  commit();
  EXPECT_EQ(store_.stats(*store_.find_queue("session/reader")).waiting(), Replays::kLooksMax + 10);
}

TEST_F(RetainedBursts, TakeATurnsShareWhateverIsSubscribedTo) {  // others are served in between
  retain_many(200);
  const size_t subscribers = 2 * Replays::kLooksMax / 200;
  std::deque<ScriptedClient> readers;
  for (size_t i = 0; i < subscribers; ++i) {
    auto& reader = readers.emplace_back(engine_->broker(), clock_);
    reader.connect(v5("r" + std::to_string(i)));
    reader.subscribe(1, {to("+/nothing")});
  }
  EXPECT_EQ(readers.back().subscribe(2, {to("t/1000")}).size(), 1u) << "SUBACK: the rest is the next turn's";
  commit();
  EXPECT_THAT(readers.back().read(), ElementsAre("PUBLISH q0 retain t/1000=" + std::string(100, 'x')));
}

}  // namespace
}  // namespace headgate::hub
