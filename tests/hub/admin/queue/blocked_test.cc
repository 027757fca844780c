// Words for what keeps a queue from going on, case by case.
#include "hub/admin/queue/blocked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::hub {
namespace {

using store::QueueKind;
using ::testing::HasSubstr;
using upstream::CarrierState;
using upstream::LinkReport;

constexpr int64_t kNowMs = 1'700'000'060'000;     // 2023-11-14T22:14:20Z
constexpr int64_t kBeforeMs = 1'700'000'000'000;  // 22:13:20Z
constexpr uint16_t kDefault = 1U << store::kDefaultLane;

DrainWorld now_world() { return {.now = {1'000'000, kNowMs}}; }

LinkReport link(CarrierState state, const std::string& name = "cloud") {
  LinkReport report;
  report.named.name = name;
  report.named.connection.host = "broker.example.com";
  report.named.connection.port = 8883;
  report.status.state = state;
  report.status.since_ms = kBeforeMs;
  return report;
}

// What is said of $upstream when it is on that link, or may go over it.
class BlockedByLinks : public ::testing::Test {
 protected:
  QueueDrain drain() {
    DrainFacts facts{.name = "$upstream", .kind = QueueKind::link, .lanes = lanes_};
    facts.up = &queue_;
    for (const LinkReport& link : links_) {
      facts.links.push_back(&link);
      queue_.links.push_back(link.named.name);
      if (link.status.state == CarrierState::up && queue_.link.empty()) queue_.link = link.named.name;
    }
    return drain_of(facts, world_);
  }
  std::string blocked() { return drain().blocked; }

  uint16_t lanes_ = kDefault;
  std::vector<LinkReport> links_{link(CarrierState::up)};
  upstream::QueueReport queue_{"$upstream", "", {}, {}};
  DrainWorld world_ = now_world();
};

TEST_F(BlockedByLinks, NothingWhileOneIsUp) {
  const QueueDrain drained = drain();
  EXPECT_EQ(drained.kind, "link");
  EXPECT_EQ(drained.name, "cloud");
  EXPECT_TRUE(drained.connected);
  EXPECT_EQ(drained.blocked, "");
  EXPECT_EQ(drained.blocked_since_ms, 0);
}

TEST_F(BlockedByLinks, NothingIfNothingWaits) {
  links_ = {link(CarrierState::backing_off)};
  lanes_ = 0;
  EXPECT_EQ(blocked(), "");
  EXPECT_FALSE(drain().connected);
}

TEST_F(BlockedByLinks, WaitingSaysTheErrorAndWhenItTriesAgain) {
  links_ = {link(CarrierState::backing_off)};
  links_[0].status.last_error = "connection refused";
  links_[0].status.retry_in_ms = 11'400;
  const QueueDrain drained = drain();
  EXPECT_EQ(drained.blocked, "link cloud: connection refused; it tries again in 12 s");
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
  EXPECT_FALSE(drained.connected);
}

TEST_F(BlockedByLinks, SinceTheLastOneWentDownThatWasUp) {
  links_ = {link(CarrierState::connecting)};
  world_.links_down_since_ms = kBeforeMs - 5'000;
  const QueueDrain drained = drain();
  EXPECT_EQ(drained.blocked, "link cloud: it connects to broker.example.com:8883");
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs - 5'000);
}

TEST_F(BlockedByLinks, RefusedForGoodSaysWhatToMend) {
  links_ = {link(CarrierState::backing_off)};
  links_[0].status.last_error = "not authorized";
  links_[0].status.hopeless = true;
  EXPECT_EQ(
      blocked(),
      "link cloud: refused: not authorized; mend the user, the password or the certificate of the link, then "
      "headgate reload");
}

TEST_F(BlockedByLinks, EachOfSeveralIsNamed) {
  links_ = {link(CarrierState::backing_off, "fiber"), link(CarrierState::idle, "lte")};
  links_[0].status.retry_in_ms = 300'000;
  const QueueDrain drained = drain();
  EXPECT_EQ(drained.name, "fiber, lte");
  EXPECT_EQ(
      drained.blocked,
      "link fiber: not connected; it tries again in 5 min; link lte: not connected, as it is not needed yet");
}

TEST_F(BlockedByLinks, AnotherThatIsUpTakesOver) {
  links_ = {link(CarrierState::backing_off, "fiber"), link(CarrierState::up, "lte")};
  const QueueDrain drained = drain();
  EXPECT_EQ(drained.name, "lte");
  EXPECT_EQ(drained.blocked, "");
}

TEST_F(BlockedByLinks, BudgetOfTheDayGoesOnAtMidnightOfThePlace) {
  links_[0].permit = {.lanes = 0, .why = "its budget of today is used up", .spent = upstream::Spent::day};
  EXPECT_EQ(
      blocked(),
      "link cloud: its budget of today is used up; it goes on at 2023-11-15 00:00Z, or with a larger budget in "
      "the configuration");
  world_.offset = [](int64_t) { return int64_t{3'600}; };  // it is 23:14 there
  EXPECT_THAT(blocked(), HasSubstr("it goes on at 23:00:00Z"));
}

TEST_F(BlockedByLinks, BudgetOfTheMonthGoesOnWithItsFirstDay) {
  links_[0].permit = {
      .lanes = 0, .why = "its budget of this month is used up", .spent = upstream::Spent::month};
  EXPECT_THAT(blocked(), HasSubstr("it goes on at 2023-12-01 00:00Z"));
  links_[0].named.terms.month_first_day = 20;
  EXPECT_THAT(blocked(), HasSubstr("it goes on at 2023-11-20 00:00Z"));
}

TEST_F(BlockedByLinks, ClosedByItsScheduleButForWhatIsUrgent) {
  links_ = {link(CarrierState::idle)};
  links_[0].permit = {
      .lanes = 1, .open = false, .why = "closed by its schedule for 3 h 05 min, but for priority 0"};
  EXPECT_EQ(
      blocked(),
      "link cloud: closed by its schedule for 3 h 05 min, but for priority 0; other times: \"open\" of the "
      "link in the configuration");
  links_[0].status.state = CarrierState::up;
  lanes_ = kDefault | 1U;
  EXPECT_EQ(blocked(), "") << "what is urgent goes";
}

TEST_F(BlockedByLinks, PrioritiesThatItDoesNotTake) {
  links_[0].permit = {.lanes = 0b111};
  links_[0].named.terms.priority_max = 2;
  EXPECT_EQ(blocked(), "link cloud: it takes only priorities 0 to 2, and what waits has others");
}

TEST_F(BlockedByLinks, AByteRateBlocksOnlyIfItTakesLong) {
  links_[0].permit = {.from_mono_ms = world_.now.mono_ms + 500, .why = "its byte rate is used up"};
  EXPECT_EQ(blocked(), "");
  links_[0].permit.from_mono_ms = world_.now.mono_ms + 30'000;
  EXPECT_EQ(blocked(), "link cloud: its byte rate is used up; it goes on in 30 s");
  links_[0].permit.from_mono_ms = INT64_MAX;
  EXPECT_EQ(blocked(), "") << "its charge is being written";
}

TEST_F(BlockedByLinks, NobodySubscribes) {
  queue_.status.unheard_since_ms = kBeforeMs;
  world_.unheard_topic = "headgate/site-7/up";
  const QueueDrain drained = drain();
  EXPECT_THAT(drained.blocked,
              HasSubstr("link cloud: nobody subscribes to headgate/site-7/up at the broker; start the"));
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
  links_[0].named.terms.topic = "own/topic";
  EXPECT_THAT(blocked(), HasSubstr("nobody subscribes to own/topic at"));
}

TEST_F(BlockedByLinks, AConsumerThatAcknowledgesNothing) {
  queue_.status.end_to_end = {.enabled = true, .held_batches = 3, .held_since_ms = kBeforeMs};
  const QueueDrain drained = drain();
  EXPECT_THAT(drained.blocked, HasSubstr("3 batches that the broker has taken wait for their consumer's"));
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
  queue_.status.end_to_end.heard_ms = kNowMs - 1'000;
  EXPECT_EQ(blocked(), "") << "it acknowledges, one batch after the other";
}

TEST_F(BlockedByLinks, NoLinkAtAll) {
  const QueueDrain drained =
      drain_of({.name = "$upstream", .kind = QueueKind::link, .lanes = kDefault}, now_world());
  EXPECT_EQ(drained.kind, "none");
  EXPECT_THAT(drained.blocked, HasSubstr("no link upstream is set up for it"));
}

TEST_F(BlockedByLinks, AnOperatorAndTheStoreComeFirst) {
  DrainFacts facts{.name = "$upstream", .kind = QueueKind::link, .lanes = kDefault, .paused = true};
  world_.store_error = "no space";
  world_.store_error_since_ms = kBeforeMs;
  EXPECT_EQ(drain_of(facts, world_).blocked,
            "paused by an operator; go on with: headgate queue resume $upstream");
  facts.paused = false;
  const QueueDrain drained = drain_of(facts, world_);
  EXPECT_THAT(drained.blocked, HasSubstr("the store does not write: no space"));
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
}

// ---- clients ----

QueueClient reader(bool connected = true) {
  return {.queue = 1, .client_id = "press-7", .connected = connected, .since_ms = kBeforeMs};
}

QueueDrain of_session(const QueueClient& client) {
  DrainFacts facts{.name = "session/press-7", .kind = QueueKind::session, .lanes = kDefault};
  facts.client = &client;
  return drain_of(facts, now_world());
}

QueueDrain of_input(const QueueClient* client, std::string_view name = "modules/press/inputs/raw") {
  DrainFacts facts{.name = name, .kind = QueueKind::input, .lanes = kDefault};
  facts.client = client;
  return drain_of(facts, now_world());
}

TEST(BlockedByAClient, NothingWhileItAcknowledges) {
  QueueClient client = reader();
  client.in_flight = 20;
  client.unanswered_since_ms = kNowMs - kQuietClientMs + 1;
  const QueueDrain drained = of_session(client);
  EXPECT_EQ(drained.kind, "client");
  EXPECT_EQ(drained.name, "press-7");
  EXPECT_TRUE(drained.connected);
  EXPECT_EQ(drained.blocked, "");
}

TEST(BlockedByAClient, ThatIsAway) {
  QueueClient client = reader(false);
  const QueueDrain drained = of_session(client);
  EXPECT_EQ(
      drained.blocked,
      "client press-7 is away since 22:13:20Z; it gets what waits when it connects again; if it never will: "
      "headgate session rm press-7");
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
  EXPECT_FALSE(drained.connected);
  client.since_ms = kNowMs - 86'400'000;
  EXPECT_THAT(of_session(client).blocked, HasSubstr("away since 2023-11-13 22:14Z;"));
  client.since_ms = 0;
  EXPECT_THAT(of_session(client).blocked,
              HasSubstr("client press-7 has not come back since the hub's start;"));
}

TEST(BlockedByAClient, ThatAcknowledgesNothing) {
  QueueClient client = reader();
  client.in_flight = 20;
  client.unanswered_since_ms = kBeforeMs;
  const QueueDrain drained = of_session(client);
  EXPECT_EQ(
      drained.blocked,
      "client press-7 is connected and has acknowledged nothing since 22:13:20Z: 20 messages were sent to it "
      "without an answer; look at the client, or headgate client kick press-7");
  EXPECT_EQ(drained.blocked_since_ms, kBeforeMs);
}

TEST(BlockedByAClient, ThatReadsTooSlowly) {
  QueueClient client = reader();
  client.unsent_bytes = 300'000;
  EXPECT_THAT(of_session(client).blocked, HasSubstr("300000 bytes wait in its connection"));
}

TEST(BlockedByAClient, OfNoSessionAnyMore) {
  const QueueDrain drained =
      drain_of({.name = "session/press-7", .kind = QueueKind::session, .lanes = kDefault}, now_world());
  EXPECT_EQ(drained.name, "press-7");
  EXPECT_THAT(drained.blocked, HasSubstr("headgate queue purge session/press-7"));
}

TEST(BlockedByAModule, ThatIsAwayOrHeldOrNeverCame) {
  QueueClient client = reader(false);
  client.input = "modules/press/inputs/raw";
  QueueDrain drained = of_input(&client);
  EXPECT_EQ(drained.kind, "module");
  EXPECT_EQ(drained.name, "press");
  EXPECT_THAT(drained.blocked, HasSubstr("or another that subscribes to modules/press/inputs/raw"));
  client.connected = client.held = true;
  EXPECT_THAT(of_input(&client).blocked,
              HasSubstr("gets no more of its input while publishes of its own wait"));
  client = {.input = "modules/press/inputs/raw"};
  drained = of_input(&client);
  EXPECT_FALSE(drained.connected);
  EXPECT_EQ(
      drained.blocked,
      "no client subscribes to modules/press/inputs/raw by its name; start module press, and see headgate client ls");
  client.input = "devices/d7/messages/devicebound";
  drained = of_input(&client, "devices/d7/messages/devicebound");
  EXPECT_EQ(drained.kind, "client");
  EXPECT_THAT(drained.blocked, HasSubstr("start device d7"));
}

TEST(BlockedByNobody, AQueueWithoutARouteOrAReader) {
  EXPECT_EQ(of_input(nullptr).kind, "none");
  EXPECT_THAT(of_input(nullptr).blocked, HasSubstr("no route in force leads to it"));
  const QueueDrain plain = drain_of({.name = "q", .lanes = kDefault}, now_world());
  EXPECT_EQ(plain.kind, "none");
  EXPECT_EQ(plain.blocked, "nobody reads this queue; drop what waits: headgate queue purge q");
}

// ---- the hub's own ----

TEST(BlockedByRoutes, WhatTheirResultsWaitFor) {
  DrainFacts facts{.name = "$computing", .kind = QueueKind::computation, .lanes = kDefault};
  DrainWorld world = now_world();
  EXPECT_EQ(drain_of(facts, world).kind, "routes");
  EXPECT_EQ(drain_of(facts, world).blocked, "");
  world.computing_waits = "queue 'q' is full";
  EXPECT_EQ(drain_of(facts, world).blocked,
            "computing routes wait: queue 'q' is full; make room there, or let that queue drop (onFull)");
  world.disk_low = true;
  EXPECT_THAT(drain_of(facts, world).blocked, HasSubstr("; make room on the disk"));
  world.disk_low = false;
  facts.name = "$results/hourly";
  EXPECT_EQ(drain_of(facts, world).blocked, "") << "another route waits";
  facts.held_back_by = "queue 'q' is full";
  const QueueDrain drained = drain_of(facts, world);
  EXPECT_EQ(drained.name, "hourly");
  EXPECT_THAT(drained.blocked, HasSubstr("results of route hourly wait: queue 'q' is full; make room"));
}

TEST(BlockedByAnOperator, DeadLettersAndNotTheHistory) {
  const QueueDrain dead =
      drain_of({.name = "$dead", .kind = QueueKind::dead, .lanes = kDefault}, now_world());
  EXPECT_EQ(dead.kind, "hub");
  EXPECT_THAT(dead.blocked, HasSubstr("headgate dlq ls"));
  const QueueDrain history =
      drain_of({.name = "$history", .kind = QueueKind::history, .lanes = kDefault}, now_world());
  EXPECT_EQ(history.kind, "hub");
  EXPECT_EQ(history.blocked, "");
}

}  // namespace
}  // namespace headgate::hub
