// Order in which a backlog and what comes meanwhile go over a link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>

#include "tests/upstream/drain/forwarder_site.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;
using testing::small_batches;

class DrainOrders : public Site<RevivableLink> {
 public:
  explicit DrainOrders(DrainOrder order, UpstreamOptions options = small_batches())
      : Site(std::move(options)) {
    link.session.order = order;
  }

  // Twenty messages wait, the link comes up, and it answers when the test says so.
  void come_up_with_a_backlog() {
    link.hold_answers([this](std::function<void()> answer) { answers_.push_back(std::move(answer)); });
    append_many(20);
    start();
  }
  // The first batch that goes next, by its seqs.
  std::vector<uint64_t> next() {
    const size_t before = link.received.size();
    while (link.received.size() == before && !answers_.empty()) {
      answers_.front()();
      answers_.pop_front();
      settle();
    }
    return link.received.size() == before ? std::vector<uint64_t>() : link.received[before].seqs();
  }

 private:
  std::deque<std::function<void()>> answers_;
};

UpstreamOptions one_at_a_time() {
  UpstreamOptions options = small_batches();
  options.link.in_flight_max = 1;
  return options;
}

TEST(DrainOrder, OldestFirstSendsWhatComesBehindWhatWaits) {
  DrainOrders site(DrainOrder::oldest_first, one_at_a_time());
  site.come_up_with_a_backlog();
  site.append();
  for (const uint64_t first : {5, 9, 13, 17, 21}) {
    site.pass_ms(1000);
    EXPECT_EQ(site.next().front(), first);
  }
}

TEST(DrainOrder, LiveFirstSendsWhatComesBeforeWhatWaits) {
  DrainOrders site(DrainOrder::live_first, one_at_a_time());
  site.come_up_with_a_backlog();
  site.append_many(6);
  EXPECT_THAT(site.next(), ElementsAre(21, 22, 23, 24));
  EXPECT_THAT(site.next(), ElementsAre(25, 26));
  EXPECT_THAT(site.next(), ElementsAre(5, 6, 7, 8));
  site.append();
  EXPECT_THAT(site.next(), ElementsAre(9, 10, 11, 12))
      << "it waits for company, as long as it would have anyway";
  site.pass_ms(1000);
  EXPECT_THAT(site.next(), ElementsAre(27));
  EXPECT_THAT(site.next(), ElementsAre(13, 14, 15, 16));
}

TEST(DrainOrder, InterleavedSendsOneOfEachInTurn) {
  DrainOrders site(DrainOrder::interleaved, one_at_a_time());
  site.come_up_with_a_backlog();
  site.append_many(8);
  EXPECT_THAT(site.next(), ElementsAre(21, 22, 23, 24));
  EXPECT_THAT(site.next(), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(site.next(), ElementsAre(25, 26, 27, 28));
  EXPECT_THAT(site.next(), ElementsAre(9, 10, 11, 12));
}

TEST(DrainOrder, CountsWhatHasWaitedAtEachConnection) {
  DrainOrders site(DrainOrder::live_first, one_at_a_time());
  site.come_up_with_a_backlog();
  site.append_many(4);
  EXPECT_THAT(site.next(), ElementsAre(21, 22, 23, 24));
  site.link.drop();
  site.settle();
  site.pass_ms(10000);
  site.append_many(4);
  while (!site.next().empty()) site.pass_ms(1000);
  std::vector<uint64_t> firsts;
  for (const ReceivedBatch& batch : site.link.received) firsts.push_back(batch.seqs().front());
  const auto of_last = std::ranges::find(firsts, 25U);
  EXPECT_NE(std::ranges::find(of_last, firsts.end(), 21U), firsts.end())
      << "what was live at the last connection is part of the backlog now";
}

TEST(DrainOrder, LaneZeroIsBeforeAllOthersWhateverTheOrder) {
  DrainOrders site(DrainOrder::live_first, one_at_a_time());
  site.append_many(8, 5);
  site.append_many(8, 0);
  site.come_up_with_a_backlog();
  site.append_many(4, 5);
  EXPECT_EQ(site.next().front(), 13U) << "what has waited in a better lane goes before what comes in another";
}

// A site with faults, sizes that are guessed wrong, and one message that is refused.
class RandomDrain : public DrainOrders {
 public:
  explicit RandomDrain(unsigned seed)
      : DrainOrders(static_cast<DrainOrder>(seed % 3), options()), random_(seed) {
    link.answer = [](const ReceivedBatch& batch) {
      const auto seqs = batch.seqs();
      return std::ranges::find(seqs, kPoison) == seqs.end() ? 0 : payload_format_invalid;
    };
  }

  void run() {
    start();
    for (int step = 0; step < 40; ++step) {
      act();
      pass_ms(static_cast<int64_t>(random_() % 3000));
    }
    link.die_after(SIZE_MAX);
    link.revive();
    pass_ms(2'000'000);
  }
  void expect_each_arrived() const {
    std::set<uint64_t> arrived;
    for (const ReceivedBatch& batch : link.received)
      for (const uint64_t seq : batch.seqs()) arrived.insert(seq);
    EXPECT_EQ(arrived.size(), sent_);
    EXPECT_EQ(stats().waiting(), 0U);
    EXPECT_EQ(stats().dead, sent_ >= kPoison ? 1U : 0U);
    EXPECT_EQ(stats().delivered + stats().dead, sent_);
  }

 private:
  static constexpr uint64_t kPoison = 30;

  static UpstreamOptions options() {
    UpstreamOptions options = small_batches();
    options.batch.messages_max = 20;
    options.batch.compressed_bytes_max = 400;
    return options;
  }
  void act() {
    switch (random_() % 6) {
      case 0:
        return link.kill();
      case 1:
        return link.revive();
      case 2:
        return link.die_after(random_() % 8);
      default:
        for (size_t i = random_() % 25; i > 0; --i, ++sent_)
          append(random_() % 4 == 0 ? 0 : 5, std::to_string(random_()) + std::to_string(random_()));
    }
  }

  std::mt19937 random_;
  size_t sent_ = 0;
};

TEST(DrainOrder, LosesNothingWhateverHappens) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomDrain drain(seed);
    drain.run();
    drain.expect_each_arrived();
  }
}

TEST(DrainOrder, SendsNothingTwiceWhoseSizeWasGuessedWrong) {
  for (const DrainOrder order : {DrainOrder::live_first, DrainOrder::interleaved}) {
    UpstreamOptions options = small_batches();
    options.batch.messages_max = 20;
    options.batch.compressed_bytes_max = 400;
    DrainOrders site(order, options);
    std::mt19937 random(7);
    const auto noise = [&] {
      return std::to_string(random()) + std::to_string(random()) + std::to_string(random());
    };
    site.link.kill();
    for (int i = 0; i < 100; ++i) site.append(5, noise());
    site.start();
    site.link.revive();
    for (int i = 0; i < 50; ++i) {
      site.append(5, noise());
      site.pass_ms(300);
    }
    site.pass_ms(100000);
    std::multiset<uint64_t> arrived;
    for (const ReceivedBatch& batch : site.link.received)
      for (const uint64_t seq : batch.seqs()) arrived.insert(seq);
    EXPECT_EQ(arrived.size(), 150U);
    EXPECT_EQ(std::set<uint64_t>(arrived.begin(), arrived.end()).size(), 150U);
  }
}

}  // namespace
}  // namespace headgate::upstream
