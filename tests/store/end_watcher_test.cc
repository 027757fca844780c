// Whoever watches hears of each end, whoever made it, over both stores.
#include "store/end_watcher.h"

#include <tuple>
#include <vector>

#include "store/dead_letter.h"
#include "tests/store/both_stores.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EndWatching : public BothStores, public EndWatcher {
 protected:
  EndWatching() { store->watch_ends(this); }
  ~EndWatching() override { store->watch_ends(nullptr); }

  void on_ended(QueueId queue, uint8_t lane, Seq first, Seq last, uint64_t count, Outcome outcome) override {
    ended_.emplace_back(queue, lane, first, last, count, outcome);
  }

  using Ended = std::tuple<QueueId, uint8_t, Seq, Seq, uint64_t, Outcome>;
  std::vector<Ended> ended_;
  QueueId q_ = queue("q");
};

TEST_P(EndWatching, HearsOfWhatConsumersEnd) {
  const Seq a = append("a", q_);
  const Seq b = append("b", q_);
  settle();
  EXPECT_THAT(ended_, IsEmpty());
  store->finish(q_, kDefaultLane, b, Outcome::delivered);
  Death death;
  death.reason = "poison";
  (void)store->dead_letter(q_, kDefaultLane, a, death);
  settle();
  EXPECT_THAT(ended_, ElementsAre(Ended{q_, kDefaultLane, b, b, 1, Outcome::delivered},
                                  Ended{q_, kDefaultLane, a, a, 1, Outcome::dead}));
  store->finish(q_, kDefaultLane, b, Outcome::delivered);
  EXPECT_EQ(ended_.size(), 2u) << "it had ended";
}

TEST_P(EndWatching, HearsOfAPurge) {
  const Seq a = append("a", q_);
  const Seq b = append("b", q_);
  settle();
  ASSERT_TRUE(store->purge(q_));
  EXPECT_THAT(ended_, ElementsAre(Ended{q_, kDefaultLane, a, b, 2, Outcome::dropped}));
}

TEST_P(EndWatching, HearsOfWhatALimitDrops) {
  store->set_policy(q_, {.messages_max = 1, .on_full = OnFull::drop_oldest});
  const Seq a = append("a", q_);
  const Seq b = append("b", q_);
  EXPECT_THAT(ended_, ElementsAre(Ended{q_, kDefaultLane, a, a, 1, Outcome::dropped})) << "not durable yet";
  settle();
  (void)append("c", q_);
  EXPECT_EQ(ended_.size(), 2u);
  EXPECT_EQ(ended_.back(), (Ended{q_, kDefaultLane, b, b, 1, Outcome::dropped}));
}

INSTANTIATE_TEST_SUITE_P(Stores, EndWatching, kBothStores, name_of_store);

}  // namespace
}  // namespace headgate::store
