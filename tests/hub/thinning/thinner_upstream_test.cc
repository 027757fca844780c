// Thinning beside whoever sends: whatever fails at whatever step, the far side has each reading once, as it came or in a
// row, and the chain of its batches verifies.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "hub/engine/thinning/thinners.h"
#include "tests/support/batches/tally.h"
#include "tests/support/links/faulty_link.h"
#include "tests/support/number_from.h"
#include "tests/upstream/chain/hub_side.h"
#include "tests/upstream/links/crossing.h"

namespace headgate::hub {
namespace {

using testing::Tally;
using testing::Told;

constexpr uint8_t kLaneOfReadings = 5;
constexpr store::QueuePolicy kThin{.bytes_max = 6 * 1024, .on_full = core::OnFull::thin};

// What happens at a step: the hub is killed, the connection drops, or both.
enum class Fault : uint8_t { kill, drop, drop_and_kill };

// A hub whose link answers for a while, then takes batches without an answer, is away for some minutes, and comes back.
// Somebody publishes a reading a second, and again those that were not durable when the hub was killed.
class Outage : public testing::HubSide {
 public:
  Outage(size_t fault_at, Fault fault) : fault_(fault), fault_at_(fault_at) {
    store.set_policy(queue, kThin);
    start_thinner();
  }

  void run() {
    seconds(40);
    answers_ = false;
    obey();
    seconds(10);
    away_ = true;
    obey();
    seconds(600);
    away_ = false;
    answers_ = true;
    obey();
    seconds(30);
    store.set_policy(queue, {});
    publishes_ = false;
    for (int i = 0; i < 300 && (waiting() > 0 || !store.gaps(queue).empty()); ++i) seconds(1);
  }

  [[nodiscard]] Told told() const {
    std::string batches;
    for (const testing::ReceivedBatch& batch : received) batches += batch.payload;
    return testing::told_by(batches, true);
  }
  [[nodiscard]] const Tally& published() const { return published_; }
  [[nodiscard]] size_t steps() const { return steps_; }

  void on_durable(store::Seq up_to) override {
    unanswered_.erase(unanswered_.begin(), unanswered_.upper_bound(up_to));
    HubSide::on_durable(up_to);
  }
  void on_available(store::QueueId available) override {
    HubSide::on_available(available);
    if (thinner_) thinner_->look();
  }

 private:
  void start_thinner() { thinner_ = std::make_unique<Thinner>(store, queue, begun_, executor, clock, log); }
  void obey() {
    if (away_) link->kill();
    if (!away_) link->revive();
    link->hold_answers(answers_ ? nullptr : std::function<void(std::function<void()>)>([](const auto&) {}));
  }

  void seconds(int64_t n) {
    for (; n > 0; --n) {
      if (publishes_) publish(next_++);
      clock.advance_ms(1000);
      store.tick(clock.now());
      forwarder->on_tick(clock.now());
      thinner_->look();
      while (step()) {
      }
    }
  }
  void publish(int number) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = "{\"v\":" + std::to_string(number) + "}";
    message->arrived_ms = clock.now().wall_ms;
    message->arrived_hub_ms = clock.now().hub_ms;
    const store::Target target{queue, kLaneOfReadings, 0, ""};
    const auto seq = store.append(std::move(message), std::span(&target, 1));
    ASSERT_TRUE(seq);
    unanswered_[*seq] = number;
    if (numbers_.insert(number).second) published_.add(1, number, number, number);
  }

  bool step() {
    if (++steps_ == fault_at_) fail();
    return executor.run_one() || encode() || link->deliver_one();
  }
  void fail() {
    if (fault_ != Fault::kill) link->drop();
    if (fault_ == Fault::drop) return;
    thinner_.reset();
    kill();
    obey();
    start_thinner();
    for (const auto& [seq, number] : std::exchange(unanswered_, {})) publish(number);
  }

  const Fault fault_;
  const size_t fault_at_;
  const Thinner::BegunUpTo begun_ = [this](store::QueueId, uint8_t lane) {
    return forwarder->begun_up_to(lane);
  };
  std::unique_ptr<Thinner> thinner_;
  std::map<store::Seq, int> unanswered_;
  std::set<int> numbers_;
  Tally published_;
  int next_ = 1;
  size_t steps_ = 0;
  bool publishes_ = true;
  bool answers_ = true;
  bool away_ = false;
};

void expect_each_reading_once(const Told& told, const Tally& published) {
  EXPECT_EQ(told.all, published);
  EXPECT_EQ(told.lost, "");
  EXPECT_TRUE(told.rows_are_declared());
}

TEST(ThinnedUpstream, EachReadingCountsOnceUpstream) {
  Outage outage(0, Fault::kill);
  outage.run();
  const Told told = outage.told();
  expect_each_reading_once(told, outage.published());
  EXPECT_GT(told.rows, 5u);
  EXPECT_LT(told.rows, 20u);
}

// HEADGATE_STRIDE=1 takes each step.
TEST(ThinnedUpstream, EachReadingCountsOnceWhateverFailsAtAnyStep) {
  Outage quiet(0, Fault::kill);
  quiet.run();
  const size_t stride = testing::number_from("HEADGATE_STRIDE", 101);
  size_t at = 0;
  for (size_t step = 1; step <= quiet.steps() && !::testing::Test::HasFailure(); step += stride) {
    const Fault fault = std::array{Fault::kill, Fault::drop, Fault::drop_and_kill}[at++ % 3];
    SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " + std::to_string(step));
    Outage outage(step, fault);
    outage.run();
    expect_each_reading_once(outage.told(), outage.published());
  }
  EXPECT_GT(at, 15u);
}

// Queues and links of a hub, with faults of the network as they come.
class ThinnedLinks {
 public:
  explicit ThinnedLinks(unsigned seed) : random_(seed), site_(fiber_and_lte(), options()) {
    queues_ = {site_.add_queue("$upstream"), site_.add_queue("$upstream:lte,fiber", {"lte", "fiber"}),
               site_.add_queue("$upstream:lte", {"lte"})};
    for (const store::QueueId queue : queues_)
      site_.store.set_policy(queue, {.bytes_max = 5 * 1024, .on_full = core::OnFull::thin});
    thinners_.spare([this](store::QueueId queue, uint8_t lane) { return site_.begun_up_to(queue, lane); });
  }

  void run() {
    for (int i = 0; i < 6; ++i) {
      for (int step = 0; step < 4; ++step) {
        spoil(site_.link(below(2) == 0 ? "fiber" : "lte"));
        publish_for(below(60));
      }
      lose_both();
    }
    for (const store::QueueId queue : queues_) site_.store.set_policy(queue, {});
    for (int i = 0; i < 60 && !site_.is_over(); ++i) site_.pass_ms(60'000);
  }

  // Queues so small may have to drop the oldest: then less counts upstream, never more, and the log has said so. Returns whether
  // all counts.
  [[nodiscard]] bool expect_none_twice() {
    std::string batches;
    for (const auto& [name, link] : site_.links)
      for (const std::string& payload : link->received) batches += payload;
    const Told told = testing::told_by(batches, false);
    EXPECT_TRUE(site_.is_over());
    if (told.lost.empty()) expect_each_reading_once(told, published_);
    EXPECT_LE(told.all.count, published_.count);
    EXPECT_TRUE(told.lost.empty() || has_logged("thinning_frees_too_little")) << told.lost;
    return told.lost.empty();
  }
  [[nodiscard]] uint64_t folded() const { return thinners_.status().folded; }

 private:
  using Site = testing::CrossingOf<testing::FaultyLink>;

  static Site::Named fiber_and_lte() {
    upstream::LinkTerms metered;
    metered.cost = upstream::LinkCost::metered;
    return {Site::named("fiber"), Site::named("lte", metered)};
  }
  static upstream::UpstreamOptions options() {
    upstream::UpstreamOptions options = Site::options_of_links();
    options.chain.enabled = true;
    return options;
  }

  size_t below(size_t limit) { return random_() % limit; }
  [[nodiscard]] bool has_logged(std::string_view event) const {
    const std::vector<std::string> lines = site_.log.lines();
    return std::ranges::any_of(lines, [event](const std::string& line) { return line.starts_with(event); });
  }
  // Batches arrive, their answers do not, and nothing goes for so long that their neighbours are folded.
  void lose_both() {
    for (const auto& [name, link] : site_.links) link->heal();
    publish_for(30);
    for (const auto& [name, link] : site_.links) link->go_deaf();
    publish_for(10);
    for (const auto& [name, link] : site_.links) {
      link->cut();
      link->refuses = true;
    }
    publish_for(300 + below(300));
    for (const auto& [name, link] : site_.links) link->heal();
  }
  void publish_for(size_t seconds) {
    for (; seconds > 0; --seconds) {
      for (size_t i = below(4); i > 0; --i) append();
      pass_second();
    }
  }
  void append() {
    const int number = ++number_;
    site_.append(queues_[below(queues_.size())], below(3) == 0 ? 3 : 5,
                 "{\"v\":" + std::to_string(number) + "}");
    published_.add(1, number, number, number);
  }
  void pass_second() {
    site_.pass_ms(1000);
    thinners_.tick();
    site_.settle();
  }
  void spoil(testing::FaultyLink& link) {
    switch (below(5)) {
      case 0:
        return link.cut();
      case 1:
        return link.cut_after(below(3000));
      case 2:
        return link.go_deaf();
      case 3:
        link.refuses = true;
        return;
      default:
        return link.heal();
    }
  }

  std::mt19937 random_;
  Site site_;
  std::vector<store::QueueId> queues_;
  Thinners thinners_{site_.store, site_.executor, site_.clock, site_.log};
  Tally published_;
  int number_ = 0;
};

// HEADGATE_SEEDS seeds from HEADGATE_SEED on.
TEST(ThinnedLinks, NoReadingCountsTwiceOverAnyOfThem) {
  const unsigned seeds = testing::number_from("HEADGATE_SEEDS", 4);
  const unsigned first = testing::number_from("HEADGATE_SEED", 1);
  uint64_t folded = 0;
  unsigned complete = 0;
  for (unsigned seed = first; seed < first + seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ThinnedLinks links(seed);
    links.run();
    if (links.expect_none_twice()) ++complete;
    folded += links.folded();
  }
  EXPECT_GT(folded, seeds * 100);
  EXPECT_GE(complete, seeds - seeds / 20) << "what waits for long takes little room";
}

}  // namespace
}  // namespace headgate::hub
