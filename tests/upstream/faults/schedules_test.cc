// Random schedules of faults on two links, seen from the consumer: `headgate unbatch` prints every message exactly once,
// and a gap accounts for each that it does not. 50 schedules; HEADGATE_SEEDS=1000 for more.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/support/batches/consumed.h"
#include "tests/support/links/faulty_link.h"
#include "tests/support/number_from.h"
#include "tests/upstream/links/crossing.h"

namespace headgate::testing {
namespace {

using FaultySite = CrossingOf<FaultyLink>;

FaultySite::Named fiber_and_lte(unsigned seed) {
  upstream::LinkTerms free;
  free.order = static_cast<upstream::DrainOrder>(seed % 3);
  upstream::LinkTerms metered;
  metered.cost = upstream::LinkCost::metered;
  metered.order = static_cast<upstream::DrainOrder>(seed / 3 % 3);
  return {FaultySite::named("fiber", free), FaultySite::named("lte", metered)};
}

// Everything that both brokers took.
Consumed consume(const FaultySite& site) {
  std::string batches;
  for (const auto& [name, link] : site.links)
    for (const std::string& payload : link->received) batches += payload;
  return consumed_of(batches);
}

// A schedule: messages of several queues and lanes, some of which live shortly, while the network does this and that.
class Schedule {
 public:
  explicit Schedule(unsigned seed) : random_(seed), site_(fiber_and_lte(seed)) {
    queues_ = {site_.add_queue("$upstream"), site_.add_queue("$upstream:lte,fiber", {"lte", "fiber"}),
               site_.add_queue("$upstream:lte", {"lte"})};
    site_.store.set_policy(queues_[2], {.messages_max = 20, .on_full = store::OnFull::drop_oldest});
  }

  void run() {
    for (int step = 0; step < 60; ++step) {
      if (below(2) == 0) spoil(site_.link(below(2) == 0 ? "fiber" : "lte"));
      for (size_t i = below(12); i > 0; --i) append();
      site_.pass_ms(static_cast<int64_t>(below(below(8) == 0 ? 400000 : 9000)));
    }
    for (const auto& [name, link] : site_.links) link->heal();
    for (int i = 0; i < 100 && !site_.is_over(); ++i) site_.pass_ms(60000);
  }

  void expect_everything_accounted_for() const {
    const Consumed consumed = consume(site_);
    std::set<uint64_t> missing;
    for (const auto& [seq, body] : sent_) {
      const auto found = consumed.bodies.find(seq);
      if (found == consumed.bodies.end()) {
        missing.insert(seq);
      } else {
        EXPECT_EQ(found->second, body) << "of seq " << seq;
      }
    }
    EXPECT_EQ(consumed.bodies.size() + missing.size(), sent_.size()) << "nothing that nobody sent";
    EXPECT_LE(missing.size(), lost()) << "what is missing is counted at the hub";
    for (const uint64_t seq : missing) EXPECT_TRUE(consumed.declares(seq)) << "no gap for seq " << seq;
    EXPECT_TRUE(site_.is_over());
  }
  [[nodiscard]] bool lost_something() const { return lost() > 0; }

 private:
  size_t below(size_t limit) { return random_() % limit; }

  void append() {
    const auto queue = queues_[below(queues_.size())];
    const std::string body = std::to_string(sent_.size());
    const int64_t lives_ms = below(6) == 0 ? 1000 + static_cast<int64_t>(below(60000)) : 0;
    const store::Seq seq = site_.append(queue, below(4) == 0 ? 0 : 5, body, lives_ms);
    sent_[seq] = body;
  }

  void spoil(FaultyLink& link) {
    switch (below(8)) {
      case 0:
        return link.cut();
      case 1:
        return link.cut_after(below(3000));
      case 2:
        return link.go_silent();
      case 3:
        return link.open_half();
      case 4:
        link.delay_ms = static_cast<int64_t>(below(4000));
        link.bytes_per_s = below(2) == 0 ? 0 : 200 + static_cast<int64_t>(below(20000));
        return;
      case 5:
        return link.go_deaf();
      case 6:
        link.refuses = true;
        return;
      default:
        return link.heal();
    }
  }

  [[nodiscard]] uint64_t lost() const {
    uint64_t lost = 0;
    for (const store::QueueId queue : queues_) {
      const store::QueueStats& stats = site_.store.stats(queue);
      lost += stats.expired + stats.dropped + stats.dead;
    }
    return lost;
  }

  std::mt19937 random_;
  FaultySite site_;
  std::vector<store::QueueId> queues_;
  std::map<uint64_t, std::string> sent_;  // by seq
};

TEST(FaultSchedules, LoseNothingAndAccountForWhatEnded) {
  const unsigned seeds = number_from("HEADGATE_SEEDS", 50);
  unsigned with_losses = 0;
  for (unsigned seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Schedule schedule(seed);
    schedule.run();
    schedule.expect_everything_accounted_for();
    if (schedule.lost_something()) ++with_losses;
  }
  EXPECT_GT(with_losses, seeds / 4) << "schedules without gaps show nothing of them";
}

// Each fault alone does what its name says.
class OneFault : public ::testing::Test {
 protected:
  OneFault()
      : site_({FaultySite::named("only")}), queue_(site_.add_queue("$upstream")), link_(site_.link("only")) {
    site_.pass_ms(1000);
  }
  void publish() {
    site_.append_many(queue_, 4);
    site_.pass_ms(2000);
  }

  FaultySite site_;
  store::QueueId queue_;
  FaultyLink& link_;
};

TEST_F(OneFault, ASilentLinkIsHungUpAndItsBatchesGoAgain) {
  link_.go_silent();
  publish();
  site_.pass_ms(60000);
  EXPECT_EQ(link_.connects, 1U);
  EXPECT_EQ(site_.waiting(queue_), 4U);
  site_.pass_ms(45000);
  EXPECT_EQ(link_.connects, 2U);
  link_.heal();
  site_.pass_ms(120000);
  EXPECT_EQ(site_.waiting(queue_), 0U);
  EXPECT_EQ(link_.received.size(), 1U);
}

TEST_F(OneFault, AShortSilenceCostsNoConnection) {
  link_.go_silent();
  publish();
  link_.heal();
  site_.pass_ms(1000);
  EXPECT_EQ(site_.waiting(queue_), 0U);
  EXPECT_EQ(link_.connects, 1U);
}

TEST_F(OneFault, AnAnswerThatIsLostMakesABatchGoTwice) {
  link_.go_deaf();
  publish();
  link_.cut();
  link_.heal();
  site_.pass_ms(10000);
  EXPECT_EQ(link_.received.size(), 2U);
  EXPECT_EQ(consume(site_).bodies.size(), 4U);
}

TEST_F(OneFault, AHalfOpenConnectionEndsWithTheNextPacket) {
  link_.open_half();
  site_.pass_ms(5000);
  EXPECT_EQ(link_.connects, 1U);
  publish();
  site_.pass_ms(10000);
  EXPECT_EQ(link_.connects, 2U);
  EXPECT_EQ(link_.received.size(), 1U);
}

TEST_F(OneFault, ABatchThatIsCutInTheMiddleDoesNotArrive) {
  link_.cut_after(10);
  publish();
  site_.pass_ms(10000);
  EXPECT_EQ(link_.connects, 2U);
  EXPECT_EQ(link_.received.size(), 1U);
}

TEST_F(OneFault, ANarrowLinkTakesItsTime) {
  link_.bytes_per_s = 10;
  publish();
  EXPECT_EQ(link_.received.size(), 0U);
  site_.pass_ms(60000);
  EXPECT_EQ(link_.received.size(), 1U);
}

}  // namespace
}  // namespace headgate::testing
