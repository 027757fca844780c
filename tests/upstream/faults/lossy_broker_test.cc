// Random schedules of a broker that forgets everything and refuses some messages, of outages, kills and pauses on both sides,
// over links that drain in each order: with end-to-end acknowledgement each id arrives, unchanged, and the chain verifies. 50
// schedules; HEADGATE_SEEDS=1000 for more.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "tests/support/batches/acking_consumer.h"
#include "tests/support/number_from.h"
#include "tests/upstream/chain/hub_side.h"

namespace headgate::testing {
namespace {

constexpr uint32_t kCredit = 6;

bool is_poison(uint64_t seq) { return seq % 61 == 0; }

upstream::UpstreamOptions end_to_end() {
  upstream::UpstreamOptions options = small_chained_batches();
  options.acknowledgement = upstream::Acknowledgement::end_to_end;
  options.credit_batches = kCredit;
  options.link.in_flight_max = 3;
  return options;
}

// A broker that has the consumer's session and one retained notice, until it forgets them.
class LossySchedule {
 public:
  explicit LossySchedule(unsigned seed) : random_(seed), hub_(end_to_end()), consumer_(kCredit) {
    (void)hub_.store.open_queue(store::kDeadQueue, {store::QueueKind::dead});
    hub_.drain_in(static_cast<upstream::DrainOrder>(seed % 3));
    connect_hub();
  }

  // Hub and consumer have a dictionary; the consumer loses it and finds it again.
  void use_dictionary() {
    dictionary_ = upstream::read_dictionary(small_batch_dictionary()).value();
    hub_.forwarder->offer(dictionary_);
    hold_dictionary(true);
    consumer_.restart();
  }

  void run() {
    consumer_.acknowledger.on_connected(false, hub_.clock.now().wall_ms);
    for (int step = 0; step < 80; ++step) {
      if (below(3) == 0) spoil();
      hub_.settle();
      for (size_t i = below(10); i > 0; --i) hub_.append(1, below(4) == 0 ? 0 : 5);
      pass_ms(static_cast<int64_t>(below(4000)));
      const upstream::EndToEndStatus status = hub_.status().end_to_end;
      ASSERT_LE(status.held_batches + hub_.status().in_flight_batches, kCredit + 1)
          << "the credit, and what says that numbers were given up";
    }
    consumer_reads_ = true;
    hub_.link->revive();
    for (int i = 0; i < 2000 && !is_over(); ++i) pass_ms(30'000);
  }

  void expect_each_id_once() {
    ASSERT_EQ(hub_.waiting(), 0U) << "acknowledged up to " << hub_.status().end_to_end.number;
    const store::QueueStats& stats = hub_.store.stats(hub_.queue);
    EXPECT_TRUE(is_over()) << "losses and batches that were given up are told, though nothing new comes";
    EXPECT_EQ(stats.delivered + stats.dead, hub_.appended);
    EXPECT_EQ(consumer_.times.size(), stats.delivered);
    EXPECT_EQ(stats.dead, std::ranges::count_if(hub_.appended_seqs, is_poison));
    for (const tools::Finding& finding : consumer_.verifier.findings()) ADD_FAILURE() << finding.what;
  }
  [[nodiscard]] uint64_t copies() const {
    uint64_t copies = 0;
    for (const auto& [id, times] : consumer_.times) copies += times - 1;
    return copies;
  }
  [[nodiscard]] size_t with_dictionary() const { return consumer_.with_dictionary; }
  [[nodiscard]] size_t unreadable() const { return consumer_.unreadable; }
  [[nodiscard]] size_t forgotten() const { return forgotten_; }
  [[nodiscard]] uint64_t ignored() { return hub_.status().end_to_end.ignored_notices; }

 private:
  size_t below(size_t limit) { return random_() % limit; }

  [[nodiscard]] bool is_over() {
    return hub_.waiting() == 0 && hub_.store.gaps(hub_.queue).empty() && hub_.status().head;
  }

  void connect_hub() {
    hub_.answer = [this](const ReceivedBatch& batch) {
      if (below(20) == 0) return static_cast<uint8_t>(upstream::quota_exceeded);
      if (std::ranges::any_of(batch.seqs(), is_poison))
        return static_cast<uint8_t>(upstream::payload_format_invalid);
      session_.push_back(batch.payload);
      return uint8_t{0};
    };
    hub_.link->session.session_present = true;
    hub_.forwarder->offer(dictionary_);
  }

  void hold_dictionary(bool held) {
    consumer_.hold(held ? tools::Dictionaries{{dictionary_->id, dictionary_->bytes}} : tools::Dictionaries());
  }

  void spoil() {
    switch (below(8)) {
      case 0:  // the broker is killed, without persistence
        forgotten_ += session_.size();
        session_.clear();
        retained_.clear();
        hub_.link->session.session_present = false;
        hub_.link->drop();
        hub_.settle();
        return consumer_.acknowledger.on_connected(false, hub_.clock.now().wall_ms);
      case 1:  // only what it was about to hand over is lost
        forgotten_ += session_.empty() ? 0 : 1;
        if (!session_.empty())
          session_.erase(session_.begin() + static_cast<ptrdiff_t>(below(session_.size())));
        return;
      case 2:
        hub_.link->session.session_present = true;
        return hub_.link->drop();
      case 3:
        hub_.kill();
        connect_hub();
        return hear_retained();
      case 4:  // another link, of another order
        hub_.drain_in(static_cast<upstream::DrainOrder>(below(3)));
        return hub_.link->drop();
      case 5:  // an outage, or its end
        return below(2) == 0 ? hub_.link->kill() : hub_.link->revive();
      case 6:
        consumer_reads_ = !consumer_reads_;
        return;
      default:
        if (dictionary_) hold_dictionary(below(2) == 0);
        consumer_.restart();
        return consumer_.acknowledger.on_connected(true, hub_.clock.now().wall_ms);
    }
  }

  // The hub subscribes whenever it comes up.
  void hear_retained() {
    if (!retained_.empty()) hub_.forwarder->on_notice(retained_, hub_.clock.now());
  }

  void pass_ms(int64_t ms) {
    hub_.pass_ms(ms / 2);
    const int64_t now_ms = hub_.clock.now().mono_ms;
    while (consumer_reads_ && !session_.empty()) {
      consumer_.take(session_.front(), now_ms);
      session_.pop_front();
    }
    for (const tools::RetainedNote& note : consumer_.acknowledger.take_due(now_ms)) {
      retained_ = note.payload;
      hear_retained();
    }
    hub_.pass_ms(ms - ms / 2);
  }

  std::mt19937 random_;
  std::deque<std::string> session_;
  std::string retained_;
  bool consumer_reads_ = true;
  size_t forgotten_ = 0;
  upstream::DictionaryPtr dictionary_;
  HubSide hub_;
  AckingConsumer consumer_;
};

TEST(LossySchedules, LoseNothingThoughTheBrokerDoes) {
  const unsigned seeds = number_from("HEADGATE_SEEDS", 50);
  size_t forgotten = 0;
  for (unsigned seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LossySchedule schedule(seed);
    schedule.run();
    schedule.expect_each_id_once();
    forgotten += schedule.forgotten();
    RecordProperty("copies", static_cast<int>(schedule.copies()));
  }
  EXPECT_GT(forgotten, seeds / 2) << "schedules without losses show nothing";
}

TEST(LossySchedules, LoseNothingThoughTheConsumerLosesItsDictionary) {
  const unsigned seeds = number_from("HEADGATE_SEEDS", 50);
  size_t with_dictionary = 0;
  size_t unreadable = 0;
  for (unsigned seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LossySchedule schedule(seed);
    schedule.use_dictionary();
    schedule.run();
    schedule.expect_each_id_once();
    with_dictionary += schedule.with_dictionary();
    unreadable += schedule.unreadable();
  }
  EXPECT_GT(with_dictionary, seeds);
  EXPECT_GT(unreadable, seeds / 10) << "schedules in which it is never missed show nothing";
}

}  // namespace
}  // namespace headgate::testing
