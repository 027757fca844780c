// Messages that go up one by one: as they came, each until the broker has it, in their order.
#include "upstream/payload/passthrough.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/downstream/commanding_link.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/recording_store_events.h"
#include "upstream/drain/forwarder.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

UpstreamOptions passing_options() {
  UpstreamOptions options;
  options.mode = Mode::passthrough;
  options.passthrough_topic = "sites/{hub}/{topic}";
  options.link.in_flight_max = 10;
  options.link_waits = true;
  return fit_to_mode(options);
}

class Passthrough : public ::testing::Test {
 protected:
  Passthrough() {
    store_.set_events(&events_);
    queue_ = *store_.open_queue("$upstream", store::link_attributes());
    forwarder_ = std::make_unique<Forwarder>(store_, queue_, link_, encoder_, log_, passing_options(), 42);
    forwarder_->start(clock_.now());
  }

  core::Message message(const std::string& body) const {
    core::Message message;
    message.topic = "plant/a";
    message.body = body;
    message.qos = 1;
    message.arrived_hub_ms = clock_.now().hub_ms;
    return message;
  }
  void append(core::Message message) {
    const store::Target target{queue_, 5, message.expires_ms, {}};
    ASSERT_TRUE(store_.append(std::make_shared<core::Message>(std::move(message)), {&target, 1}));
    settle();
  }
  void settle() {
    do {
      forwarder_->on_available(clock_.now());
    } while (executor_.run_ready() > 0);
  }
  // Answers what was published, until nothing more comes; gives the bodies in their order.
  std::vector<std::string> drain() {
    std::vector<std::string> bodies;
    for (settle(); !link_.published.empty(); settle()) {
      for (const auto& one : link_.published) bodies.push_back(one.payload);
      link_.acknowledge();
    }
    return bodies;
  }
  [[nodiscard]] uint64_t waiting() const { return store_.stats(queue_).waiting(); }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::RecordingStoreEvents events_;
  testing::MemQueueStore store_{executor_};
  testing::CommandingLink link_{clock_};
  store::QueueId queue_ = 0;
  std::unique_ptr<Forwarder> forwarder_;
  PassthroughEncoder encoder_{executor_, [this](uint64_t job, core::Result<EncodedJob> made) {
                                forwarder_->on_encoded(job, std::move(made), clock_.now());
                              }};
};

TEST_F(Passthrough, SendsAMessageAsItCame) {
  link_.come_up();
  core::Message sent = message("on");
  core::Properties properties;
  properties.content_type = "text/plain";
  properties.response_topic = "reply";
  properties.correlation_data = std::string("\0c", 2);
  properties.user = {{"a", "b"}, {"a", "c"}};
  sent.properties = std::make_shared<const core::Properties>(properties);
  sent.retain = true;
  sent.expires_ms = clock_.now().hub_ms + 60'000;
  append(std::move(sent));
  ASSERT_THAT(link_.published, SizeIs(1));
  EXPECT_EQ(link_.published[0].topic, "sites/hub-1/plant/a");
  EXPECT_EQ(link_.published[0].payload, "on");
  EXPECT_EQ(link_.published[0].original, properties);
  EXPECT_EQ(link_.published[0].expiry_s, 60u);
  EXPECT_TRUE(link_.published[0].retain);
  EXPECT_EQ(waiting(), 1u) << "until the broker has it";
  link_.acknowledge();
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(Passthrough, KeepsTheirOrderOverOutages) {
  for (int i = 0; i < 50; ++i) append(message(std::to_string(i)));
  link_.come_up();
  settle();
  link_.acknowledge();
  settle();
  const size_t on_their_way = link_.published.size();
  EXPECT_GT(on_their_way, 0u);
  link_.published.clear();
  link_.drop();
  link_.come_up();
  std::vector<std::string> expected;
  for (int i = 1; i < 50; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(drain(), expected) << "those without an answer go again";
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(Passthrough, HasAsManyOnTheirWayAsTheWindowHolds) {
  for (int i = 0; i < 100; ++i) append(message(std::to_string(i)));
  link_.come_up();
  size_t most = 0;
  for (settle(); !link_.published.empty(); settle()) {
    most = std::max(most, link_.published.size());
    link_.acknowledge();
  }
  EXPECT_EQ(most, 10u);
}

TEST_F(Passthrough, PutsAMessageAsideThatTheBrokerRefusesAndGoesOn) {
  const store::QueueId dead = *store_.open_queue(store::kDeadQueue, {store::QueueKind::dead});
  link_.come_up();
  for (const char* body : {"1", "bad", "2"}) append(message(body));
  std::multiset<std::string> accepted;
  for (int round = 0; round < 1000 && waiting() > 0; ++round) {
    for (const auto& one : std::exchange(link_.published, {})) {
      const bool refused = one.payload == "bad";
      if (!refused) accepted.insert(one.payload);
      link_.answer(one.token, refused ? payload_format_invalid : success);
    }
    clock_.advance_ms(1000);
    settle();
  }
  EXPECT_THAT(accepted, ElementsAre("1", "2"));
  EXPECT_EQ(store_.stats(dead).waiting(), 1u);
  EXPECT_EQ(forwarder_->status(clock_.now()).dead_messages, 1u);
}

TEST_F(Passthrough, KeepsWhatTheBrokerHasNoRoomForNow) {
  link_.come_up();
  append(message("1"));
  link_.acknowledge(quota_exceeded);
  EXPECT_EQ(waiting(), 1u);
  clock_.advance_ms(400'000);
  EXPECT_THAT(drain(), ElementsAre("1"));
}

TEST_F(Passthrough, LogsLossesThatItCannotDeclare) {
  append(message("1"));
  ASSERT_TRUE(store_.purge(queue_));
  settle();
  link_.come_up();
  clock_.advance_ms(60'000);
  settle();
  EXPECT_THAT(link_.published, IsEmpty());
  EXPECT_THAT(store_.gaps(queue_), IsEmpty());
  EXPECT_THAT(log_.lines(),
              ::testing::Contains(::testing::HasSubstr("upstream_left_out queue=$upstream messages=1")));
}

TEST(PassthroughTopics, AreMadeOfTheMessagesAndTheHubs) {
  EXPECT_EQ(expand_topic("a/{topic}/{topic}", "x/y"), "a/x/y/x/y");
  EXPECT_EQ(expand_topic("a", "x"), "a");
  EXPECT_EQ(expand_topic("{topic}", "{topic}{hub}"), "{topic}{hub}")
      << "what it is made of is not looked into";
}

TEST_F(Passthrough, OfAPausedQueueSendsNothingUntilItGoesOn) {
  link_.come_up();
  append(message("on its way"));
  ASSERT_THAT(link_.published, SizeIs(1));
  ASSERT_TRUE(store_.set_paused(queue_, true));
  append(message("waits"));
  EXPECT_THAT(drain(), ElementsAre("on its way"));
  EXPECT_EQ(waiting(), 1u);
  clock_.advance_ms(60'000);
  forwarder_->on_tick(clock_.now());
  EXPECT_THAT(link_.published, IsEmpty());
  EXPECT_GT(forwarder_->next_deadline(), clock_.now().mono_ms) << "it does not spin";
  ASSERT_TRUE(store_.set_paused(queue_, false));
  EXPECT_THAT(drain(), ElementsAre("waits"));
  EXPECT_EQ(waiting(), 0u);
}

}  // namespace
}  // namespace headgate::upstream
