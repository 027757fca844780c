// Messages for which nobody upstream is there: they wait, and are asked for by probes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/upstream/drain/forwarder_site.h"
#include "upstream/drain/forwarder.h"

namespace headgate::upstream {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReceivedBatch;
using testing::RevivableLink;
using testing::Site;

UpstreamOptions waits_for_subscribers(uint8_t protocol = 5) {
  UpstreamOptions options = testing::small_batches();
  options.no_subscriber = NoSubscriber::wait;
  options.link.protocol = protocol;
  return options;
}

class ForwarderAudience : public ::testing::Test, public Site<RevivableLink> {
 protected:
  explicit ForwarderAudience(const UpstreamOptions& options = waits_for_subscribers()) : Site(options) {
    link.answer = [this](const ReceivedBatch&) -> uint8_t {
      return subscribed ? 0 : no_matching_subscribers;
    };
  }

  [[nodiscard]] size_t probes() const { return link.received.size() - data(); }
  // Batches that came with messages or gaps.
  [[nodiscard]] size_t data() const {
    return static_cast<size_t>(std::ranges::count_if(link.received, [](const ReceivedBatch& batch) {
      return !batch.json.at("m").empty() || batch.json.contains("gaps");
    }));
  }

  bool subscribed = false;
};

TEST_F(ForwarderAudience, ThatIsMissingGetsProbesInsteadOfMessages) {
  append_many(8);
  start();
  pass_ms(600'000);
  EXPECT_EQ(data(), 0U);
  EXPECT_EQ(stats().waiting(), 8U);
  EXPECT_EQ(stats().delivered, 0U);
  EXPECT_EQ(link.received.at(0).id, "hub-1/01HF7YAT00ABCDEFGHJKMNPQRS/probe");
}

TEST_F(ForwarderAudience, IsAskedForAtLeastOnceAMinuteAndNotMuchMore) {
  append();
  start();
  pass_ms(3'600'000);
  EXPECT_GE(probes(), 60U);
  EXPECT_LE(probes(), 240U);
}

TEST_F(ForwarderAudience, GetsEachMessageOnceWhenItComes) {
  append_many(8);
  start();
  pass_ms(300'000);
  subscribed = true;
  pass_ms(61'000);
  EXPECT_THAT(arrived(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(stats().delivered, 8U);
}

TEST_F(ForwarderAudience, ThatGoesAwayGetsAgainWhatNobodyTook) {
  subscribed = true;
  append_many(4);
  start();
  subscribed = false;
  append_many(8);
  settle();
  EXPECT_EQ(stats().delivered, 4U);
  EXPECT_EQ(stats().waiting(), 8U);
  subscribed = true;
  pass_ms(61'000);
  EXPECT_EQ(stats().delivered, 12U);
  EXPECT_EQ(status().in_flight_batches, 0U);
}

TEST_F(ForwarderAudience, ThatIsMissingIsToldOnceWithTheKeyToSet) {
  append_many(8);
  start();
  pass_ms(300'000);
  EXPECT_THAT(log.lines(),
              Contains(HasSubstr("upstream_nobody_subscribed topic=headgate/hub-1/batches")).Times(1));
  EXPECT_THAT(log.lines(), Contains(HasSubstr("upstream.no_subscriber to \"deliver\"")));
  EXPECT_EQ(status().unheard_since_ms, clock.now().wall_ms - 300'000);
  subscribed = true;
  pass_ms(61'000);
  EXPECT_EQ(status().unheard_since_ms, 0);
}

TEST_F(ForwarderAudience, IsNotAskedForWhileThereIsNothingToSend) {
  start();
  pass_ms(600'000);
  EXPECT_TRUE(link.received.empty());
}

TEST_F(ForwarderAudience, IsAskedForAtOnceWhenTheFirstMessageComes) {
  start();
  pass_ms(30'000);
  subscribed = true;
  append_many(4);
  settle();
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderAudience, IsAskedAgainAtOnceWhenTheLinkIsBack) {
  append_many(4);
  start();
  pass_ms(300'000);
  const size_t asked = probes();
  link.drop();
  subscribed = true;
  settle();
  pass_ms(10'000);
  EXPECT_EQ(probes(), asked + 1);
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderAudience, ThatIsMissingGetsNoGapsEither) {
  append(5, "{}", 10);
  clock.advance_ms(20);
  store.tick(clock.now());
  start();
  pass_ms(120'000);
  EXPECT_EQ(store.gaps(queue).size(), 1U);
  subscribed = true;
  pass_ms(120'000);
  EXPECT_TRUE(store.gaps(queue).empty());
}

TEST_F(ForwarderAudience, IsNotWhatARefusedProbeIsAbout) {
  link.answer = [](const ReceivedBatch&) -> uint8_t { return 0x87; };
  append_many(4);
  start();
  pass_ms(600'000);
  EXPECT_EQ(stats().waiting(), 4U);
  EXPECT_EQ(status().unheard_since_ms, 0);
  EXPECT_THAT(log.lines(), Contains(HasSubstr("upstream_refuses_everything code=0x87")));
}

TEST_F(ForwarderAudience, IsTriedWithMessagesWhereProbesEndTheLink) {
  link.answer = [this](const ReceivedBatch& batch) -> uint8_t {
    if (batch.json.at("m").empty()) link.drop();
    return 0;
  };
  append_many(4);
  start();
  pass_ms(600'000);
  EXPECT_EQ(stats().delivered, 4U);
}

TEST_F(ForwarderAudience, IsAskedForAgainWhenAProbeCouldNotBeEncoded) {
  encodes_at_once = false;
  subscribed = true;
  append_many(4);
  start();
  ASSERT_EQ(encoder.waiting(), 1U);
  encoder.fail(0);
  encodes_at_once = true;
  pass_ms(10'000);
  EXPECT_EQ(stats().delivered, 4U);
}

TEST(ForwarderWithoutAnAudience, CountsAsDeliveredWhatTheConfigSaysRulesConsume) {
  Site<RevivableLink> site(testing::small_batches());
  site.link.answer = [](const ReceivedBatch&) -> uint8_t { return no_matching_subscribers; };
  site.append_many(8);
  site.start();
  EXPECT_EQ(site.stats().delivered, 8U);
  EXPECT_EQ(site.status().unheard_batches, 2U);
  EXPECT_EQ(site.status().unheard_since_ms, 0);
  EXPECT_THAT(site.log.lines(), Not(Contains(HasSubstr("nobody_subscribed"))));
}

TEST(ForwarderWithoutAnAudience, AsksNobodyOverMqtt311WhichCannotTell) {
  Site<RevivableLink> site(waits_for_subscribers(4));
  site.append_many(8);
  site.start();
  EXPECT_EQ(site.link.received.size(), 2U);
  EXPECT_EQ(site.stats().delivered, 8U);
}

// The audience comes and goes, and the link dies, at moments drawn at random: each message arrives, in order.
TEST(ForwarderWithAFickleAudience, LosesNothing) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    Site<RevivableLink> site(waits_for_subscribers());
    std::vector<ReceivedBatch> heard;
    bool subscribed = false;
    site.link.answer = [&](const ReceivedBatch& batch) -> uint8_t {
      if (subscribed) heard.push_back(batch);
      return subscribed ? 0 : no_matching_subscribers;
    };
    site.start();
    for (int round = 0; round < 20; ++round) {
      subscribed = random() % 2 == 0;
      site.link.die_after(random() % 24);
      for (uint64_t i = random() % 20; i > 0; --i) site.append(static_cast<uint8_t>(random() % 3));
      site.pass_ms(static_cast<int64_t>(random() % 20000));
    }
    subscribed = true;
    site.link.die_after(SIZE_MAX);
    site.pass_ms(3600 * 1000);
    size_t arrived = 0;
    for (const auto& [lane, seqs] : testing::first_arrivals(heard)) {
      EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end())) << "seed " << seed;
      arrived += seqs.size();
    }
    EXPECT_EQ(arrived, site.stats().in) << "seed " << seed;
    EXPECT_EQ(site.stats().waiting(), 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace headgate::upstream
