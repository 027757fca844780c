// What goes when a queue is full, decided over a queue that is only numbers.
#include "store/accounts/overflow.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/store/store_fixture.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeRoom : public Room {
 public:
  const QueueStats& stats() const override { return queue; }
  Limit met_by(const Arrival& arrival) const override {
    return limit_met(queue, queue.waiting_bytes() + elsewhere, store_bytes_max, arrival);
  }
  Dilution& dilution() override { return dilution_; }
  std::vector<Entry> look(uint8_t lane, Seq after, ReadLimit limit) override {
    std::vector<Entry> seen;
    for (auto it = lanes[lane].upper_bound(after); it != lanes[lane].end(); ++it) {
      if (seen.size() < limit.messages) seen.push_back(it->second);
    }
    looked_at += seen.size();
    return seen;
  }
  bool drop(uint8_t lane, Seq seq) override {
    queue.lanes[lane].waiting -= lanes[lane].erase(seq);
    queue.lanes[lane].waiting_bytes -= 10;
    gone.push_back(seq);
    return true;
  }
  bool drop_oldest(uint8_t lane) override { return drop(lane, lanes[lane].begin()->first); }

  QueueStats queue;
  std::array<std::map<Seq, Entry>, kLaneCount> lanes;
  std::vector<Seq> gone;
  uint64_t elsewhere = 0;  // bytes in other queues
  uint64_t store_bytes_max = 0;
  size_t looked_at = 0;

 private:
  Dilution dilution_;
};

// Every message has ten bytes.
class Overflow : public ::testing::Test {
 protected:
  void limits(QueuePolicy policy) { room.queue.policy = policy; }
  void waiting(uint8_t lane, int messages, const std::string& topic = "t") {
    for (; messages > 0; --messages) {
      const Seq seq = ++last;
      room.lanes[lane][seq] = {seq, message("b", topic), 0, ""};
      ++room.queue.lanes[lane].waiting;
      room.queue.lanes[lane].waiting_bytes += 10;
    }
  }
  bool fits(uint8_t lane, uint64_t bytes = 10) { return make_room(room, {1, bytes, lane}, 100); }

  FakeRoom room;
  Seq last = 0;
};

TEST_F(Overflow, TakesUpToEachLimit) {
  limits({.messages_max = 3, .bytes_max = 45});
  waiting(0, 2);
  EXPECT_TRUE(fits(0));
  EXPECT_TRUE(fits(0, 25));
  EXPECT_FALSE(fits(0, 26));
  waiting(0, 1);
  EXPECT_FALSE(fits(0));
}

TEST_F(Overflow, AnEmptyQueueTakesOneMessageOfAnySize) {
  limits({.bytes_max = 45});
  EXPECT_TRUE(fits(0, 1'000));
  waiting(0, 1);
  EXPECT_FALSE(fits(0, 1'000));
}

TEST_F(Overflow, TheHubsLimitCountsWhatWaitsElsewhere) {
  room.store_bytes_max = 100;
  room.elsewhere = 90;
  EXPECT_TRUE(fits(0));
  EXPECT_FALSE(fits(0, 11));
}

TEST_F(Overflow, RejectAndDropNewestEndNothing) {
  for (const OnFull on_full : {OnFull::reject, OnFull::drop_newest}) {
    limits({.messages_max = 1, .on_full = on_full});
    waiting(0, 1);
    EXPECT_FALSE(fits(0));
    EXPECT_THAT(room.gone, IsEmpty());
  }
}

TEST_F(Overflow, DropsTheOldestUntilTheMessageFits) {
  limits({.bytes_max = 50, .on_full = OnFull::drop_oldest});
  waiting(4, 5);
  EXPECT_TRUE(fits(4, 25));
  EXPECT_THAT(room.gone, ElementsAre(1, 2, 3));
}

TEST_F(Overflow, TakesFromTheLaneOfLeastPriorityFirst) {
  limits({.messages_max = 4, .on_full = OnFull::drop_oldest});
  waiting(0, 2);
  waiting(7, 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(fits(0));
    waiting(0, 1);
  }
  EXPECT_THAT(room.gone, ElementsAre(3, 4, 1)) << "those of lane 7, then the oldest of lane 0";
}

TEST_F(Overflow, NeverPushesOutWhatHasBetterPriority) {
  for (const OnFull on_full : {OnFull::drop_oldest, OnFull::dilute}) {
    limits({.messages_max = 2, .on_full = on_full});
    if (room.queue.waiting() == 0) waiting(1, 2);
    EXPECT_FALSE(fits(2));
    EXPECT_THAT(room.gone, IsEmpty());
  }
}

TEST_F(Overflow, DropsTheMessageWhereOnlyOtherQueuesCouldMakeRoom) {
  limits({.on_full = OnFull::drop_oldest});
  room.store_bytes_max = room.elsewhere = 100;
  EXPECT_FALSE(fits(0));
}

TEST_F(Overflow, EndsNoMoreAtOnceThanItMay) {
  limits({.messages_max = 10, .on_full = OnFull::drop_oldest});
  waiting(0, 300);
  EXPECT_FALSE(fits(0));
  EXPECT_EQ(room.gone.size(), 100u);
}

TEST_F(Overflow, DilutesTheOlderHalf) {
  limits({.messages_max = 8, .on_full = OnFull::dilute});
  waiting(0, 8);
  EXPECT_TRUE(fits(0));
  EXPECT_THAT(room.gone, ElementsAre(2, 4));
}

TEST_F(Overflow, DilutingLooksAtFewEntriesForEachMessageTaken) {
  limits({.messages_max = 1'000, .on_full = OnFull::dilute});
  waiting(0, 1'000);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(fits(0));
    waiting(0, 1);
  }
  EXPECT_LE(room.looked_at, 3'000u);
  EXPECT_EQ(room.lanes[0].begin()->first, 1u) << "the beginning is still there, only thinner";
}

TEST_F(Overflow, DropsTheOldestWhereThereIsNothingToThin) {
  limits({.messages_max = 3, .on_full = OnFull::dilute});
  for (const char* topic : {"a", "b", "c"}) waiting(0, 1, topic);
  EXPECT_TRUE(fits(0));
  EXPECT_THAT(room.gone, ElementsAre(1));
}

TEST_F(Overflow, SaysWhichQueueAndWhichLimit) {
  limits({.messages_max = 3});
  room.queue.name = "$upstream";
  EXPECT_THAT(describe(Limit::messages, room.queue, 0),
              HasSubstr("'$upstream' is full: it may hold 3 messages"));
  EXPECT_THAT(describe(Limit::store_bytes, room.queue, 99), HasSubstr("together may hold 99 bytes"));
}

class ForecastTest : public ::testing::Test {
 protected:
  ForecastTest() {
    queue.id = 7;
    queue.policy = {.messages_max = 2, .bytes_max = 100};
    queue.lanes[0].waiting = 2;
    queue.lanes[0].waiting_bytes = 60;
  }
  Limit arrives(uint64_t bytes) { return forecast.arrives(queue, 60, store_bytes_max, bytes, 0); }

  QueueStats queue;
  uint64_t store_bytes_max = 0;
  Forecast forecast;
};

TEST_F(ForecastTest, SaysWhatStandsInTheWay) {
  EXPECT_EQ(arrives(1), Limit::messages);
  forecast.ends(7, 30, false);
  EXPECT_EQ(arrives(1), Limit::messages) << "what was told before counts, though it met a limit";
}

TEST_F(ForecastTest, CountsWhatEndsAndWhatCameBefore) {
  forecast.ends(7, 30, false);
  EXPECT_EQ(arrives(50), Limit::none);
  EXPECT_EQ(arrives(1), Limit::messages);
}

TEST_F(ForecastTest, CountsOtherQueuesForTheHubsLimitOnly) {
  store_bytes_max = 60;
  forecast.ends(8, 20, false);
  forecast.ends(7, 10, true);
  EXPECT_EQ(arrives(20), Limit::none) << "what stays in the hub makes no room in it";
  forecast.ends(7, 10, true);
  EXPECT_EQ(arrives(1), Limit::store_bytes);
}

struct Age {
  int64_t age_max_ms, expires_ms, ends_ms;
};

TEST(QueuePolicy, EndsAnEntryByItsOwnTimeOrByItsAgeWhicheverIsFirst) {
  for (const Age& age : {Age{0, 0, 0}, Age{0, 70, 70}, Age{50, 0, 60}, Age{50, 55, 55}, Age{50, 70, 60}}) {
    EXPECT_EQ(ends_at_ms({.age_max_ms = age.age_max_ms}, 10, age.expires_ms), age.ends_ms);
  }
}

}  // namespace
}  // namespace headgate::store
