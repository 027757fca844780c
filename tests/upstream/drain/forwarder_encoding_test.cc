// Batches are encoded elsewhere, and anything may happen meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "tests/upstream/drain/forwarder_site.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using testing::first_arrivals;
using ::testing::HasSubstr;
using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;
using testing::small_batches;

class ForwarderEncoding : public ::testing::Test, public Site<RevivableLink> {
 protected:
  explicit ForwarderEncoding(UpstreamOptions options = small_batches()) : Site(std::move(options)) {}

  // Up, with a window of four that is all used: `batches` of them are being encoded.
  void open_the_window(size_t batches) {
    append_many(12);
    start();
    ASSERT_EQ(stats().delivered, 12U);
    link.received.clear();
    encodes_at_once = false;
    append_many(batches * 4);
    ASSERT_EQ(encoder.waiting(), batches);
  }
  void expect_all_arrived(size_t messages) {
    encodes_at_once = true;
    encoder.finish_all();
    pass_ms(100000);
    EXPECT_EQ(stats().delivered, messages);
    EXPECT_EQ(stats().waiting(), 0U);
    for (const auto& [lane, seqs] : first_arrivals(link.received)) {
      EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << lane;
    }
  }
};

TEST_F(ForwarderEncoding, PublishesInTheOrderOfReadingWhateverTheEncoderDoes) {
  open_the_window(4);
  for (size_t i = 4; i-- > 0;) encoder.finish(i);
  EXPECT_THAT(arrived(), ElementsAre(13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28));
}

TEST_F(ForwarderEncoding, CountsWhatIsBeingEncodedIntoTheWindow) {
  open_the_window(4);
  append_many(100);
  EXPECT_EQ(encoder.waiting(), 4U);
  EXPECT_EQ(status().in_flight_batches, 4U);
  encoder.finish(0);
  EXPECT_EQ(encoder.waiting(), 3U);
  deliver_one();  // PUBACK
  EXPECT_EQ(encoder.waiting(), 4U);
  expect_all_arrived(128);
  EXPECT_EQ(link.most_unacked, 4U);
}

TEST_F(ForwarderEncoding, DropsWhatComesBackAfterTheLinkDropped) {
  open_the_window(2);
  link.drop();
  settle();
  encoder.finish_all();
  EXPECT_TRUE(link.received.empty());
  expect_all_arrived(20);
  EXPECT_THAT(arrived(), ElementsAre(13, 14, 15, 16, 17, 18, 19, 20));
}

TEST_F(ForwarderEncoding, DropsWhatComesBackAfterTheNextConnectionIsUp) {
  open_the_window(2);
  link.drop();
  settle();
  pass_ms(10000);
  ASSERT_EQ(status().state, ForwarderState::up);
  encoder.finish_all();
  settle();
  encoder.finish_all();
  expect_all_arrived(20);
  EXPECT_THAT(arrived(), ElementsAre(13, 14, 15, 16, 17, 18, 19, 20));
}

TEST_F(ForwarderEncoding, HoldsNoMoreThanAWindowHoweverOftenTheLinkDrops) {
  open_the_window(4);
  for (int i = 0; i < 10; ++i) {
    link.drop();
    settle();
    pass_ms(300000);
    EXPECT_EQ(status().state, ForwarderState::up);
    EXPECT_EQ(encoder.waiting(), 4U);
  }
  expect_all_arrived(28);
}

TEST_F(ForwarderEncoding, GivesUpWhatWasReadBehindARefusedBatch) {
  link.answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.seqs().size() > 1 ? payload_format_invalid : 0;
  };
  encodes_at_once = false;
  append_many(4);
  start();
  ASSERT_EQ(encoder.waiting(), 1U);
  encoder.finish(0);
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0; };
  settle();  // refused
  EXPECT_EQ(encoder.job(0).entries.size(), 2U);
  expect_all_arrived(4);
}

TEST_F(ForwarderEncoding, SendsNothingOfALaneBehindARefusalUntilItIsKnownWhatWasRefused) {
  open_the_window(3);
  link.answer = [](const ReceivedBatch&) -> uint8_t { return payload_format_invalid; };
  encoder.finish(0);
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0; };
  settle();
  encoder.finish(0);
  encoder.finish(0);
  EXPECT_EQ(link.received.size(), 1U);
  EXPECT_EQ(encoder.job(0).entries.size(), 2U);
  expect_all_arrived(24);
}

TEST_F(ForwarderEncoding, KeepsWhatIsEncodedWhileTheUpstreamSaysNotNow) {
  open_the_window(1);
  append_many(4, 7);
  ASSERT_EQ(encoder.waiting(), 2U);
  link.answer = [](const ReceivedBatch&) -> uint8_t { return quota_exceeded; };
  encoder.finish(0);
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0; };
  settle();
  encoder.finish(0);
  settle();
  EXPECT_EQ(link.received.size(), 1U);
  expect_all_arrived(20);
}

TEST_F(ForwarderEncoding, ReadsAgainWhatCouldNotBeEncoded) {
  open_the_window(3);
  encoder.fail(1);
  EXPECT_THAT(status().last_error, HasSubstr("cannot compress"));
  expect_all_arrived(24);
  EXPECT_EQ(arrived().size(), 12U);  // each once
}

TEST_F(ForwarderEncoding, WaitsBeforeItTriesToEncodeAgain) {
  open_the_window(1);
  encoder.fail(0);
  pass_ms(999);
  EXPECT_EQ(encoder.waiting(), 0U);
  pass_ms(1);
  EXPECT_EQ(encoder.waiting(), 1U);
}

TEST_F(ForwarderEncoding, GoesOnWhileTheStoreHasFailed) {
  open_the_window(2);
  store.fail_next_commit({core::Errc::io, "no disk"});
  append();
  encoder.finish_all();
  settle();
  EXPECT_EQ(arrived().size(), 8U);
  store.recover();
  expect_all_arrived(20);
}

TEST_F(ForwarderEncoding, SurvivesAQueueThatIsEmptiedMeanwhile) {
  open_the_window(2);
  EXPECT_EQ(*store.purge(queue), 8U);
  encoder.finish_all();
  settle();
  append_many(4);
  encodes_at_once = true;
  settle();
  pass_ms(10000);
  EXPECT_EQ(stats().delivered, 16U);
  EXPECT_EQ(stats().dropped, 8U);
}

TEST_F(ForwarderEncoding, WaitsForWhatIsBeingEncodedBeforeItCloses) {
  open_the_window(2);
  append_many(2);
  forwarder.close(clock.now(), 3000);
  settle();
  EXPECT_FALSE(forwarder.closed());
  encoder.finish_all();
  settle();
  EXPECT_TRUE(forwarder.closed());
  EXPECT_EQ(stats().delivered, 22U);
}

TEST_F(ForwarderEncoding, ClosesAfterItsPatienceAndDropsWhatComesLater) {
  open_the_window(2);
  forwarder.close(clock.now(), 3000);
  pass_ms(3000);
  EXPECT_TRUE(forwarder.closed());
  encoder.finish_all();
  EXPECT_TRUE(link.received.empty());
  EXPECT_EQ(stats().waiting(), 8U);
}

TEST_F(ForwarderEncoding, DeclaresGapsInOneBatchAtATime) {
  append_many(12);
  start();
  link.received.clear();
  store.finish(queue, 5, append(), store::Outcome::dropped);
  encodes_at_once = false;
  append_many(8);
  ASSERT_EQ(encoder.waiting(), 2U);
  EXPECT_EQ(encoder.job(0).gaps.size(), 1U);
  EXPECT_TRUE(encoder.job(1).gaps.empty());
}

// Text that no compression makes shorter.
std::string noise(std::minstd_rand& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += static_cast<char>('a' + random() % 26);
  return text;
}

class ForwarderCutting : public ForwarderEncoding {
 protected:
  static UpstreamOptions tight() {
    UpstreamOptions options = small_batches();
    options.batch.messages_max = 100;
    options.batch.compressed_bytes_max = 8000;
    return options;
  }
  ForwarderCutting() : ForwarderEncoding(tight()) {}
};

TEST_F(ForwarderCutting, SendsTheTailOfACutBatchBeforeWhatWasReadBehindIt) {
  encodes_at_once = false;
  std::minstd_rand random(1);
  for (int i = 0; i < 700; ++i) append(5, i < 400 ? "{}" : noise(random, 300));
  forwarder.start(clock.now());
  while (stats().delivered < 700) {
    settle();
    pass_ms(1000);
    for (size_t i = encoder.waiting(); i-- > 0;) encoder.finish(i);
  }
  std::vector<uint64_t> all(700);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(arrived(), all);
  for (const ReceivedBatch& batch : link.received) EXPECT_LE(batch.payload_bytes, 8000U);
}

TEST_F(ForwarderCutting, LearnsToCloseBatchesThatFit) {
  std::minstd_rand random(1);
  for (int i = 0; i < 400; ++i) append(5, noise(random, 300));
  start();
  pass_ms(1000);
  EXPECT_EQ(stats().delivered, 400U);
  encodes_at_once = false;
  for (int i = 0; i < 100; ++i) append(5, noise(random, 300));
  ASSERT_GE(encoder.waiting(), 2U);
  const size_t asked = encoder.job(0).entries.size();
  encoder.finish(0);
  EXPECT_EQ(link.received.back().seqs().size(), asked);
}

// --- Layout and compression

UpstreamOptions columns_of(size_t messages_max) {
  UpstreamOptions options = small_batches();
  options.batch.messages_max = messages_max;
  options.batch.bytes_max = 1000000;
  options.batch.layout = BatchLayout::columns;
  return options;
}

TEST(ForwarderForms, SayInTheirPropertiesWhatTheBatchCameToBe) {
  Site<RevivableLink> site(columns_of(8));
  site.append_many(12);
  site.start();
  site.pass_ms(1000);
  ASSERT_EQ(site.link.received.size(), 2u);
  EXPECT_EQ(site.link.received[0].content_type, "application/vnd.headgate-batch+columns");
  EXPECT_EQ(site.link.received[1].content_type, "application/vnd.headgate-batch+json")
      << "too few for columns";
  EXPECT_EQ(site.link.received[0].encoding, "zstd");
}

TEST(ForwarderForms, KeepColumnsToTheBrokersMaximumPacketSize) {
  std::minstd_rand random(3);
  for (const uint32_t packet_bytes_max : {900u, 1500u, 4000u}) {
    Site<RevivableLink> site(columns_of(500));
    site.link.session.packet_bytes_max = packet_bytes_max;
    for (int i = 0; i < 1500; ++i) site.append(5, "{\"v\":" + std::to_string(random()) + ".25}");
    site.start();
    site.pass_ms(2000);
    EXPECT_EQ(site.stats().delivered, 1500u);
    EXPECT_EQ(site.stats().dead, 0u);
    size_t in_columns = 0;
    for (const ReceivedBatch& batch : site.link.received) {
      EXPECT_LE(batch.payload_bytes + batch.topic.size() + batch.id.size() + batch.content_type.size() + 60,
                packet_bytes_max);
      in_columns += batch.content_type.ends_with("columns") ? 1 : 0;
    }
    EXPECT_GT(in_columns, 0u);
  }
}

TEST(ForwarderForms, SendAnUrgentMessageAtOnceInRows) {
  Site<RevivableLink> site(columns_of(500));
  site.start();
  site.append(0);
  ASSERT_EQ(site.link.received.size(), 1u);
  EXPECT_EQ(site.link.received[0].seqs().size(), 1u);
}

TEST(ForwarderForms, LeaveABatchUncompressed) {
  UpstreamOptions options = small_batches();
  options.batch.compression = BatchCompression::none;
  Site<RevivableLink> site(options);
  site.append_many(4);
  site.start();
  site.pass_ms(1000);
  ASSERT_EQ(site.link.received.size(), 1u);
  EXPECT_EQ(site.link.received[0].encoding, "none");
  EXPECT_EQ(site.link.received[0].seqs().size(), 4u);
}

// --- One call reads a bounded number of entries.

class ForwarderTurns : public ForwarderEncoding {
 protected:
  static UpstreamOptions large() {
    UpstreamOptions options = small_batches();
    options.batch.messages_max = 1000;
    options.batch.bytes_max = options.batch.compressed_bytes_max = 1000000;
    return options;
  }
  ForwarderTurns() : ForwarderEncoding(large()) { encodes_at_once = false; }

  // Calls on_tick as long as it is due, at one moment; returns how often.
  size_t turn() {
    size_t turns = 0;
    for (; forwarder.next_deadline() <= clock.now().mono_ms && turns < 100; ++turns)
      forwarder.on_tick(clock.now());
    return turns;
  }
};

TEST_F(ForwarderTurns, ReadALargeBatchInSeveralAndSendItWhole) {
  append_many(1000);
  clock.advance_ms(60000);  // none of them has to wait for company
  forwarder.start(clock.now());
  link.deliver_one();
  EXPECT_EQ(encoder.waiting(), 0U);
  EXPECT_EQ(turn(), 3U);
  ASSERT_EQ(encoder.waiting(), 1U);
  EXPECT_EQ(encoder.job(0).entries.size(), 1000U);
}

TEST_F(ForwarderTurns, AreBoundedInBytesToo) {
  for (int i = 0; i < 8; ++i) append(5, std::string(100000, 'x'));
  clock.advance_ms(60000);
  forwarder.start(clock.now());
  link.deliver_one();
  EXPECT_EQ(encoder.waiting(), 0U);
  EXPECT_GE(turn(), 2U);
  EXPECT_EQ(encoder.job(0).entries.size(), 8U);
}

TEST_F(ForwarderTurns, LetNoLaneOvertakeABetterOneThatIsStillBeingRead) {
  append_many(1000, 2);
  append_many(10, 7);
  clock.advance_ms(60000);
  forwarder.start(clock.now());
  link.deliver_one();
  turn();
  ASSERT_EQ(encoder.waiting(), 1U);
  EXPECT_EQ(encoder.job(0).lane, 2);
}

TEST_F(ForwarderTurns, AskForNoOtherWhileTheWindowIsFull) {
  append_many(3000);
  forwarder.start(clock.now());
  link.deliver_one();
  turn();
  EXPECT_EQ(encoder.waiting(), 1U);
  EXPECT_EQ(turn(), 0U);
  EXPECT_GT(forwarder.next_deadline(), clock.now().mono_ms);
}

TEST_F(ForwarderTurns, SendWhatIsReadSoFarWhenTheLinkCloses) {
  append_many(1000);
  forwarder.start(clock.now());
  link.deliver_one();
  forwarder.close(clock.now(), 3000);
  EXPECT_EQ(encoder.waiting(), 1U);
  encoder.finish_all();
  settle();
  EXPECT_TRUE(forwarder.closed());
  EXPECT_EQ(stats().delivered, 256U);
}

// --- Every step fails

// Nothing twice over one connection, unless the upstream refused it.
void expect_each_once_a_connection(const std::vector<ReceivedBatch>& batches, const std::string& trace) {
  std::set<std::pair<size_t, uint64_t>> seen;
  for (const ReceivedBatch& batch : batches) {
    for (const uint64_t seq : batch.seqs())
      EXPECT_TRUE(seen.insert({batch.connection, seq}).second) << trace << ": seq " << seq;
  }
}

void expect_lanes_in_order(const std::vector<ReceivedBatch>& batches, size_t messages,
                           const std::string& trace) {
  size_t arrived = 0;
  for (const auto& [lane, seqs] : first_arrivals(batches)) {
    EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << trace << ": lane " << lane;
    arrived += seqs.size();
  }
  EXPECT_EQ(arrived, messages) << trace;
}

// The encoder answers late and in any order, and fails now and then; the link drops and closes between any two
// steps.
TEST(ForwarderCheckEveryEncodingFails, NothingIsLostOrSentTwiceOverOneConnection) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const std::string trace = "seed " + std::to_string(seed);
    std::mt19937_64 random(seed);
    Site<RevivableLink> site(small_batches());
    site.encodes_at_once = false;
    site.forwarder.start(site.clock.now());
    for (int step = 0; step < 300; ++step) {
      switch (random() % 8) {
        case 0:
          site.append_many(random() % 12, static_cast<uint8_t>(random() % 3 * 5));
          break;
        case 1:
          site.clock.advance_ms(static_cast<int64_t>(random() % 700));
          site.forwarder.on_tick(site.clock.now());
          break;
        case 2:
          if (random() % 8 == 0) site.link.die_after(random() % 4);
          break;
        case 3:
          if (site.encoder.waiting() > 0 && random() % 6 == 0)
            site.encoder.fail(random() % site.encoder.waiting());
          break;
        case 4:
        case 5:
          if (site.encoder.waiting() > 0) site.encoder.finish(random() % site.encoder.waiting());
          break;
        default:
          site.link.deliver_one();
      }
      ASSERT_LE(site.encoder.waiting(), 4U) << trace;
    }
    site.link.die_after(SIZE_MAX);
    site.encodes_at_once = true;
    site.settle();
    site.pass_ms(3600 * 1000);
    EXPECT_EQ(site.stats().delivered, site.stats().in) << trace;
    expect_each_once_a_connection(site.link.received, trace);
    expect_lanes_in_order(site.link.received, site.stats().in, trace);
  }
}

// A poison message is found, and harms only itself, in whatever order batches are encoded.
TEST(ForwarderCheckEveryEncodingFails, PoisonHarmsOnlyItself) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    Site<RevivableLink> site(small_batches());
    site.encodes_at_once = false;
    site.link.answer = [](const ReceivedBatch& batch) -> uint8_t {
      for (const auto& row : batch.json.at("m")) {
        if (row.contains("s")) return payload_format_invalid;
      }
      return 0;
    };
    for (int i = 0; i < 60; ++i)
      site.append(static_cast<uint8_t>(random() % 2), i % 29 == 7 ? "poison" : "{}");
    site.forwarder.start(site.clock.now());
    for (int step = 0; step < 2000 && site.stats().waiting() > 0; ++step) {
      if (site.encoder.waiting() > 0) site.encoder.finish(random() % site.encoder.waiting());
      if (random() % 3 > 0) site.link.deliver_one();
      if (random() % 40 == 0) site.link.die_after(random() % 4);
      site.clock.advance_ms(static_cast<int64_t>(random() % 2000));
      site.forwarder.on_tick(site.clock.now());
    }
    site.link.die_after(SIZE_MAX);
    site.encodes_at_once = true;
    site.settle();
    site.pass_ms(3600 * 1000);
    EXPECT_EQ(site.stats().delivered, 58U) << "seed " << seed;
    EXPECT_EQ(site.stats().dead, 2U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace headgate::upstream
