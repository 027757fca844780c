// A broker that takes less than it says: smaller packets, or fewer at a time. The hub finds out, and does not send each batch
// in vain.
#include <gtest/gtest.h>

#include <random>

#include "store/dead_letter.h"
#include "tests/upstream/drain/forwarder_site.h"
#include "upstream/drain/forwarder.h"

namespace headgate::upstream {
namespace {

using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;

constexpr size_t kMessages = 3000;

UpstreamOptions batches_of_up_to(size_t messages) {
  UpstreamOptions options;
  options.batch.messages_max = messages;
  options.no_subscriber = NoSubscriber::deliver;
  return options;
}

class BrokerThatLies : public ::testing::Test, public Site<RevivableLink> {
 protected:
  explicit BrokerThatLies(size_t messages_max = 1000) : Site(batches_of_up_to(messages_max)) {
    (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  }
  // Bodies that do not get smaller.
  void append_noise(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      std::string body = "\"";
      for (int j = 0; j < 40; ++j) body += static_cast<char>('a' + random_() % 26);
      append(5, body + "\"");
    }
  }

 private:
  std::mt19937_64 random_{1};
};

class BrokerThatLiesAboutSizes : public BrokerThatLies {
 protected:
  static constexpr size_t kTakes = 9000;
  void expect_all_to_arrive_without_much_in_vain() {
    append_noise(kMessages);
    start();
    pass_ms(120'000);
    EXPECT_EQ(stats().delivered, kMessages);
    EXPECT_EQ(stats().dead, 0U);
    const auto in_vain = std::ranges::count_if(
        link.received, [](const ReceivedBatch& batch) { return batch.payload_bytes > kTakes; });
    EXPECT_GT(in_vain, 0);
    EXPECT_LE(in_vain, 12) << "of " << link.received.size();
    EXPECT_LE(link.received.size(), 40U) << "of the size that it takes, and not the half of a half";
  }
};

TEST_F(BrokerThatLiesAboutSizes, AndRefusesGetsSmallerBatches) {
  link.answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.payload_bytes > kTakes ? packet_too_large : 0;
  };
  expect_all_to_arrive_without_much_in_vain();
}

TEST_F(BrokerThatLiesAboutSizes, AndEndsConnectionsGetsSmallerBatches) {
  link.answer = [this](const ReceivedBatch& batch) -> uint8_t {
    if (batch.payload_bytes > kTakes) link.drop({"packet too large", false, packet_too_large});
    return 0;
  };
  expect_all_to_arrive_without_much_in_vain();
}

TEST_F(BrokerThatLiesAboutSizes, IsTriedWithLargeOnesAgainAfterAnHour) {
  size_t takes = kTakes;
  link.answer = [&takes](const ReceivedBatch& batch) -> uint8_t {
    return batch.payload_bytes > takes ? packet_too_large : 0;
  };
  append_noise(kMessages);
  start();
  pass_ms(60'000);
  ASSERT_EQ(stats().delivered, kMessages);
  takes = SIZE_MAX;
  pass_ms(SizeLimit::kBelievedMs);
  link.drop();
  pass_ms(600'000);
  link.received.clear();
  append_noise(2000);
  settle();
  pass_ms(60'000);
  EXPECT_EQ(stats().delivered, kMessages + 2000);
  EXPECT_GT(link.received.front().payload_bytes, kTakes);
}

TEST_F(BrokerThatLiesAboutSizes, StillGetsTheMessageThatIsLargeItself) {
  link.answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.payload_bytes > kTakes && batch.seqs().size() > 1 ? packet_too_large : 0;
  };
  append_noise(1000);
  append(5, std::string(1, '"') + std::string(60'000, 'x') + "\"");
  start();
  pass_ms(120'000);
  EXPECT_EQ(stats().delivered, 1001U);
  EXPECT_EQ(stats().dead, 0U);
}

TEST(LimitOfSizes, IsHalvedOnceForBatchesThatWereMadeBeforeTheFirstWasRefused) {
  SizeLimit limit;
  for (int i = 0; i < 8; ++i) limit.on_too_large(60'000, 0);
  EXPECT_EQ(limit.bytes(), 30'000U);
  limit.on_too_large(30'000, 0);
  EXPECT_EQ(limit.bytes(), 15'000U);
}

// Answers come after 300 ms, and the connection ends for the 21st publish without one.
class BrokerThatLiesAboutTheirNumber : public BrokerThatLies {
 protected:
  static constexpr size_t kTakes = 20;
  BrokerThatLiesAboutTheirNumber() : BrokerThatLies(1) {
    link.hold_answers([this](auto answer) { held_.push_back(std::move(answer)); });
  }
  void end_connections_with(LinkDown down) {
    link.answer = [this, down](const ReceivedBatch&) -> uint8_t {
      if (held_.size() < kTakes) return 0;
      held_.clear();
      ++cut_;
      link.drop(down);
      return 0;
    };
  }
  void pass_round_trips(int count) {
    for (int i = 0; i < count; ++i) {
      pass_ms(300);
      for (const auto& answer : std::exchange(held_, {})) answer();
      settle();
    }
  }
  void expect_all_to_arrive_over_at_most(int cuts) {
    append_noise(kMessages);
    start();
    pass_round_trips(600);
    EXPECT_EQ(stats().delivered, kMessages);
    EXPECT_EQ(stats().dead, 0U);
    EXPECT_GT(cut_, 0);
    EXPECT_LE(cut_, cuts);
  }

  std::vector<std::function<void()>> held_;
  int cut_ = 0;
};

TEST_F(BrokerThatLiesAboutTheirNumber, AndSaysWhyGetsFewer) {
  end_connections_with({"receive maximum exceeded", false, receive_maximum_exceeded});
  expect_all_to_arrive_over_at_most(12);
}

TEST_F(BrokerThatLiesAboutTheirNumber, AndSaysNothingGetsFewer) {
  end_connections_with({"closed by the broker", false, 0});
  expect_all_to_arrive_over_at_most(20);
}

}  // namespace
}  // namespace headgate::upstream
