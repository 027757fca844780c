// The hub's queue of dead letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/engine/queue_verbs.h"
#include "store/dead_letter.h"
#include "store/format/attributes_codec.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeadLetters : public EngineTest {
 protected:
  // A message that the upstream would not have.
  void die(const std::string& body) {
    auto publisher = client();
    publisher.connect(testing::v5("publisher"));
    publisher.publish(testing::qos1(1, "load", body));
    commit();
    const store::QueueId upstream = engine_->upstream_queue();
    const auto waiting = store_.read(upstream, store::kDefaultLane, 0, {}, clock_.now());
    store_.dead_letter(upstream, store::kDefaultLane, waiting->front().seq, {"refused", 1, 5, "", 0, "", 0});
    commit();
  }
  store::QueueId dead() { return *store_.find_queue(store::kDeadQueue); }
};

TEST_F(DeadLetters, AreKeptByEveryHubUpToItsLimitTheNewest) {
  limits_ = {.dead_bytes_max = 2048};
  restart();
  route("FROM 'load' INTO $upstream");
  for (const char* body : {"a", "b", "c"}) die(body);
  EXPECT_THAT(waiting("$dead"), ElementsAre("b", "c"));
  EXPECT_EQ(store_.stats(dead()).dropped, 1u);
  engine_->use_limits({.dead_bytes_max = 1024});
  store_.tick(clock_.now());
  EXPECT_THAT(waiting("$dead"), ElementsAre("c"));
}

TEST_F(DeadLetters, AreShownToWhoWatchesTheirQueue) {
  route("FROM 'load' INTO $upstream");
  die("before");
  std::vector<std::string> seen;
  const auto tail = engine_->tails().add(dead(), [&](const store::Entry& letter, uint8_t lane) {
    EXPECT_EQ(lane, store::kDefaultLane);
    seen.push_back(letter.message->body);
  });
  die("now");
  engine_->tails().remove(tail);
  die("later");
  EXPECT_THAT(seen, ElementsAre("now"));
}

TEST_F(DeadLetters, AreAllShownHoweverManyComeAtOnce) {
  route("FROM 'load' INTO $upstream");
  die("before");
  size_t seen = 0;
  const auto tail = engine_->tails().add(dead(), [&](const store::Entry&, uint8_t) { ++seen; });
  constexpr size_t kMany = store::ReadLimit{}.messages * 2 + 1;
  auto publisher = client();
  publisher.connect(testing::v5("publisher"));
  for (size_t i = 0; i < kMany; ++i) publisher.publish(testing::qos0("load", "x"));
  commit();
  const store::QueueId upstream = engine_->upstream_queue();
  for (store::Seq seq = 0;;) {
    const auto waiting = store_.read(upstream, store::kDefaultLane, seq, {}, clock_.now());
    if (waiting->empty()) break;
    for (const store::Entry& entry : *waiting) {
      seq = entry.seq;
      store_.dead_letter(upstream, store::kDefaultLane, seq, {"refused", 1, 5, "", 0, "", 0});
    }
  }
  commit();
  engine_->tails().remove(tail);
  EXPECT_EQ(seen, kMany);
}

// What an operator does with them.
class QueueVerbs : public ::testing::Test {
 protected:
  // A message that died in a lane of a queue, having lived for a second; returns its letter.
  store::Seq letter(const std::string& queue, const std::string& body, uint8_t lane = 3,
                    int64_t lives_ms = 0) {
    core::Message message;
    message.topic = "plant/1";
    message.body = body;
    message.arrived_ms = clock_.now().wall_ms;
    message.arrived_hub_ms = clock_.now().hub_ms;
    message.expires_ms = lives_ms == 0 ? 0 : message.arrived_ms + lives_ms;
    const store::QueueId id = *store_.open_queue(queue, store::attributes_by_name(queue));
    const store::Target target{id, lane, message.expires_ms, "tag"};
    const auto seq = store_.append(std::make_shared<core::Message>(message), std::span(&target, 1));
    executor_.run_ready();
    clock_.advance_ms(1'000);
    const store::Seq dead = store_.dead_letter(id, lane, *seq, {"poison", 1, 5, "", 0, "", 0});
    executor_.run_ready();
    return dead;
  }
  std::vector<store::Entry> waiting(const std::string& queue, uint8_t lane) {
    executor_.run_ready();
    return *store_.read(*store_.find_queue(queue), lane, 0, {}, clock_.now());
  }
  size_t letters() { return waiting("$dead", store::kDefaultLane).size(); }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  store::QueueId dead_ = *store_.open_queue(store::kDeadQueue, {store::QueueKind::dead});
};

TEST_F(QueueVerbs, PutALetterBackIntoItsLane) {
  const store::Seq dead = letter("$upstream", "x", 3);
  const auto replayed = replay_dead_letter(store_, dead, clock_.now());
  ASSERT_TRUE(replayed) << replayed.error().what;
  const auto back = waiting("$upstream", 3);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].seq, replayed->seq);
  EXPECT_EQ(back[0].message->body, "x");
  EXPECT_EQ(back[0].tag, "tag");
  EXPECT_EQ(letters(), 0u);
}

TEST_F(QueueVerbs, GiveALetterTheTimeToLiveThatItHadAtFirst) {
  const store::Seq dead = letter("$upstream", "x", 3, 60'000);
  clock_.advance_ms(3'600'000);
  ASSERT_TRUE(replay_dead_letter(store_, dead, clock_.now()));
  const auto back = waiting("$upstream", 3);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].expires_ms, clock_.now().hub_ms + 60'000);
  EXPECT_EQ(back[0].message->expires_ms, clock_.now().hub_ms + 60'000);
}

TEST_F(QueueVerbs, LeaveALetterThatCannotGoBackAndSayWhy) {
  const store::Seq orphan = letter("modules/gone/inputs/i", "x");
  ASSERT_TRUE(store_.remove_queue(*store_.find_queue("modules/gone/inputs/i")));
  const store::Seq old = letter("aged", "x");
  store_.set_policy(*store_.find_queue("aged"), {0, 0, 500, store::OnFull::reject});
  EXPECT_EQ(replay_dead_letter(store_, orphan, clock_.now()).error().what,
            "dead letter 2: the queue 'modules/gone/inputs/i' that it came from is gone");
  EXPECT_THAT(replay_dead_letter(store_, old, clock_.now()).error().what, HasSubstr("keeps no message"));
  EXPECT_EQ(replay_dead_letter(store_, 99, clock_.now()).error().what, "there is no dead letter 99");
  EXPECT_EQ(letters(), 2u);
}

TEST_F(QueueVerbs, PutAllLettersBackButThoseThatCannotGo) {
  letter("$upstream", "a");
  letter("gone", "b");
  letter("$upstream", "c");
  ASSERT_TRUE(store_.remove_queue(*store_.find_queue("gone")));
  const auto report = replay_dead_letters(store_, 0, clock_.now());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->replayed.size(), 2u);
  ASSERT_EQ(report->refused.size(), 1u);
  executor_.run_ready();
  const auto rest = replay_dead_letters(store_, report->next, clock_.now());
  EXPECT_EQ(rest->next, 0u) << "or a letter that cannot go back is tried for ever";
  EXPECT_EQ(letters(), 1u);
}

TEST_F(QueueVerbs, DropLettersAndQueues) {
  const store::Seq dead = letter("$upstream", "a");
  letter("$upstream", "b");
  EXPECT_TRUE(purge_dead_letter(store_, dead, clock_.now()));
  EXPECT_EQ(purge_dead_letter(store_, dead, clock_.now()).error().code, core::Errc::not_found);
  EXPECT_EQ(letters(), 1u);
  EXPECT_EQ(purge_queue(store_, "$dead").value(), 1u);
  EXPECT_EQ(purge_queue(store_, "nowhere").error().what, "there is no queue \"nowhere\"");
  EXPECT_EQ(store_.stats(dead_).dropped, 2u);
}

}  // namespace
}  // namespace headgate::hub
