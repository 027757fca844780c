#include "upstream/drain/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "store/dead_letter.h"
#include "tests/upstream/drain/forwarder_site.h"

namespace headgate::upstream {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::first_arrivals;
using ::testing::HasSubstr;
using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;
using testing::small_batches;

class ForwarderTest : public ::testing::Test, public Site<RevivableLink> {
 protected:
  ForwarderTest() : Site(small_batches()) {}

  void refuse_poison(uint8_t code) {
    link.answer = [code](const ReceivedBatch& batch) -> uint8_t {
      for (const auto& row : batch.json.at("m")) {
        if (row.contains("s") && row.at("s") == "poison") return code;
      }
      return 0;
    };
  }

  std::string reasons_of_death() {
    std::string reasons;
    const store::QueueId dead = *store.find_queue(store::kDeadQueue);
    const auto letters = store.read(dead, store::kDefaultLane, 0, {}, clock.now());
    for (const store::Entry& entry : *letters) reasons += store::decode_dead_letter(entry.tag)->death.reason;
    return reasons;
  }
};

struct BatchesSeen : BatchWatcher {
  void on_batch(const BatchStep& step, core::Now) override { steps.push_back(step); }
  std::vector<BatchStep> steps;
};

TEST_F(ForwarderTest, TellsWhoWatchesWhatBecomesOfBatches) {
  BatchesSeen seen;
  forwarder.watch(&seen);
  append_many(3);
  link.answer = [refused = false](const ReceivedBatch&) mutable -> uint8_t {
    return std::exchange(refused, true) ? 0 : 0x97;
  };
  start();
  pass_ms(60'000);
  ASSERT_GE(seen.steps.size(), 4u);
  EXPECT_EQ(seen.steps[0].what, BatchStep::What::sent);
  EXPECT_EQ(seen.steps[0].lane, 5);
  EXPECT_EQ(seen.steps[0].first, 1u);
  EXPECT_EQ(seen.steps[0].last, 3u);
  EXPECT_EQ(seen.steps[0].messages, 3u);
  EXPECT_EQ(seen.steps[1].what, BatchStep::What::refused);
  EXPECT_EQ(seen.steps[1].code, 0x97);
  EXPECT_EQ(seen.steps.back().what, BatchStep::What::acknowledged);
  EXPECT_EQ(seen.steps.back().last, 3u);
}

TEST_F(ForwarderTest, DrainsWhatWaitedBeforeItStarted) {
  append_many(10);
  start();
  pass_ms(1000);
  EXPECT_THAT(arrived(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(stats().delivered, 10U);
  EXPECT_EQ(stats().waiting(), 0U);
}

TEST_F(ForwarderTest, WaitsForCompanyAndThenSends) {
  start();
  append();
  EXPECT_TRUE(link.received.empty());
  pass_ms(999);
  EXPECT_TRUE(link.received.empty());
  pass_ms(1);
  EXPECT_EQ(link.received.size(), 1U);
}

TEST_F(ForwarderTest, SendsAFullBatchAndLaneZeroAtOnce) {
  start();
  append_many(4);
  settle();
  EXPECT_EQ(link.received.size(), 1U);
  append(0);
  settle();
  EXPECT_EQ(link.received.size(), 2U);
}

TEST_F(ForwarderTest, NamesHubEpochStreamLaneAndExpiry) {
  start();
  append(0, "{}", 5000);
  settle();
  const ReceivedBatch& batch = link.received.at(0);
  EXPECT_EQ(batch.topic, "headgate/hub-1/batches");
  EXPECT_EQ(batch.id, "hub-1/01HF7YAT00ABCDEFGHJKMNPQRS/1-1");
  EXPECT_EQ(batch.json.at("hub"), "hub-1");
  EXPECT_EQ(batch.json.at("st"), "upstream");
  EXPECT_EQ(batch.expiry_s, 5U);
}

TEST_F(ForwarderTest, SaysThatTheClockWasUnsyncedWhenAMessageCameOrTheBatchWasMade) {
  core::DoubtfulStretches doubtful;
  doubtful.add({clock.now().hub_ms - 1'000, clock.now().hub_ms + 1});
  forwarder.doubt(&doubtful);
  start();
  append();
  pass_ms(1000);  // the clock is right by then
  append();
  pass_ms(1000);
  clock.doubt();
  append();
  pass_ms(1000);
  ASSERT_EQ(link.received.size(), 3u);
  EXPECT_EQ(link.received[0].json.value("clock", ""), "unsynced");
  EXPECT_FALSE(link.received[1].json.contains("clock"));
  EXPECT_EQ(link.received[2].json.value("clock", ""), "unsynced");
}

TEST_F(ForwarderTest, DrainsLanesByPriorityAndNeverMixesThem) {
  for (const uint8_t lane : std::initializer_list<uint8_t>{10, 9, 2, 0}) append_many(4, lane);
  start();
  std::vector<int> lanes;
  for (const ReceivedBatch& batch : link.received) lanes.push_back(batch.lane());
  EXPECT_THAT(lanes, ElementsAre(0, 2, 9, 10));
}

// How many of eight messages without a priority still wait when a hundred batches have gone through a flood
// of priority 0 that never ends.
uint64_t waiting_behind_a_flood(store::LaneMode mode) {
  UpstreamOptions options = small_batches();
  options.lane_mode = mode;
  Site<RevivableLink> site(options);
  site.append_many(8, 10);
  site.append_many(100, 0);
  site.forwarder.start(site.clock.now());
  for (int i = 0; i < 100; ++i) {
    site.append_many(4, 0);
    site.deliver_one();
  }
  EXPECT_GT(site.stats().lanes[0].waiting, 0U);
  return site.stats().lanes[10].waiting;
}

TEST(ForwarderLanes, StarveBehindAFloodOfABetterOneWhenStrict) {
  EXPECT_EQ(waiting_behind_a_flood(store::LaneMode::strict), 8U);
}

TEST(ForwarderLanes, NeverStarveWhenWeighted) {
  EXPECT_EQ(waiting_behind_a_flood(store::LaneMode::weighted), 0U);
}

TEST(ForwarderLanes, KeepTheirOrderAndAreNeverMixedWhenWeighted) {
  UpstreamOptions options = small_batches();
  options.lane_mode = store::LaneMode::weighted;
  Site<RevivableLink> site(options);
  for (int i = 0; i < 20; ++i) {
    for (const uint8_t lane : std::initializer_list<uint8_t>{10, 4, 0}) site.append(lane);
  }
  site.start();
  site.pass_ms(2000);
  std::map<int, std::vector<uint64_t>> seqs;
  for (const ReceivedBatch& batch : site.link.received) {
    for (const uint64_t seq : batch.seqs()) seqs[batch.lane()].push_back(seq);
  }
  ASSERT_EQ(seqs.size(), 3U);
  for (const auto& [lane, order] : seqs) {
    EXPECT_EQ(order.size(), 20U) << lane;
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << lane;
  }
}

TEST_F(ForwarderTest, FinishesOnlyWhatIsAcknowledged) {
  append_many(4);
  forwarder.start(clock.now());
  deliver_one();  // up: publishes
  EXPECT_EQ(link.received.size(), 1U);
  EXPECT_EQ(stats().delivered, 0U);
  deliver_one();  // PUBACK
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderTest, StartsSlowlyAndNeverExceedsTheWindow) {
  append_many(100);
  forwarder.start(clock.now());
  deliver_one();
  EXPECT_EQ(status().in_flight_batches, 1U);
  deliver_one();
  EXPECT_EQ(status().in_flight_batches, 2U);
  settle();
  EXPECT_EQ(link.most_unacked, 4U);
  EXPECT_EQ(stats().delivered, 100U);
}

TEST_F(ForwarderTest, KeepsToTheBrokersReceiveMaximum) {
  link.session.receive_maximum = 2;
  append_many(100);
  start();
  EXPECT_EQ(link.most_unacked, 2U);
}

TEST_F(ForwarderTest, KeepsToTheBrokersMaximumPacketSize) {
  link.session.packet_bytes_max = 500;
  for (int i = 0; i < 8; ++i)
    append(5, std::to_string(i * 7919) + std::string(60, static_cast<char>('a' + i)));
  start();
  pass_ms(10000);
  EXPECT_EQ(stats().delivered, 8U);
  for (const ReceivedBatch& batch : link.received) EXPECT_LT(batch.payload_bytes, 500U);
}

TEST_F(ForwarderTest, HandsNothingToALinkThatIsDown) {  // the link double checks it
  link.kill();
  start();
  append_many(20);
  pass_ms(60000);
  EXPECT_TRUE(link.received.empty());
  EXPECT_EQ(stats().waiting(), 20U);
  link.revive();
  pass_ms(300000);
  EXPECT_EQ(stats().delivered, 20U);
}

TEST_F(ForwarderTest, SendsAgainWhatWasInFlightWhenTheLinkDropped) {
  append_many(4);
  forwarder.start(clock.now());
  deliver_one();
  link.drop();
  settle();
  EXPECT_EQ(status().in_flight_batches, 0U);
  pass_ms(10000);
  EXPECT_THAT(arrived(), ElementsAre(1, 2, 3, 4, 1, 2, 3, 4));
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderTest, SaysWhatItHasBegunAlsoAfterTheLinkDropped) {
  append_many(6);
  EXPECT_EQ(forwarder.begun_up_to(5), 0u);
  start();
  const store::Seq begun = forwarder.begun_up_to(5);
  EXPECT_GE(begun, 4u);
  EXPECT_EQ(forwarder.begun_up_to(6), 0u);
  link.drop();
  settle();
  EXPECT_EQ(forwarder.begun_up_to(5), begun);
}

TEST_F(ForwarderTest, TellsWhenItTriesAgain) {
  link.kill({"connection refused", false, 0});
  start();
  EXPECT_EQ(status().state, ForwarderState::backing_off);
  EXPECT_GE(status().retry_in_ms, 1000);
  EXPECT_EQ(status().last_error, "connection refused");
  EXPECT_THAT(log.lines(), Contains(HasSubstr("upstream_down reason=connection refused retry_in_ms=")));
}

TEST_F(ForwarderTest, KeepsEverythingWhileTheQuotaIsUsedUp) {
  int refusals = 3;
  link.answer = [&](const ReceivedBatch&) -> uint8_t { return refusals-- > 0 ? quota_exceeded : 0; };
  append_many(4);
  start();
  EXPECT_EQ(link.received.size(), 1U);
  EXPECT_EQ(stats().waiting(), 4U);
  pass_ms(300000);
  EXPECT_EQ(link.received.size(), 4U);
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderTest, LetsAPoisonMessageHarmOnlyItself) {
  refuse_poison(payload_format_invalid);
  append_many(6);
  const store::Seq poison = append(5, "poison");
  append_many(20);
  start();
  pass_ms(100000);
  EXPECT_EQ(stats().delivered, 26U);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(status().dead_messages, 1U);
  EXPECT_THAT(log.lines(), Contains("upstream_dead_letter seq=" + std::to_string(poison) +
                                    " lane=5 code=0x99 attempts=5 letter=0"));
}

TEST_F(ForwarderTest, MakesADeadLetterOfAPoisonMessageAndSaysWhy) {
  const store::QueueId dead = *store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  refuse_poison(payload_format_invalid);
  const store::Seq poison = append(5, "poison", 3'600'000);
  append_many(5);
  const int64_t started_ms = clock.now().wall_ms;
  start();
  pass_ms(100000);
  const auto letters = store.read(dead, store::kDefaultLane, 0, {}, clock.now()).value();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message->body, "poison");
  const store::DeadLetter letter = store::decode_dead_letter(letters[0].tag).value();
  EXPECT_EQ(std::tie(letter.queue, letter.lane, letter.seq), std::tuple("$upstream", 5, poison));
  EXPECT_EQ(letter.death.reason, "upstream: refused with 0x99, payload format invalid");
  EXPECT_EQ(letter.death.attempts, 5U);
  EXPECT_EQ(letter.death.last_error, letter.death.first_error);
  EXPECT_LE(started_ms, letter.death.first_error_ms);
  EXPECT_LT(letter.death.first_error_ms, letter.death.last_error_ms);
  EXPECT_EQ(letter.death.at_ms, letter.death.last_error_ms);
}

TEST_F(ForwarderTest, DrainsOtherLanesWhileOneHasAPoisonMessage) {
  refuse_poison(0x87);
  append(3, "poison");
  start();
  pass_ms(1000);
  append_many(4, 7);
  settle();
  EXPECT_EQ(stats().delivered, 4U);
  EXPECT_EQ(stats().waiting(), 1U);
  pass_ms(100000);
  EXPECT_EQ(stats().dead, 1U);
}

TEST_F(ForwarderTest, FindsPoisonThatIsRefusedForAGeneralReason) {
  refuse_poison(0x87);
  append(5, "poison");
  append_many(9);
  start();
  pass_ms(100000);
  EXPECT_EQ(stats().delivered, 9U);
  EXPECT_EQ(stats().dead, 1U);
}

TEST_F(ForwarderTest, LosesNothingWhenTheUpstreamRefusesEverything) {
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0x87; };
  append_many(20);
  start();
  pass_ms(3600 * 1000);
  EXPECT_EQ(stats().waiting(), 20U);
  EXPECT_THAT(log.lines(), Contains(HasSubstr("upstream_refuses_everything code=0x87")));
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0; };
  pass_ms(3600 * 1000);
  EXPECT_EQ(stats().delivered, 20U);
}

TEST_F(ForwarderTest, FindsPoisonThatMakesTheBrokerDropTheLink) {  // all that MQTT 3.1.1 can do
  link.answer = [this](const ReceivedBatch& batch) -> uint8_t {
    for (const auto& row : batch.json.at("m")) {
      if (row.contains("s")) link.drop({"closed by the broker", false, 0});
    }
    return 0;
  };
  (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  append_many(5);
  append(5, "poison");
  append_many(5);
  start();
  pass_ms(24 * 3600 * 1000);
  EXPECT_EQ(stats().delivered, 10U);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(reasons_of_death(), "upstream: the connection ended each time it was sent: closed by the broker");
}

TEST_F(ForwarderTest, BuriesAMessageTheBrokerAllowsNoPacketFor) {
  (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  link.session.packet_bytes_max = 400;
  std::string noise;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) noise += static_cast<char>('a' + random() % 26);
  append(5, noise);
  append_many(3);
  start();
  pass_ms(100000);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(stats().delivered, 3U);
  EXPECT_EQ(reasons_of_death(), "upstream: too large for a packet: the upstream broker allows 400 bytes");
}

TEST_F(ForwarderTest, BuriesNothingWhereTheBrokerAllowsNoBatchAtAll) {
  (void)store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  link.session.packet_bytes_max = 200;
  append_many(3);
  start();
  pass_ms(100000);
  EXPECT_EQ(stats().waiting(), 3U);
  EXPECT_THAT(status().last_error, HasSubstr("packets of 200 bytes, too few"));
  link.session.packet_bytes_max = 0;
  link.drop();
  settle();
  pass_ms(100000);
  EXPECT_EQ(stats().delivered, 3U);
  EXPECT_EQ(stats().dead, 0U);
}

TEST_F(ForwarderTest, SendsNothingThatHasExpired) {
  link.kill();
  start();
  append(5, "{}", 5000);
  append(5, "{}");
  pass_ms(10000);
  link.revive();
  pass_ms(300000);
  EXPECT_THAT(arrived(), ElementsAre(2));
  EXPECT_EQ(stats().expired, 1U);
}

TEST_F(ForwarderTest, DropsWhatExpiresWhileItWaitsForCompany) {
  start();
  append(5, "{}", 500);
  append(5, "{}");
  clock.advance_ms(1000);
  forwarder.on_tick(clock.now());
  settle();
  EXPECT_THAT(arrived(), ElementsAre(2));
  EXPECT_EQ(stats().expired, 1U);
}

TEST_F(ForwarderTest, DeclaresGapsInTheNextBatchAndForgetsThemWhenAcknowledged) {
  append(5, "{}", 10);
  clock.advance_ms(20);
  store.tick(clock.now());
  append_many(4);
  forwarder.start(clock.now());
  deliver_one();
  EXPECT_EQ(link.received.at(0).json.at("gaps"),
            nlohmann::json::parse(R"([{"from":1,"to":1,"n":1,"why":"expired"}])"));
  EXPECT_EQ(store.gaps(queue).size(), 1U);
  deliver_one();
  EXPECT_TRUE(store.gaps(queue).empty());
}

TEST_F(ForwarderTest, DeclaresGapsWithoutMessagesToo) {
  append(5, "{}", 10);
  clock.advance_ms(20);
  store.tick(clock.now());
  start();
  EXPECT_EQ(link.received.size(), 1U);
  EXPECT_TRUE(link.received.at(0).json.at("m").empty());
  EXPECT_TRUE(store.gaps(queue).empty());
  pass_ms(60000);
  EXPECT_EQ(link.received.size(), 1U);
}

TEST_F(ForwarderTest, KeepsGapsThatAppearedAfterTheDeclaration) {
  append(5, "{}", 10);
  clock.advance_ms(20);
  store.tick(clock.now());
  append_many(4);
  forwarder.start(clock.now());
  deliver_one();
  store.finish(queue, 5, append(5), store::Outcome::dropped);
  deliver_one();
  EXPECT_THAT(store.gaps(queue), ElementsAre(store::Gap{6, 6, 1, store::Outcome::dropped}));
}

TEST_F(ForwarderTest, SendsWhatIsOpenBeforeItCloses) {
  start();
  append_many(2);
  forwarder.close(clock.now(), 3000);
  EXPECT_FALSE(forwarder.closed());
  settle();
  EXPECT_TRUE(forwarder.closed());
  EXPECT_EQ(stats().delivered, 2U);
  EXPECT_EQ(link.disconnects, 1U);
}

TEST_F(ForwarderTest, ClosesAtOnceWhileTheLinkIsDown) {
  link.kill();
  start();
  forwarder.close(clock.now(), 3000);
  EXPECT_TRUE(forwarder.closed());
}

TEST(ForwarderOnAStalledLink, ReconnectsWhenNothingIsAcknowledged) {
  Site<testing::StalledLink> site(small_batches());
  site.append_many(4);
  site.start();
  site.pass_ms(300000);
  EXPECT_EQ(site.link.disconnects, 1U);
  EXPECT_THAT(site.status().last_error, HasSubstr("not acknowledged"));
  EXPECT_EQ(site.stats().waiting(), 4U);
}

// A broker that loses one acknowledgement and gives all others.
TEST(ForwarderWithALostAnswer, SendsTheBatchAgainWithinThePatienceThoughOthersAreAnswered) {
  UpstreamOptions options = small_batches();
  options.answer_timeout_ms = 20000;
  Site<testing::ForgetfulLink> site(options);
  site.start();
  site.link.forget_answer(2);
  for (int second = 0; second < 25; ++second) {
    site.append_many(4);
    site.pass_ms(1000);
  }
  EXPECT_EQ(site.stats().delivered, 100U);
  EXPECT_EQ(site.link.connects, 2U);
}

TEST(ForwarderWithALostAnswer, KeepsALinkThatIsSlowButAnswersTheOldestInTime) {
  UpstreamOptions options = small_batches();
  options.answer_timeout_ms = 20000;
  Site<RevivableLink> site(options);
  site.append_many(400);
  site.forwarder.start(site.clock.now());
  site.encode();
  for (int i = 0; i < 101; ++i) {
    site.deliver_one();  // one answer each 15 s, while four batches wait
    site.clock.advance_ms(15000);
    site.forwarder.on_tick(site.clock.now());
    site.encode();
  }
  EXPECT_EQ(site.stats().delivered, 400U);
  EXPECT_EQ(site.link.connects, 1U);
}

TEST(ForwarderOnAStalledLink, ClosesAfterItsPatience) {
  Site<testing::StalledLink> site(small_batches());
  site.append_many(4);
  site.start();
  site.forwarder.close(site.clock.now(), 3000);
  site.pass_ms(2999);
  EXPECT_FALSE(site.forwarder.closed());
  site.pass_ms(1);
  EXPECT_TRUE(site.forwarder.closed());
}

TEST(ForwarderOnAFailingLink, TriesSeldomWhenOnlyAPersonCanHelp) {
  Site<testing::FailingLink> site(small_batches(), LinkDown{"not authorised", true, 0x87});
  site.start();
  site.pass_ms(3600 * 1000);
  EXPECT_GE(site.link.connects, 10U);
  EXPECT_LE(site.link.connects, 15U);
}

TEST(ForwarderOnAFailingLink, BacksOffWithJitter) {
  Site<testing::FailingLink> site(small_batches(), LinkDown{"connection refused", false, 0});
  site.start();
  site.pass_ms(3600 * 1000);
  EXPECT_GE(site.link.connects, 12U);
  EXPECT_LE(site.link.connects, 60U);
}

UpstreamOptions chained() {
  UpstreamOptions options = small_batches();
  options.chain.enabled = true;
  return options;
}

// The link dies at step 0, 1, 2 … of a drain of three lanes, until a drain survives.
TEST(ForwarderCheckEveryStepFails, EverythingArrivesInOrderAndTheCheckpointIsExact) {
  size_t step = 0;
  for (bool died = true; died; ++step) {
    Site<RevivableLink> site(chained());
    for (int i = 0; i < 30; ++i) site.append(static_cast<uint8_t>(i % 3 * 5));
    site.link.die_after(step);
    site.start();
    site.pass_ms(60000);
    died = site.link.has_died();
    EXPECT_EQ(site.stats().delivered, 30U) << "died at step " << step;
    EXPECT_EQ(site.stats().waiting(), 0U) << "died at step " << step;
    const auto arrivals = first_arrivals(site.link.received);
    size_t arrived = 0;
    for (const auto& [lane, seqs] : arrivals) {
      EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << "died at step " << step << " lane " << lane;
      arrived += seqs.size();
    }
    EXPECT_EQ(arrived, 30U) << "died at step " << step;
  }
  EXPECT_GT(step, 15U);
}

// The same with a link that dies again and again, at a step drawn at random.
TEST(ForwarderCheckEveryStepFails, ManyDeathsLoseNothing) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    Site<RevivableLink> site(chained());
    site.start();
    for (int round = 0; round < 20; ++round) {
      site.link.die_after(random() % 12);
      for (uint64_t i = random() % 20; i > 0; --i) site.append(static_cast<uint8_t>(random() % 3));
      site.pass_ms(static_cast<int64_t>(random() % 20000));
    }
    site.link.die_after(SIZE_MAX);
    site.pass_ms(3600 * 1000);
    EXPECT_EQ(site.stats().delivered, site.stats().in) << "seed " << seed;
    for (const auto& [lane, seqs] : first_arrivals(site.link.received)) {
      EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace headgate::upstream
