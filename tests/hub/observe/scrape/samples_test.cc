// What is copied of queues and routes: exact, and bounded in number.
#include "hub/observe/scrape/samples.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::hub {
namespace {

constexpr int64_t kArrivedMs = 1'700'000'000'000;

class Samples : public ::testing::Test {
 protected:
  store::QueueId queue(const std::string& name, store::QueueKind kind = store::QueueKind::plain) {
    return *store_.open_queue(name, {.kind = kind});
  }
  store::Seq append(store::QueueId queue, uint8_t lane, int64_t arrived_ms = kArrivedMs) {
    core::Message message;
    message.topic = "t";
    message.body = "12345";
    message.qos = 1;
    message.arrived_ms = message.arrived_hub_ms = arrived_ms;
    const std::array<store::Target, 1> targets{store::Target{queue, lane, 0, ""}};
    const store::Seq seq = *store_.append(std::make_shared<core::Message>(std::move(message)), targets);
    executor_.run_ready();
    return seq;
  }
  std::vector<QueueSample> samples() { return sample_queues(store_, now_); }
  static uint64_t waiting(const QueueSample& queue) {
    return std::accumulate(queue.lanes.begin(), queue.lanes.end(), uint64_t{0},
                           [](uint64_t sum, const LaneSample& lane) { return sum + lane.stats.waiting; });
  }

  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  core::Now now_{1'000, kArrivedMs + 7'500};
};

TEST_F(Samples, AQueueIsThereBeforeItHasHadAMessage) {
  queue("$upstream");
  const auto samples = this->samples();
  ASSERT_EQ(samples.size(), 1u);
  ASSERT_EQ(samples[0].lanes.size(), 1u);
  EXPECT_EQ(samples[0].lanes[0].lane, store::kDefaultLane);
  EXPECT_EQ(samples[0].lanes[0].oldest_age_s, 0);
}

TEST_F(Samples, DepthAgeAndPeakAreOfEachLane) {
  const store::QueueId up = queue("$upstream");
  const store::Seq first = append(up, 0);
  append(up, 0, kArrivedMs + 5'000);
  append(up, store::kDefaultLane, kArrivedMs + 7'000);
  store_.finish(up, 0, first, store::Outcome::delivered);
  executor_.run_ready();
  const QueueSample sample = samples().at(0);
  ASSERT_EQ(sample.lanes.size(), 2u);
  EXPECT_EQ(sample.lanes[0].lane, 0);
  EXPECT_EQ(sample.lanes[0].stats.waiting, 1u);
  EXPECT_EQ(sample.lanes[0].stats.waiting_peak, 2u);
  EXPECT_DOUBLE_EQ(sample.lanes[0].oldest_age_s, 2.5);
  EXPECT_DOUBLE_EQ(sample.lanes[1].oldest_age_s, 0.5);
  EXPECT_EQ(sample.in, 3u);
  EXPECT_EQ(sample.delivered, 1u);
}

TEST_F(Samples, ALaneThatWasUsedStaysThereWhenItIsEmpty) {
  const store::QueueId up = queue("$upstream");
  store_.finish(up, 3, append(up, 3), store::Outcome::expired);
  executor_.run_ready();
  const QueueSample sample = samples().at(0);
  ASSERT_EQ(sample.lanes.size(), 2u);
  EXPECT_EQ(sample.lanes[0].lane, 3);
  EXPECT_EQ(sample.lanes[0].stats.waiting, 0u);
  EXPECT_EQ(sample.lanes[0].stats.waiting_peak, 1u);
}

TEST_F(Samples, SessionsBeyondTheBoundAreOneSumThatBalances) {
  const size_t beyond = 3;
  queue("$upstream");
  std::vector<store::QueueId> sessions;
  for (size_t i = 0; i < kSessionQueuesNamed + beyond; ++i)
    sessions.push_back(queue("s" + std::to_string(i), store::QueueKind::session));
  for (const store::QueueId session : sessions) append(session, store::kDefaultLane);
  const store::Seq dropped = append(sessions.back(), store::kDefaultLane, kArrivedMs + 1'000);
  store_.finish(sessions.back(), store::kDefaultLane, dropped, store::Outcome::dropped);
  executor_.run_ready();
  const auto samples = this->samples();
  ASSERT_EQ(samples.size(), 1 + kSessionQueuesNamed + 1);
  const QueueSample& sum = samples.back();
  EXPECT_EQ(sum.name, kOtherSessions);
  EXPECT_EQ(sum.in, beyond + 1);
  EXPECT_EQ(sum.dropped, 1u);
  EXPECT_EQ(sum.in, waiting(sum) + sum.delivered + sum.expired + sum.dropped + sum.dead);
  EXPECT_DOUBLE_EQ(sum.lanes.at(0).oldest_age_s, 7.5);
}

TEST_F(Samples, QueuesThatAreNoSessionsAreAllNamed) {
  for (size_t i = 0; i < kSessionQueuesNamed + 1; ++i)
    queue("in" + std::to_string(i), store::QueueKind::input);
  EXPECT_EQ(samples().size(), kSessionQueuesNamed + 1);
}

TEST(RouteSamples, RoutesBeyondTheBoundAreOneSum) {
  std::vector<RouteSample> routes;
  for (size_t i = 0; i < kRoutesNamed + 2; ++i) add_route(routes, "r" + std::to_string(i), {.matched = 5});
  ASSERT_EQ(routes.size(), kRoutesNamed + 1);
  EXPECT_EQ(routes.back().name, kOtherRoutes);
  EXPECT_EQ(routes.back().counts.matched, 10u);
}

}  // namespace
}  // namespace headgate::hub
