// End-to-end acknowledgement of a stream: what its consumer upstream has, how much it lets be on its way, and when it is to be
// sent again what it lacks. Sans-I/O; the stages of the drain do what follows from it.
//
// What holds:
// - A batch is held from the broker's answer to the consumer's acknowledgement, and its plan is kept as long. Batches held
//   and on their way are never more than the credit, so what is kept of them is bounded. One alone may go beyond it that says
//   which numbers were given up: a consumer that has not read so cannot acknowledge those behind them.
// - An acknowledgement that cannot be true (malformed, of another epoch or hash, of batches that were not sent, less than an
//   earlier one, with a hole before it) deletes nothing. Of one that is less, as of a consumer that has lost its state, credit
//   and wish count: it could get nothing that it might acknowledge otherwise.
// - The broker may lose everything. What it has taken goes again, in the order of the numbers, when its session with the
//   hub is not there any more, when the consumer wishes it, and when nothing was acknowledged for a long time. The times
//   between double while nothing is acknowledged, so that a consumer that is gone costs little.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "core/result.h"
#include "upstream/drain/acks/held.h"
#include "upstream/drain/acks/notice.h"
#include "upstream/drain/acks/offered_dictionary.h"
#include "upstream/drain/chain/ledger.h"
#include "upstream/options.h"

namespace headgate::upstream {

// For `upstream status` and metrics. Counters are since the start of the process.
struct EndToEndStatus {
  bool enabled = false;
  size_t held_batches = 0;       // that the broker has taken and the consumer has not acknowledged
  int64_t held_since_ms = 0;     // Unix time of the oldest; 0: there is none
  size_t credit_batches = 0;     // that may be on their way and held
  uint64_t number = 0;           // of the last batch that was acknowledged; 0: this process has heard of none
  int64_t heard_ms = 0;          // Unix time of the last acknowledgement that counted; 0: never
  uint64_t notices = 0;          // acknowledgements that counted
  uint64_t ignored_notices = 0;  // and those that could not be true
  uint64_t refused_batches = 0;  // by the consumer; so are the next
  uint64_t refused_messages = 0;
  uint64_t sent_again_batches = 0;  // because they may have been lost behind the broker's answer
};

class EndToEnd {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // After a connection is made the retained acknowledgement is waited for, so long, before anything goes again.
  static constexpr int64_t kHearMs = 3000;
  // Between two times at which the consumer is sent again what it lacks, at first.
  static constexpr int64_t kAgainMs = 10000;
  static constexpr uint32_t kDoublingsMax = 8;

  // Does nothing unless the options say so and batches have numbers. `log` is borrowed.
  EndToEnd(const UpstreamOptions& options, std::string epoch, core::Log& log);
  [[nodiscard]] bool enabled() const { return enabled_; }

  // ---- what the consumer says ----
  // Takes a notice, or says in the log and a counter why it is ignored.
  void hear(core::Bytes text, const Ledger& ledger, core::Now now);
  // The consumer has the batch, or refuses it.
  [[nodiscard]] bool is_answered(uint64_t number) const { return number <= number_ || refusal_of(number); }
  // Null unless the consumer refuses that.
  [[nodiscard]] const Nack* refusal_of(uint64_t batch) const;
  [[nodiscard]] const Nack* refusal_of_message(store::Seq seq) const;

  // ---- what is on its way ----
  // Batches up to this number may have reached somebody.
  void on_published(uint64_t number) { published_ = std::max(published_, number); }
  void hold(Batch batch, core::Now now);
  [[nodiscard]] HeldBatches& held() { return held_; }
  [[nodiscard]] const HeldBatches& held() const { return held_; }
  // `owes`: see Ledger::owes_declaration().
  [[nodiscard]] bool lets_new_go(size_t in_flight, bool owes) const;
  // Whether batches that were planned earlier may go: the consumer has said what it has, or does not say it.
  [[nodiscard]] bool lets_planned_go(core::Now now);
  // Nothing may begin its way, not even a question, until next_deadline() or another input. `plans_wait`: something planned
  // earlier is next.
  [[nodiscard]] bool stops(bool plans_wait) const {
    return enabled_ && (begins_ || (plans_wait && hear_until_ms_ != 0));
  }
  // No batch may.
  [[nodiscard]] bool holds_back(bool plans_wait, size_t in_flight, bool owes) const;

  // Batches may be compressed with this while the consumer holds it; null: never.
  void offer(DictionaryPtr dictionary) { dictionary_.offer(std::move(dictionary)); }
  // Dictionary that it holds now; null: none.
  [[nodiscard]] DictionaryPtr dictionary() const { return dictionary_.usable(); }

  // Batch of a plan, as far as its messages have been looked up; without any for another plan than the last.
  [[nodiscard]] Batch& recalled(const Plan& plan);

  // ---- replay ----
  // Mono time from which the consumer is to be told what it can have once more; kNever: it has not asked.
  [[nodiscard]] int64_t answers_at() const { return answer_at_ms_; }
  // The answer; what is still there goes again.
  [[nodiscard]] std::string answer_replay(const Ledger& ledger, core::Now now);
  // Levels below the topic of the batches where the answer goes.
  [[nodiscard]] std::string answer_level() const { return "replay/" + stream_; }

  // ---- once more ----
  void on_link_up(bool session_present, core::Now now);
  // Everything held is to go again, once nothing is in flight: until then nothing new goes.
  [[nodiscard]] bool wants_again(core::Now now);
  // A batch goes later than those behind it: they go again after it, so that all arrive in order.
  void on_overtaken(uint64_t number);
  // Lets go of what goes again.
  void begin_again(core::Now now);
  void on_settled(core::Now now);
  void count_refusal(size_t messages);
  // Mono time of the next thing to do.
  [[nodiscard]] int64_t next_deadline(bool plans_wait) const;

  [[nodiscard]] EndToEndStatus status() const;

 private:
  [[nodiscard]] core::Status judge(const AckNotice& notice, const Ledger& ledger);
  [[nodiscard]] int64_t again_at() const;
  void ignore(const std::string& why, core::Now now);
  void hear_of_needs(const AckNotice& notice, bool is_news);
  void hear_of_dictionaries(const std::vector<uint32_t>& ids);

  const bool enabled_;
  const std::string stream_;
  const std::string epoch_;
  const int64_t timeout_ms_;
  core::Log& log_;
  core::LogLimiter ignored_;
  HeldBatches held_;
  Batch recalled_;
  OfferedDictionary dictionary_;
  size_t credit_;
  uint64_t number_ = 0;     // acknowledged up to here, as far as it has been said to this process
  uint64_t published_ = 0;  // last number that may have reached somebody
  std::vector<Nack> nacks_;
  std::optional<ReplayWish> replay_;  // heard last
  int64_t answer_at_ms_ = kNever;     // mono, as the next
  int64_t answered_at_ms_ = -kAgainMs;
  uint64_t wish_ = 0;                  // last wish of the consumer to be sent something again; 0: none heard
  bool wished_ = false;                // held batches may be lost
  int64_t again_from_ms_ = 0;          // mono; before it nothing goes again for that
  bool begins_ = false;                // they are about to go again
  std::optional<uint64_t> overtaken_;  // only those behind this one
  int64_t moved_at_ms_ =
      0;  // mono, of the last progress: since then something has been held without an answer
  uint32_t doublings_ = 0;
  int64_t hear_until_ms_ = 0;  // mono
  EndToEndStatus counters_;
};

}  // namespace headgate::upstream
