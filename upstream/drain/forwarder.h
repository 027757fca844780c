// Drains one queue of the store over one link: connect, have a window of batches encoded, publish them, finish
// what is acknowledged, back off. The life cycle is here, and the order of the stages that do the rest. Sans-I/O: the
// owner calls the inputs and keeps one timer for next_deadline(), which any input may change. Not thread-safe;
// everything happens on the loop thread, but for the encoding, which is up to the Encoder.
//
// What holds:
// - While the link is down nothing is handed to it, and nothing but positions is kept: after a reconnect the
//   entries are read from the store again, with the same seqs. Batch boundaries may differ.
// - Up, each input passes the stages in their order: what answers have settled, what is encoded goes, what the window has
//   room for is read. Their headers say what each promises: stages/answers.h, stages/publisher.h, stages/loader.h and
//   stages/packer.h; stages/drain_state.h is what they share.
// - next_deadline() is past while there is more to do than one call does. So the loop serves its clients in between.
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
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/log.h"
#include "core/time/hub_time.h"
#include "store/queue_store.h"
#include "upstream/drain/acks/end_to_end.h"
#include "upstream/drain/backoff.h"
#include "upstream/drain/chain/ledger.h"
#include "upstream/drain/stages/answers.h"
#include "upstream/drain/stages/drain_state.h"
#include "upstream/drain/stages/loader.h"
#include "upstream/drain/stages/packer.h"
#include "upstream/drain/stages/publisher.h"
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

// For `status` and metrics.
struct ForwarderStatus : DrainCounts {
  ForwarderState state = ForwarderState::down;
  int64_t since_ms = 0;          // Unix time of the last change of state
  int64_t retry_in_ms = 0;       // until the next attempt; 0 unless backing off
  size_t in_flight_batches = 0;  // being encoded, or published and not answered
  size_t window_batches = 0;
  int64_t unheard_since_ms = 0;    // Unix time since when data waits for a subscriber; 0: it does not
  uint64_t repeated_batches = 0;   // made again as they were planned, since the start
  uint64_t abandoned_batches = 0;  // that could not be: others stand for them
  EndToEndStatus end_to_end = {};
  std::optional<ChainHead> head = {};  // none: unknown, or it is not to be told
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
  void doubt(const core::DoubtfulStretches* doubtful) { packer_.doubt(doubtful); }

  // Tells of what becomes of batches; null: nobody. Borrowed.
  void watch(BatchWatcher* watcher) { drain_.watcher = watcher; }

  // Batches may be compressed with this, while the consumer says that it holds it; null: never.
  void offer(DictionaryPtr dictionary) { drain_.end_to_end.offer(std::move(dictionary)); }

  // Reads the chain's plans from the store. Call once, before start(). `key` is that of the chain; empty: it has
  // none. Errors: corrupt, io, unavailable.
  [[nodiscard]] core::Status restore(std::string key) { return drain_.ledger.open(std::move(key)); }

  void start(core::Now now);

  // Sends what is open, waits up to `patience_ms` for acknowledgements, then disconnects; closed() tells.
  void close(core::Now now, int64_t patience_ms);
  [[nodiscard]] bool closed() const { return state_ == ForwarderState::down; }

  // The store has new readable entries in the queue.
  void on_available(core::Now now) { step(now); }

  // See StoreEvents::on_durable().
  void on_durable(store::Seq up_to, core::Now now);
  // The seq that on_durable() has to reach for a batch to go; 0: none waits for it.
  [[nodiscard]] store::Seq awaited_seq() const { return drain_.ledger.awaited(); }

  // The time of next_deadline() has come; calling it early or late does no harm.
  void on_tick(core::Now now) { step(now); }

  // Mono time at which on_tick wants to be called; kNever if only other inputs matter.
  [[nodiscard]] int64_t next_deadline() const;

  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_put_back(Token token, core::Now now) override;
  void on_takes_again(core::Now now) override;

  // The consumer of the stream has said what it has: `notice` as it was published (docs/batch-format.md).
  void on_notice(core::Bytes notice, core::Now now);

  // The encoder has answered a job.
  void on_encoded(uint64_t job, core::Result<EncodedJob> made, core::Now now);

  [[nodiscard]] ForwarderStatus status(core::Now now) const;

  // The newest entry of a lane that may be on its way, or known to the far side: of batches before a restart only where
  // they had plans.
  [[nodiscard]] store::Seq begun_up_to(uint8_t lane) const {
    return std::max(drain_.lanes[lane].begun_up_to(), drain_.ledger.begun_up_to(lane));
  }

 private:
  void step(core::Now now);
  void drain(core::Now now);
  void enter(ForwarderState state, core::Now now);
  void connect(core::Now now);
  void note_no_room(core::Now now);
  void back_off(std::string reason, bool hopeless, core::Now now);
  void finish_closing(core::Now now);
  [[nodiscard]] int64_t stalls_at() const;

  DrainState drain_;
  Packer packer_;
  Loader loader_;
  Publisher publisher_;
  Answers answers_;

  // Times are mono where not said otherwise.
  ForwarderState state_ = ForwarderState::down;
  int64_t since_wall_ms_ = 0;
  int64_t deadline_ms_ = kNever;  // of the state: next attempt, connect timeout, end of patience
  Backoff backoff_;               // between connections
};

}  // namespace headgate::upstream
