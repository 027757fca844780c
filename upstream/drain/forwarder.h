// Drains one queue of the store over one link: connect, send a window of batches, finish what is
// acknowledged, back off. Sans-I/O: the owner calls the inputs and keeps one timer for next_deadline(), which
// any input may change. Not thread-safe; everything happens on the loop thread.
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
// - A batch that is refused is halved until the culprit is alone; only that one ends as a dead letter, and only
//   if the refusal is about the message or other messages got through meanwhile. An upstream that refuses
//   everything loses nothing: the forwarder waits.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "store/lane_picker.h"
#include "store/queue_store.h"
#include "upstream/drain/backoff.h"
#include "upstream/drain/batcher.h"
#include "upstream/drain/isolation.h"
#include "upstream/link/link.h"
#include "upstream/options.h"
#include "upstream/payload/batch_codec.h"

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
  int64_t since_ms = 0;     // Unix time of the last change of state
  int64_t retry_in_ms = 0;  // until the next attempt; 0 unless backing off
  size_t in_flight_batches = 0;
  size_t window_batches = 0;
  uint64_t connects = 0;  // times the link came up
  uint64_t batches = 0;   // acknowledged; so are the next four
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;    // as sent
  uint64_t json_bytes = 0;       // the same before compression
  uint64_t unheard_batches = 0;  // acknowledged, but nobody upstream is subscribed (MQTT 5 only)
  uint64_t refused_batches = 0;
  uint64_t dead_messages = 0;
  std::string last_error;  // empty if there was none
  int64_t last_error_ms = 0;
};

class Forwarder : public LinkEvents {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // `queue` must exist in `store`. `seed` is for the jitter. Registers itself as the link's events; the
  // references must outlive the forwarder.
  Forwarder(store::QueueStore& store, store::QueueId queue, Link& link, core::Log& log,
            UpstreamOptions options, uint64_t seed);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  void start(core::Now now);

  // Sends what is open, waits up to `patience_ms` for acknowledgements, then disconnects; closed() tells.
  void close(core::Now now, int64_t patience_ms);
  [[nodiscard]] bool closed() const { return state_ == ForwarderState::down; }

  // The store has new readable entries in the queue.
  void on_available(core::Now now) { step(now); }

  // The time of next_deadline() has come; calling it early or late does no harm.
  void on_tick(core::Now now) { step(now); }

  // Mono time at which on_tick wants to be called; kNever if only other inputs matter.
  [[nodiscard]] int64_t next_deadline() const;

  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;

  [[nodiscard]] ForwarderStatus status(core::Now now) const;

 private:
  // One publish that is not answered yet.
  struct Batch {
    Token token = 0;
    uint8_t lane = 0;
    std::vector<store::Seq> seqs;
    std::vector<store::Gap> gaps;
    size_t payload_bytes = 0;
    size_t json_bytes = 0;
    int64_t sent_at_ms = 0;  // mono
  };

  // How often a message was refused that travelled alone.
  struct Refusals {
    store::Seq seq = 0;
    uint32_t times = 0;
    std::string first;
    int64_t first_ms = 0;  // Unix time
    std::string last;
    int64_t last_ms = 0;
  };

  // How far a lane has got.
  struct Lane {
    Lane(uint8_t n, const UpstreamOptions& options)
        : number(n), batcher(options.batch, n), isolation(options.attempts_max) {}

    uint8_t number;
    Batcher batcher;
    Isolation isolation;
    store::Seq after = 0;       // the last seq taken from the store
    size_t taken = 0;           // entries taken and neither finished nor given back
    size_t in_flight = 0;       // batches
    bool rewinding = false;     // waits until nothing is in flight, then starts from the oldest again
    int64_t hold_until_ms = 0;  // mono; 0 = not held
    Refusals refusals;          // of the last that was
  };

  void step(core::Now now);
  void enter(ForwarderState state, core::Now now);
  void connect(core::Now now);
  void back_off(std::string reason, bool hopeless, core::Now now);
  void finish_closing(core::Now now);
  void forget_in_flight();

  // Sending.
  void drain_lanes(core::Now now);
  [[nodiscard]] bool has_batch(Lane& lane, core::Now now);
  [[nodiscard]] bool may_send(Lane& lane, core::Now now);
  void top_up(Lane& lane, core::Now now);
  void add_entries(Lane& lane, std::vector<store::Entry> entries, core::Now now);
  void send_batch(Lane& lane, core::Now now);
  void send_open_batches(core::Now now);
  void drop_expired(Lane& lane, std::vector<store::Entry>& entries, core::Now now);
  [[nodiscard]] core::Result<EncodedBatch> encode_to_fit(Lane& lane, std::vector<store::Entry>& entries,
                                                         std::span<const store::Gap> gaps, core::Now now);
  [[nodiscard]] core::Result<EncodedBatch> encode(const Lane& lane, std::span<const store::Entry> entries,
                                                  std::span<const store::Gap> gaps, core::Now now);
  void publish(Lane& lane, Batch batch, const EncodedBatch& encoded, uint32_t expiry_s, core::Now now);
  [[nodiscard]] std::vector<store::Gap> undeclared_gaps() const;
  void send_gaps(core::Now now);

  // Answers.
  void accept(Lane& lane, const Batch& batch, uint8_t code, core::Now now);
  void forget_declared_gaps(const Batch& batch);
  // `error`: what to say of it, if there is more to say than the code.
  void refuse(Lane& lane, const Batch& batch, uint8_t code, core::Now now, std::string error = {});
  void refuse_messages(Lane& lane, const Batch& batch, uint8_t code, core::Now now);
  void note_refusal(Lane& lane, store::Seq seq, std::string error, core::Now now);
  void bury(Lane& lane, store::Seq seq, core::Now now);
  void bury_passed_over(core::Now now);
  void rewind(Lane& lane);
  void start_over_if_quiet(Lane& lane);
  void suspect_dropped_batch(const LinkDown& down, core::Now now);

  void note_error(std::string what, core::Now now);
  [[nodiscard]] bool window_open() const { return in_flight_.size() < window_; }
  [[nodiscard]] size_t window_max() const;
  [[nodiscard]] size_t packet_payload_max() const;

  // Constant after construction.
  store::QueueStore& store_;
  const store::QueueId queue_;
  Link& link_;
  core::Log& log_;
  const UpstreamOptions options_;
  const std::string topic_;

  std::mt19937_64 random_;
  Backoff backoff_;        // between connections
  Backoff quota_backoff_;  // while connected, when the upstream says "not now"
  BatchEncoder encoder_;

  // Life cycle. Times are mono where not said otherwise.
  ForwarderState state_ = ForwarderState::down;
  int64_t since_wall_ms_ = 0;
  int64_t deadline_ms_ = kNever;  // of the state: next attempt, connect timeout, end of patience
  int64_t up_since_ms_ = 0;

  // One connection.
  LinkUp session_;
  size_t window_ = 1;  // batches; grows with each acknowledgement
  std::deque<Batch> in_flight_;
  int64_t progress_at_ms_ = 0;  // last answer, or first publish after none was in flight
  int64_t pause_until_ms_ = 0;  // 0 = not paused
  int64_t gaps_at_ms_ = 0;      // when to look for gaps that no batch has carried
  bool accepted_since_up_ = false;
  bool accepted_since_quota_ = true;

  // Across connections.
  Token next_token_ = 1;
  std::vector<Lane> lanes_;
  store::LanePicker picker_;
  store::Seq dropped_first_ = 0;  // the batch that was alone in flight when the link dropped, how often
  uint32_t dropped_times_ = 0;
  uint64_t accepted_ = 0;  // batches, ever
  ForwarderStatus counters_;
};

}  // namespace headgate::upstream
