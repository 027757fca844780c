// Drains one queue of the store over one link: connect, have a window of batches encoded, publish them, finish
// what is acknowledged, back off. Sans-I/O: the owner calls the inputs and keeps one timer for next_deadline(),
// which any input may change. Not thread-safe; everything happens on the loop thread, but for the encoding,
// which is up to the Encoder.
//
// What holds:
// - While the link is down nothing is handed to it, and nothing but positions is kept: after a reconnect the
//   entries are read from the store again, with the same seqs. Batch boundaries may differ.
// - An entry is finished as delivered when the broker has acknowledged a batch that holds it, never before.
//   Brokers acknowledge in the order of publishing [MQTT-4.6.0-2], so this moves in order; a refused batch
//   does not hold back those behind it.
// - Within a lane, entries are sent in the order of their seqs; after a refusal or an outage sending goes on
//   with the oldest unfinished one. Batches never mix lanes; which lane is next is up to the LaneMode, and
//   what a lane is charged for is what it put on the wire.
// - A batch is published as it came back from the encoder only if it is still wanted: what was given up meanwhile,
//   because the link dropped, an answer moved the lane back or the forwarder closed, is dropped when it comes. Its
//   entries were never finished and are read again.
// - A batch is published once its plan is written (see Ledger). What was planned and not answered goes again as it was
//   planned, byte for byte, after a lost link and after a kill; where it cannot, a later batch says which number it
//   stands for.
// - One call reads a bounded number of entries; next_deadline() is past while there is more to do. So the loop
//   serves its clients in between, however large a batch is.
// - A batch that is refused is halved until the culprit is alone; only that one ends as a dead letter, and only
//   if the refusal is about the message or other messages got through meanwhile. An upstream that refuses
//   everything loses nothing: the forwarder waits.
// - Where a broker ends the connection instead of refusing, the search costs connections (see DropSearch), and no
//   waits of an outage; lanes that are not suspected go first over each.
// - With end-to-end acknowledgement the broker's answer ends nothing (see EndToEnd): a batch is held, plan and entries, until
//   its consumer has it, and batches that are new are sent only as far as the consumer's credit goes.
// - Where a broker tells that nobody subscribes, nothing is delivered (see Audience): what it took is read again
//   once somebody does.
//
// A worked example. Lane 5 holds the seqs 1 to 5000, a batch up to 1000 messages and 64 KiB, the window four.
//   link up          The window is 1. Four calls read 250 or so each; A = 1..1000 goes to the encoder.
//   A encoded        Published.
//   A acknowledged   1..1000 are finished; the window is 2. B = 1001..2000 and C = 2001..3000 go to the encoder.
//   B encoded        It comes to 80 KB, so it was cut behind 1800: published as 1001..1800. C is given up, because
//                    the lane goes on at 1801, but keeps its place in the window until its encoding is back.
//   C encoded        Dropped. D = 1801..2800 goes to the encoder.
//   link down        B is not acknowledged, D not published: both are given up. D's encoding is dropped when it
//                    comes, even if the link is up again by then.
//   link up          1001 is the oldest unfinished seq: reading starts there. B's messages travel for the second
//                    time, with the same seqs; D's for the first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/time/hub_time.h"
#include "store/lane_picker.h"
#include "store/queue_store.h"
#include "upstream/drain/acks/end_to_end.h"
#include "upstream/drain/audience.h"
#include "upstream/drain/backoff.h"
#include "upstream/drain/chain/head_notice.h"
#include "upstream/drain/chain/ledger.h"
#include "upstream/drain/drop_search.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/gap_notices.h"
#include "upstream/drain/lane_feed.h"
#include "upstream/drain/refusal.h"
#include "upstream/drain/size_limit.h"
#include "upstream/link/link.h"
#include "upstream/options.h"
#include "upstream/payload/encoder.h"

namespace headgate::upstream {

enum class ForwarderState : uint8_t {
  down,         // not started, or closed
  backing_off,  // waiting to connect again
  connecting,   // the link is trying
  up,           // draining
  closing,      // waiting for the last acknowledgements
};
[[nodiscard]] std::string_view state_name(ForwarderState state);

// For `status` and metrics. Counters are since the start of the process.
struct ForwarderStatus {
  ForwarderState state = ForwarderState::down;
  int64_t since_ms = 0;          // Unix time of the last change of state
  int64_t retry_in_ms = 0;       // until the next attempt; 0 unless backing off
  size_t in_flight_batches = 0;  // being encoded, or published and not answered
  size_t window_batches = 0;
  uint64_t connects = 0;  // times the link came up
  uint64_t batches = 0;   // acknowledged; so are the next four
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;  // as sent
  uint64_t json_bytes = 0;     // the same before compression
  uint64_t unheard_batches =
      0;  // of them or beside them: the broker had nobody to give them to (MQTT 5 only)
  int64_t unheard_since_ms = 0;  // Unix time since when data waits for a subscriber; 0: it does not
  uint64_t refused_batches = 0;
  uint64_t dead_messages = 0;
  uint64_t repeated_batches = 0;   // made again as they were planned, since the start
  uint64_t abandoned_batches = 0;  // that could not be: others stand for them
  EndToEndStatus end_to_end;
  std::optional<ChainHead> head;  // none: unknown, or it is not to be told
  std::string last_error;         // empty if there was none
  int64_t last_error_ms = 0;
};

class Forwarder : public LinkEvents {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // `queue` must exist in `store`. `seed` is for the jitter. Registers itself as the link's events; the
  // references must outlive the forwarder.
  Forwarder(store::QueueStore& store, store::QueueId queue, Link& link, Encoder& encoder, core::Log& log,
            UpstreamOptions options, uint64_t seed);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // When stamps may have been wrong, for batches to say so; null: never. Borrowed.
  void doubt(const core::DoubtfulStretches* doubtful) { doubtful_ = doubtful; }

  // Batches may be compressed with this, while the consumer says that it holds it; null: never.
  void offer(DictionaryPtr dictionary) { end_to_end_.offer(std::move(dictionary)); }

  // Reads the chain's plans from the store. Call once, before start(). `key` is that of the chain; empty: it has
  // none. Errors: corrupt, io, unavailable.
  [[nodiscard]] core::Status restore(std::string key) { return ledger_.open(std::move(key)); }

  void start(core::Now now);

  // Sends what is open, waits up to `patience_ms` for acknowledgements, then disconnects; closed() tells.
  void close(core::Now now, int64_t patience_ms);
  [[nodiscard]] bool closed() const { return state_ == ForwarderState::down; }

  // The store has new readable entries in the queue.
  void on_available(core::Now now) { step(now); }

  // See StoreEvents::on_durable().
  void on_durable(store::Seq up_to, core::Now now);
  // The seq that on_durable() has to reach for a batch to go; 0: none waits for it.
  [[nodiscard]] store::Seq awaited_seq() const { return ledger_.awaited(); }

  // The time of next_deadline() has come; calling it early or late does no harm.
  void on_tick(core::Now now) { step(now); }

  // Mono time at which on_tick wants to be called; kNever if only other inputs matter.
  [[nodiscard]] int64_t next_deadline() const;

  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;

  // The consumer of the stream has said what it has: `notice` as it was published (docs/batch-format.md).
  void on_notice(core::Bytes notice, core::Now now);

  // The encoder has answered a job.
  void on_encoded(uint64_t job, core::Result<EncodedJob> made, core::Now now);

  [[nodiscard]] ForwarderStatus status(core::Now now) const;

  // The newest entry of a lane that may be on its way, or known to the far side: of batches before a restart only where
  // they had plans.
  [[nodiscard]] store::Seq begun_up_to(uint8_t lane) const {
    return std::max(lanes_[lane].begun_up_to(), ledger_.begun_up_to(lane));
  }

 private:
  void step(core::Now now);
  void enter(ForwarderState state, core::Now now);
  void connect(core::Now now);
  void back_off(std::string reason, bool hopeless, core::Now now);
  void finish_closing(core::Now now);
  void give_up_all();
  [[nodiscard]] bool has_stalled(core::Now now) const;
  [[nodiscard]] int64_t next_sending(const Intake& intake) const;

  // Reading and encoding.
  void drain_lanes(core::Now now);
  [[nodiscard]] bool has_work(LaneFeed& lane, store::ReadLimit& budget, core::Now now);
  void leave_waiting(core::Now now);
  [[nodiscard]] bool goes_on(core::Now now);
  void follow_plans_of_gaps();
  [[nodiscard]] bool lets_new_go(core::Now now) const;
  void send_open(LaneFeed& lane, core::Now now);
  void send_all_open(core::Now now);
  void send_gaps(core::Now now);
  [[nodiscard]] bool passes_through() const { return options_.mode == Mode::passthrough; }
  [[nodiscard]] bool declares_gaps() const;
  void leave_out(const std::vector<store::Gap>& gaps);
  [[nodiscard]] bool came_in_doubt(const std::vector<store::Entry>& entries) const;
  void ask_for_audience(core::Now now);
  [[nodiscard]] bool has_news() const;
  [[nodiscard]] int64_t asks_at() const;
  void encode(uint8_t lane, std::vector<store::Entry> entries, std::vector<store::Gap> gaps, core::Now now);
  void encode(Batch batch, std::vector<store::Entry> entries, size_t payload_bytes_max);
  void encode_again(const Plan& plan, std::vector<store::Entry> entries);
  [[nodiscard]] const Plan* plan_of(uint8_t lane, const std::vector<store::Entry>& entries);
  void take_encoded(Batch& batch, core::Result<EncodedJob> made, core::Now now);
  void cut(Batch& batch);

  // Publishing.
  void plan_encoded(core::Now now);
  void publish_encoded(core::Now now);
  void announce_head(core::Now now);
  void publish(Batch& batch, core::Now now);
  void pass_through(const Batch& batch, core::Bytes body, core::Now now);
  [[nodiscard]] size_t window_max() const;
  [[nodiscard]] size_t packet_payload_max() const;

  // Answers.
  void accept(Batch batch, uint8_t code, core::Now now);
  void end(const Batch& batch, core::Now now);
  void end_message(const Batch& batch, store::Seq seq, core::Now now);
  // `error`: what to say of it, if there is more to say than the code.
  void refuse(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now, std::string error = {});
  void begin_pause(uint8_t code, core::Now now);

  // End-to-end acknowledgement.
  [[nodiscard]] bool settle_answered(core::Now now);
  [[nodiscard]] std::optional<Batch> recall(const Plan& plan, store::ReadLimit& budget, core::Now now);
  void take_refusal(const Batch& batch, const Nack& nack, core::Now now);
  void answer_replay(core::Now now);
  void send_again(core::Now now);
  void rewind_all();

  void refuse_messages(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now);
  void note_refused_everything(uint8_t code, core::Now now);
  void on_probe_answered(uint8_t code, core::Now now);
  void await_audience(LaneFeed& lane, const Batch& batch, uint8_t code, core::Now now);
  void leave_behind(const Batch& batch);
  void note_audience(core::Now now);
  void bury(LaneFeed& lane, store::Seq seq, core::Now now);
  void bury_passed_over(core::Now now);
  void rewind(LaneFeed& lane);
  void rewind_alone(LaneFeed& lane);
  void give_plans_back();
  void leave_plans();
  void shrink(const Batch& refused, core::Now now);
  void refuse_gaps(const Batch& batch, core::Now now);
  void suspect_dropped_batches(const LinkDown& down, core::Now now);
  void let_others_go_first(core::Now now);

  void note_error(std::string what, core::Now now);

  // Constant after construction.
  store::QueueStore& store_;
  const store::QueueId queue_;
  Link& link_;
  Encoder& encoder_;
  core::Log& log_;
  const UpstreamOptions options_;
  const std::string topic_;  // of batches; of messages that pass through, with {topic}

  std::mt19937_64 random_;

  // Life cycle. Times are mono where not said otherwise.
  ForwarderState state_ = ForwarderState::down;
  int64_t since_wall_ms_ = 0;
  const core::DoubtfulStretches* doubtful_ = nullptr;
  int64_t deadline_ms_ = kNever;  // of the state: next attempt, connect timeout, end of patience
  Backoff backoff_;               // between connections

  // State of a connection.
  struct Connection {
    LinkUp said;
    int64_t up_since_ms = 0;
  };
  Connection connection_;
  Pause pause_;
  Flight flight_;
  SizeLimit size_limit_;
  int64_t more_at_ms_ = kNever;  // when a call ended with more to read
  bool plans_only_ = false;      // nothing else goes before a plan that waits

  // Across connections.
  std::vector<LaneFeed> lanes_;
  store::LanePicker picker_;
  GapNotices gaps_;
  Audience audience_;
  DropSearch search_;
  Ledger ledger_;
  HeadNotice head_notice_;
  EndToEnd end_to_end_;
  ForwarderStatus counters_;
};

}  // namespace headgate::upstream
