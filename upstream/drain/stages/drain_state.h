// State that the stages of a drain share: between what it drains, the lanes, what is on its way, and what is known of the
// broker and the consumer. A batch passes the Loader, the Publisher and the Answers, in this order; they decide, and this
// keeps. It has the few operations that several of them need, and rules of its own none. Owned by the Forwarder; loop
// thread only.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "store/lane_picker.h"
#include "store/queue_store.h"
#include "upstream/drain/acks/end_to_end.h"
#include "upstream/drain/audience.h"
#include "upstream/drain/backoff.h"
#include "upstream/drain/batch_watcher.h"
#include "upstream/drain/chain/ledger.h"
#include "upstream/drain/flight.h"
#include "upstream/drain/gap_notices.h"
#include "upstream/drain/lane_feed.h"
#include "upstream/drain/size_limit.h"
#include "upstream/link/link.h"
#include "upstream/options.h"

namespace headgate::upstream {

// Counters since the start of the process, and the last error.
struct DrainCounts {
  uint64_t connects = 0;  // times the link came up
  uint64_t batches = 0;   // acknowledged; so are the next three
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;  // as sent
  uint64_t json_bytes = 0;     // the same before compression
  uint64_t unheard_batches =
      0;  // of them or beside them: the broker had nobody to give them to (MQTT 5 only)
  uint64_t refused_batches = 0;
  uint64_t dead_messages = 0;
  std::string last_error;     // empty if there was none
  int64_t last_error_ms = 0;  // Unix time
};

struct DrainState {
  static constexpr int64_t kNever = INT64_MAX;
  // Read in one call: some 0.2 ms of the loop's time (docs/adr/0032).
  static constexpr store::ReadLimit kReadAtOnce{.messages = 256, .bytes = 256 * 1024};

  struct Connection {
    LinkUp said;
    int64_t up_since_ms = 0;  // mono
  };

  // The queue `id` must exist in `queues`. `seed` is for jitter. The references must outlive it.
  DrainState(store::QueueStore& queues, store::QueueId id, Link& line, core::Log& events,
             UpstreamOptions settings, uint64_t seed);
  DrainState(const DrainState&) = delete;
  DrainState& operator=(const DrainState&) = delete;

  // The link has come up, and nothing is on its way.
  void on_link_up(const LinkUp& up, core::Now now);
  // The connection has ended, or nobody waits for it any more: what was on its way is read again.
  void on_link_down();

  // Gives back what the lane has taken and not published, and has it read again once what it has published is answered.
  // Where plans wait then, all lanes go back: nothing new goes before the plans.
  void rewind(LaneFeed& lane);
  void rewind_all();

  void note_error(std::string what, core::Now now);
  // Tells the watcher, if there is one, of a batch that has messages.
  void tell(BatchStep::What what, const Batch& batch, uint8_t code, core::Now now) const;

  // Constant after construction.
  store::QueueStore& store;
  const store::QueueId queue;
  Link& link;
  core::Log& log;
  const UpstreamOptions options;
  const std::string topic;          // of batches; of messages that pass through, with {topic}
  BatchWatcher* watcher = nullptr;  // null: nobody wants to know

  std::mt19937_64 random;

  // State of a connection.
  Connection connection;
  Pause pause;
  Flight flight;
  SizeLimit size_limit;
  // An operator has stopped what leaves the queue.
  [[nodiscard]] bool is_stopped() const { return store.is_paused(queue); }

  int64_t more_at_ms = kNever;  // mono, when a call ended with more to do

  // Across connections.
  std::vector<LaneFeed> lanes;
  store::LanePicker picker;
  GapNotices gaps;
  Audience audience;
  Ledger ledger;
  EndToEnd end_to_end;
  DrainCounts counts;

 private:
  void rewind_alone(LaneFeed& lane);
  void give_plans_back();
};

}  // namespace headgate::upstream
