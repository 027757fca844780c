#include "tools/bench/traffic.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "tools/bench/pacer.h"

namespace headgate::tools::bench {
namespace {

constexpr uint32_t kRun = 99;

class BenchTraffic : public ::testing::Test {
 protected:
  // Clients that are ready, and the clock at 0.
  void start(Options options) {
    options_ = std::move(options);
    traffic_.emplace(options_, kRun, report_);
    for (uint32_t i = 0; i < options_.publishers; ++i) {
      Client& publisher = publishers_.emplace_back(Role::publisher, i);
      publisher.state = State::ready;
      publisher.window = options_.window;
      traffic_->add_publisher(publisher);
    }
    for (uint32_t i = 0; i < options_.subscribers; ++i)
      traffic_->add_subscriber(subscribers_.emplace_back(Role::subscriber, i));
    traffic_->start(0);
  }
  static Options options(uint32_t publishers, uint32_t subscribers) {
    Options options;
    options.publishers = publishers;
    options.subscribers = subscribers;
    options.topic = "t/%i";
    options.filter = "t/+";
    return options;
  }
  // Everything that may be sent now, by whom.
  std::vector<uint32_t> pump(int64_t now_ns = 0) {
    std::vector<uint32_t> senders;
    traffic_->grant(now_ns);
    for (Client* publisher : traffic_->granted()) {
      for (int i = 0; i < 1000 && traffic_->may_send(*publisher); ++i) {
        traffic_->append_message(*publisher, now_ns);
        senders.push_back(publisher->index);
      }
      wire_ += publisher->out;
      publisher->out.clear();
    }
    return senders;
  }
  // The first subscriber gets everything that was sent since the last time.
  void deliver(int64_t now_ns) {
    std::string_view rest = wire_;
    while (const auto packet = next_packet(rest)) {
      traffic_->on_delivery(subscribers_[0], *read_publish(*packet, options_.version), now_ns);
      rest.remove_prefix(packet->bytes);
    }
    wire_.clear();
  }

  Options options_;
  Report report_;
  std::deque<Client> publishers_;
  std::deque<Client> subscribers_;
  std::optional<Traffic> traffic_;
  std::string wire_;
};

TEST_F(BenchTraffic, AnEvenRateGoesRoundThePublishers) {
  Options paced = options(3, 0);
  paced.rate = 10;
  start(paced);
  EXPECT_EQ(pump(0), std::vector<uint32_t>{0});
  EXPECT_EQ(pump(kNsPerSecond / 10 - 1), std::vector<uint32_t>{});
  EXPECT_EQ(pump(4 * kNsPerSecond / 10), (std::vector<uint32_t>{1, 1, 2, 0})) << "1, 2, 0 and 1 are due";
  EXPECT_EQ(traffic_->next_due_ns(), 5 * kNsPerSecond / 10);
}

TEST_F(BenchTraffic, FlatOutEndsAtTheCount) {
  Options counted = options(3, 0);
  counted.count = 10;
  start(counted);
  EXPECT_EQ(pump().size(), 10U);
  EXPECT_TRUE(traffic_->published_all());
  traffic_->finish(kNsPerSecond);
  EXPECT_TRUE(report_.complete);
}

TEST_F(BenchTraffic, TheWindowBoundsWhatIsInFlight) {
  Options qos1 = options(1, 0);
  qos1.qos = 1;
  qos1.window = 4;
  qos1.count = 10;
  start(qos1);
  EXPECT_EQ(pump().size(), 4U);
  traffic_->on_answer(publishers_[0], true, 1);
  EXPECT_EQ(pump().size(), 1U);
  EXPECT_FALSE(traffic_->published_all());
}

TEST_F(BenchTraffic, DoesNotRunAwayFromItsSubscribers) {
  Options bounded = options(1, 1);
  bounded.outstanding = 5;
  start(bounded);
  EXPECT_EQ(pump().size(), 5U);
  EXPECT_EQ(pump().size(), 0U);
  deliver(1);
  EXPECT_EQ(pump(1).size(), 5U);
}

TEST_F(BenchTraffic, ABrokerThatDropsDoesNotStallIt) {
  Options bounded = options(1, 1);
  bounded.outstanding = 5;
  start(bounded);
  EXPECT_EQ(pump().size(), 5U);
  wire_.clear();  // dropped
  EXPECT_EQ(pump(kNsPerSecond).size(), 5U);
  deliver(kNsPerSecond);
  traffic_->stop_publishing();
  traffic_->finish(kNsPerSecond);
  EXPECT_EQ(report_.missing, 5U);
  EXPECT_FALSE(report_.complete);
}

TEST_F(BenchTraffic, LatencyIsFromPublishToDeliver) {
  Options one = options(1, 1);
  one.count = 3;
  start(one);
  pump(0);
  deliver(2'000'000);
  EXPECT_EQ(report_.latency_ns.count(), 3U);
  EXPECT_EQ(report_.latency_ns.max(), 2'000'000U);
  EXPECT_TRUE(traffic_->finished(2'000'000));
}

TEST_F(BenchTraffic, SmallPayloadsAreCountedButNotTimed) {
  Options small = options(1, 1);
  small.count = 3;
  small.payload_bytes = 5;
  start(small);
  pump(0);
  deliver(1);
  EXPECT_EQ(report_.received_bytes, 15U);
  EXPECT_EQ(report_.latency_ns.count(), 0U);
}

TEST_F(BenchTraffic, TimesMessagesOfWhichRoutesMadeRows) {
  Options stamped = options(1, 1);
  stamped.count = 2;
  stamped.stamped = true;
  stamped.payload_bytes = kStampedBytes;
  start(stamped);
  pump(1'000'000);
  const auto packet = next_packet(wire_);
  const auto sent = read_publish(*packet, options_.version);
  EXPECT_EQ(sent->payload.size(), kStampedBytes);
  PublishView row = *sent;
  const std::string body = R"({"t":71.25,)" + std::string(sent->payload.substr(1, 60)) + "}";
  row.payload = body;
  traffic_->on_delivery(subscribers_[0], row, 3'000'000);
  EXPECT_EQ(report_.latency_ns.max(), 2'000'000U);
}

TEST_F(BenchTraffic, TakesNoStampFromRowsWithoutOne) {
  EXPECT_FALSE(stamp_of_row(R"({"t":1})"));
  EXPECT_FALSE(stamp_of_row(R"({"stamp":"0123"})"));
  EXPECT_FALSE(stamp_of_row(R"({"stamp":")" + std::string(2 * sizeof(Stamp), 'z') + "\"}"));
}

TEST_F(BenchTraffic, SeesMessagesOutOfOrder) {
  Options two = options(1, 1);
  two.count = 2;
  start(two);
  pump(0);
  const size_t half = wire_.size() / 2;
  wire_ = wire_.substr(half) + wire_.substr(0, half);
  deliver(1);
  EXPECT_EQ(report_.out_of_order, 1U);
}

TEST_F(BenchTraffic, ExpectsWhatTheFiltersMatch) {
  Options shared = options(2, 3);
  shared.filter = "$share/group/t/0";  // one of three gets what the first of two publishes
  shared.count = 10;
  start(shared);
  pump(0);
  traffic_->finish(1);
  EXPECT_EQ(report_.missing, 5U);
}

TEST_F(BenchTraffic, APublisherThatIsLostIsNotWaitedFor) {
  Options qos1 = options(2, 0);
  qos1.qos = 1;
  qos1.count = 2;
  start(qos1);
  pump(0);
  traffic_->on_answer(publishers_[0], true, 1);
  EXPECT_FALSE(traffic_->published_all());
  publishers_[1].state = State::lost;
  traffic_->on_lost(publishers_[1]);
  EXPECT_TRUE(traffic_->finished(1));
}

TEST_F(BenchTraffic, SubscribersEndByCountTimeOrQuiet) {
  Options counted = options(0, 1);
  counted.count = 2;
  counted.quiet_s = 3;
  counted.duration_s = 10;
  start(counted);
  const PublishView message{.payload = "x"};
  traffic_->on_delivery(subscribers_[0], message, kNsPerSecond);
  EXPECT_FALSE(traffic_->finished(3 * kNsPerSecond));
  EXPECT_TRUE(traffic_->finished(5 * kNsPerSecond)) << "quiet";
  EXPECT_TRUE(traffic_->finished(10 * kNsPerSecond)) << "time";
  traffic_->on_delivery(subscribers_[0], message, 2 * kNsPerSecond);
  EXPECT_TRUE(traffic_->finished(2 * kNsPerSecond)) << "count";
  traffic_->finish(2 * kNsPerSecond);
  EXPECT_EQ(report_.seconds, 1) << "from the first message to the last";
}

}  // namespace
}  // namespace headgate::tools::bench
