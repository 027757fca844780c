// A broker that ends the connection instead of refusing a batch: all that MQTT 3.1.1 can do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/dead_letter.h"
#include "tests/upstream/drain/forwarder_site.h"
#include "upstream/drain/forwarder.h"

namespace headgate::upstream {
namespace {

using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;

constexpr int64_t kMinuteMs = 60'000;

// As installed, but for the protocol.
UpstreamOptions as_installed() {
  UpstreamOptions options;
  options.link.protocol = 4;
  return options;
}

class ForwarderDrops : public ::testing::Test, public Site<RevivableLink> {
 protected:
  ForwarderDrops() : Site(as_installed()) {
    (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
    link.answer = [this](const ReceivedBatch& batch) -> uint8_t {
      if (is_too_much(batch)) link.drop({"closed by the broker", false, 0});
      return 0;
    };
  }

  [[nodiscard]] bool is_too_much(const ReceivedBatch& batch) const {
    if (batch.json.contains("gaps") && batch.json.at("gaps").size() > gaps_max) return true;
    return std::ranges::any_of(batch.json.at("m"), [this](const nlohmann::json& row) {
      return drops_everything || (row.contains("s") && row.at("s") == "poison");
    });
  }
  // The link comes up, and a batch of a thousand is on its way.
  void start_with_a_batch_in_flight() {
    forwarder.start(clock.now());
    deliver_one();
    for (int i = 0; i < 5; ++i) {
      forwarder.on_tick(clock.now());
      encode();
      executor.run_ready();
    }
    ASSERT_EQ(link.received.size(), 1U);
  }
  [[nodiscard]] uint64_t waiting(uint8_t lane) const { return stats().lanes[lane].waiting; }

  bool drops_everything = false;
  size_t gaps_max = SIZE_MAX;
};

TEST_F(ForwarderDrops, LeadToTheMessageAmongAThousandWithinAMinute) {
  append_many(700);
  append(5, "poison");
  append_many(1300);
  start();
  pass_ms(kMinuteMs);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(stats().delivered, 2000U);
  EXPECT_LE(link.connects, 25U);
}

TEST_F(ForwarderDrops, LeadToAMessageThatComesAmongOthersInFlight) {
  append_many(8000);
  start();
  append_many(4000);
  append(5, "poison");
  append_many(4000);
  settle();
  pass_ms(kMinuteMs);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(stats().delivered, 16000U);
}

TEST_F(ForwarderDrops, DoNotHoldUpOtherLanes) {
  start();
  append(0, "poison");
  append_many(500, 0);
  for (int second = 0; second < 60; ++second) {
    append_many(3, 5);
    pass_ms(1000);
    EXPECT_LE(waiting(5), 12U) << "after " << second << " s";
  }
  EXPECT_EQ(stats().dead, 1U);
}

TEST_F(ForwarderDrops, LeadToEachOfSeveralMessages) {
  for (const uint8_t lane : std::initializer_list<uint8_t>{0, 5, 5, 10}) {
    append_many(100, lane);
    append(lane, "poison");
  }
  append_many(1);
  start();
  pass_ms(4 * kMinuteMs);
  EXPECT_EQ(stats().dead, 4U);
  EXPECT_EQ(stats().delivered, 401U);
}

TEST_F(ForwarderDrops, OfANetworkCostOneQuickAttemptAndThenTheWaitsOfAnOutage) {
  append_many(4000);
  start_with_a_batch_in_flight();
  link.kill();
  settle();
  pass_ms(600);
  EXPECT_EQ(link.connects, 2U);
  pass_ms(3'600'000);
  EXPECT_LE(link.connects, 120U);
  link.revive();
  pass_ms(300'000);
  EXPECT_EQ(stats().delivered, 4000U);
  EXPECT_EQ(stats().dead, 0U);
}

TEST_F(ForwarderDrops, OfEverythingLoseNothingAndSoonComeSeldom) {
  drops_everything = true;
  append_many(20);
  start();
  pass_ms(kMinuteMs);
  EXPECT_LE(link.connects, 50U);
  const size_t connects = link.connects;
  pass_ms(60 * kMinuteMs);
  EXPECT_LE(link.connects, connects + 120);
  EXPECT_EQ(stats().waiting(), 20U);
  drops_everything = false;
  pass_ms(60 * kMinuteMs);
  EXPECT_EQ(stats().delivered, 20U);
}

TEST_F(ForwarderDrops, EndTheSearchWhenWhatWasSuspectedGetsThrough) {
  append_many(8000);
  start_with_a_batch_in_flight();
  link.drop();
  settle();
  pass_ms(5000);
  EXPECT_EQ(status().window_batches, 4U);
  EXPECT_EQ(stats().delivered, 8000U);
}

TEST_F(ForwarderDrops, SplitGapsThatAreTooManyForABatch) {
  gaps_max = 20;
  append_many(300);
  for (store::Seq seq = 1; seq < 300; seq += 2) store.finish(queue, 5, seq, store::Outcome::dropped);
  for (store::Seq seq = 2; seq <= 300; seq += 2) store.finish(queue, 5, seq, store::Outcome::delivered);
  ASSERT_GT(store.gaps(queue).size(), 100U);
  start();
  pass_ms(2 * kMinuteMs);
  EXPECT_TRUE(store.gaps(queue).empty());
}

}  // namespace
}  // namespace headgate::upstream
