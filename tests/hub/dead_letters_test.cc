// The hub's queue of dead letters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/config.h"
#include "store/dead_letter.h"
#include "tests/hub/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;

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
  limits_ = store_limits({.dead_bytes_max = 2048});
  restart();
  route("FROM 'load' INTO $upstream");
  for (const char* body : {"a", "b", "c"}) die(body);
  EXPECT_THAT(waiting("$dead"), ElementsAre("b", "c"));
  EXPECT_EQ(store_.stats(dead()).dropped, 1u);
  engine_->use_limits(store_limits({.dead_bytes_max = 1024}));
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

}  // namespace
}  // namespace headgate::hub
