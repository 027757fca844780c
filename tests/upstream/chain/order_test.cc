// Chains over links that drain in each order, with kills of the hub: a consumer has each message once, and a gap for each
// that ended. Where the consumer acknowledges, batches go again as they went, in the order of their numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "tests/support/batches/consumed.h"
#include "tests/upstream/chain/hub_side.h"

namespace headgate::upstream {
namespace {

using testing::Consumed;
using testing::HubSide;
using testing::ReceivedBatch;

// Messages of each batch by its id; a batch that came twice has to be the same.
std::map<std::string, std::vector<uint64_t>> distinct(const std::vector<ReceivedBatch>& received) {
  std::map<std::string, std::vector<uint64_t>> seqs;
  std::map<std::string, std::string> payloads;
  for (const ReceivedBatch& batch : received) {
    const auto& known = payloads.emplace(batch.id, batch.payload).first->second;
    EXPECT_EQ(known, batch.payload) << "batch " << batch.id << " came again otherwise";
    seqs[batch.id] = batch.seqs();
  }
  return seqs;
}

class KilledInTheMiddle : public ::testing::TestWithParam<DrainOrder>, public HubSide {
 protected:
  KilledInTheMiddle() {
    drain_in(GetParam());
    pass_ms(1000);
    link->kill();
    settle();
    append(20);  // waits
    link->hold_answers([this](std::function<void()> held) { answers_.push_back(std::move(held)); });
    link->revive();
    pass_ms(1000);
    append(8);  // comes now
  }
  void give_answer() {
    ASSERT_FALSE(answers_.empty());
    std::exchange(answers_.front(), [] {})();
    answers_.pop_front();
    settle();
  }

 private:
  std::deque<std::function<void()>> answers_;
};

TEST_P(KilledInTheMiddle, AHubSendsAgainWhatWasOnItsWayAndNothingElse) {
  for (int i = 0; i < 3; ++i) give_answer();
  kill();
  pass_ms(100000);
  EXPECT_EQ(waiting(), 0U);
  std::multiset<uint64_t> arrived;
  for (const auto& [id, seqs] : distinct(received)) arrived.insert(seqs.begin(), seqs.end());
  const std::multiset<uint64_t> all(appended_seqs.begin(), appended_seqs.end());
  EXPECT_EQ(arrived, all) << "no message is in two batches";
}

INSTANTIATE_TEST_SUITE_P(Orders, KilledInTheMiddle,
                         ::testing::Values(DrainOrder::oldest_first, DrainOrder::live_first,
                                           DrainOrder::interleaved));

UpstreamOptions acknowledged_at_the_end() {
  UpstreamOptions options = testing::small_chained_batches();
  options.acknowledgement = Acknowledgement::end_to_end;
  options.credit_batches = 16;
  return options;
}

// Five batches of a backlog and two of what comes now are held, in the order of the link.
class HeldInOrder : public ::testing::TestWithParam<DrainOrder>, public HubSide {
 protected:
  HeldInOrder() : HubSide(acknowledged_at_the_end()) {
    drain_in(GetParam());
    link->session.session_present = session.session_present = true;
    pass_ms(1000);
    link->kill();
    settle();
    append(20);
    link->hold_answers([this](std::function<void()> held) { answers_.push_back(std::move(held)); });
    link->revive();
    pass_ms(1000);
    append(8);
    while (!answers_.empty()) {
      answers_.front()();
      answers_.pop_front();
      settle();
    }
    link->hold_answers(nullptr);
    first_ = received;
  }
  void expect_again_from(size_t from, size_t at) const {
    ASSERT_EQ(received.size(), at + first_.size() - from);
    for (size_t i = from; i < first_.size(); ++i)
      EXPECT_EQ(received[at + i - from].payload, first_[i].payload) << "batch " << i;
  }
  void say(const char* member, const nlohmann::json& value, size_t acknowledged) {
    nlohmann::json notice = {
        {"v", 1}, {"ep", store.identity().epoch}, {"n", acknowledged == 0 ? 0 : numbers()[acknowledged - 1]}};
    if (member != nullptr) notice[member] = value;
    forwarder->on_notice(notice.dump(), clock.now());
    settle();
  }
  void expect_to_end_with_the_acknowledgement() {
    say(nullptr, {}, 7);
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(store.stats(queue).delivered, 28U);
    EXPECT_EQ(status().abandoned_batches, 0U);
  }

 private:
  std::deque<std::function<void()>> answers_;
  std::vector<ReceivedBatch> first_;
};

TEST_P(HeldInOrder, BatchesGoOnceWhileTheyAreHeld) {
  ASSERT_EQ(received.size(), 7U);
  EXPECT_TRUE(std::ranges::is_sorted(numbers()));
  const auto is_before = [](const ReceivedBatch& one, const ReceivedBatch& other) {
    return one.seqs().front() < other.seqs().front();
  };
  EXPECT_EQ(std::ranges::is_sorted(received, is_before), GetParam() == DrainOrder::oldest_first);
  link->drop();
  settle();
  pass_ms(20'000);
  EXPECT_EQ(received.size(), 7U) << "a new connection has places of its own, and brings nothing that is held";
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, BatchesSayWhatReadersCannotSeeOfThoseThatTheyLack) {
  size_t out_of_order = 0;
  for (size_t i = 0; i < received.size(); ++i) {
    const uint64_t first = received[i].seqs().front();
    uint64_t before = 0;
    bool is_ahead = false;
    for (size_t other = 0; other < received.size(); ++other) {
      const std::vector<uint64_t> seqs = received[other].seqs();
      if (other < i) before = std::max(before, seqs.back());
      if (other > i) is_ahead |= seqs.front() < first;
    }
    const nlohmann::json mark = testing::mark_json(received[i].payload);
    EXPECT_EQ(mark.value("over", uint64_t{0}), before > first ? before : 0);
    EXPECT_TRUE(mark.value("ahead", false) || !is_ahead);
    if (mark.contains("ahead") || mark.contains("over")) ++out_of_order;
  }
  EXPECT_EQ(out_of_order == 0, GetParam() == DrainOrder::oldest_first);
}

TEST_P(HeldInOrder, BatchesThatTheBrokerHasForgottenGoAgainAsTheyWent) {
  link->session.session_present = false;
  link->drop();
  settle();
  pass_ms(20'000);
  expect_again_from(0, 7);
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, BatchesGoAgainAsTheyWentAfterAKill) {
  kill();
  settle();
  pass_ms(20'000);
  expect_again_from(0, 7);
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, BatchesGoAgainAsTheyWentOverALinkOfAnotherOrder) {
  drain_in(GetParam() == DrainOrder::live_first ? DrainOrder::oldest_first : DrainOrder::live_first);
  link->session.session_present = false;
  link->drop();
  settle();
  pass_ms(20'000);
  expect_again_from(0, 7);
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, BatchesAreReplayedInTheOrderOfTheirNumbers) {
  say("replay", {{"from", numbers()[2]}, {"to", numbers()[3]}}, 1);
  expect_again_from(2, 7);
  EXPECT_EQ(waiting(), 24U);
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, MessagesOfAcknowledgedBatchesAreFoundAfterAKill) {
  kill();
  settle();
  say(nullptr, {}, 3);
  EXPECT_EQ(waiting(), 16U);
  expect_again_from(3, 7);
  expect_to_end_with_the_acknowledgement();
}

TEST_P(HeldInOrder, ARefusedBatchIsHalvedAndTheOthersStayHeld) {
  say("nack", nlohmann::json::array({{{"n", numbers()[2]}, {"why", "schema"}}}), 2);
  pass_ms(5'000);
  EXPECT_EQ(status().end_to_end.held_batches, 6U) << "four that went already, and two halves";
  std::multiset<uint64_t> halves;
  for (size_t i = 7; i < received.size(); ++i)
    for (const uint64_t seq : received[i].seqs()) halves.insert(seq);
  const std::vector<uint64_t> refused = received[2].seqs();
  EXPECT_EQ(halves, std::multiset<uint64_t>(refused.begin(), refused.end()));
}

INSTANTIATE_TEST_SUITE_P(Orders, HeldInOrder,
                         ::testing::Values(DrainOrder::oldest_first, DrainOrder::live_first,
                                           DrainOrder::interleaved));

// Three lanes, some messages that live shortly, a link that dies anywhere, and kills.
class KilledAtRandom : public HubSide {
 public:
  explicit KilledAtRandom(unsigned seed) : random_(seed) {
    drain_in(static_cast<DrainOrder>(seed % 3));
    for (int round = 0; round < 25; ++round) live();
    link->die_after(SIZE_MAX);
    link->revive();
    pass_ms(2'000'000);
  }
  [[nodiscard]] uint64_t ended() const {
    const store::QueueStats& stats = store.stats(queue);
    return stats.expired + stats.dropped + stats.dead;
  }

 private:
  void live() {
    for (uint64_t i = random_() % 4; i > 0; --i)
      append(random_() % 12, static_cast<uint8_t>(random_() % 3 * 5), random_() % 4 == 0 ? 2000 : 0);
    if (random_() % 2 == 0) link->die_after(random_() % 8);
    if (random_() % 4 == 0) link->kill();
    pass_ms(static_cast<int64_t>(random_() % 4000));
    if (random_() % 3 == 0) kill();
    link->revive();
  }

  std::mt19937_64 random_;
};

void expect_accounted_for(const KilledAtRandom& hub) {
  std::string batches;
  for (const ReceivedBatch& batch : hub.received) batches += batch.payload;
  const Consumed consumed = testing::consumed_of(batches);
  size_t missing = 0;
  for (const store::Seq seq : hub.appended_seqs) {
    if (consumed.bodies.contains(seq)) continue;
    ++missing;
    EXPECT_TRUE(consumed.declares(seq)) << "no gap for seq " << seq;
  }
  EXPECT_EQ(consumed.bodies.size() + missing, hub.appended) << "nothing that nobody sent";
  EXPECT_LE(missing, hub.ended()) << "what is missing is counted at the hub";
  EXPECT_EQ(hub.waiting(), 0U);
}

TEST(OrderedChain, AccountsForEveryMessageOverKillsAndOutages) {
  unsigned with_gaps = 0;
  for (unsigned seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const KilledAtRandom hub(seed);
    expect_accounted_for(hub);
    if (hub.ended() > 0) ++with_gaps;
  }
  EXPECT_GT(with_gaps, 20U) << "streams without gaps show nothing of them";
}

}  // namespace
}  // namespace headgate::upstream
