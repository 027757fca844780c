// Finds the batch for which a broker ends the connection. MQTT 3.1.1 cannot refuse a publish, and no broker can answer
// a packet that it will not read. Pure.
//
// A connection that ends soon after a publish, with an answer due, is suspicious. From then on batches travel alone, so
// that it is known which one the next connection ends for, and the connections that this costs come in quick
// succession: an outage is waited for, a search is not. The batch for which three connections in a row end counts as
// refused, and so do, at once, the halves of one that was. The search ends when the culprit is gone, when what was
// suspected got through, or when the link has been up for a while.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "upstream/drain/flight.h"
#include "upstream/link/link.h"

namespace headgate::upstream {

class DropSearch {
 public:
  struct Refusal {
    uint8_t code = 0;
    std::string error;
  };

  // Connections without a wait from one finding to the next. The longest batch takes 17 halvings, and several lanes
  // may be searched; a broker that ends every connection, whatever is sent, is soon left alone.
  static constexpr uint32_t kQuickMax = 60;
  // A link that was up at least this long did not end for what is looked for.
  static constexpr int64_t kStableMs = 30000;

  explicit DropSearch(int64_t backoff_base_ms) : base_ms_(backoff_base_ms) {}

  // The connection ended while these were published and not answered. `on_trial`: the only one is part of a batch that
  // was refused. Tells how that one was refused, once it is clear that it was.
  [[nodiscard]] std::optional<Refusal> on_drop(const std::list<Batch>& published, bool on_trial,
                                               const LinkDown& down, core::Now now);
  // How long to wait before connecting again, if this is a step of the search; asks once for each on_drop(). `random`
  // is any uniformly distributed number.
  [[nodiscard]] std::optional<int64_t> quick_wait_ms(uint64_t random);

  // Batches are to travel alone.
  [[nodiscard]] bool active() const { return !suspects_.empty(); }
  // The lane that a connection ended for last, if it is known, and how long the others go before it then.
  [[nodiscard]] std::optional<uint8_t> suspected_lane() const { return lane_; }
  [[nodiscard]] int64_t others_first_ms() const { return base_ms_ / 2; }

  void on_accepted(const Batch& batch, int64_t up_ms);
  void on_culprit_gone();
  // Whatever is sent is refused: there is no culprit to look for.
  void give_up();

 private:
  struct Suspect {
    uint8_t lane = 0;
    store::Seq last = 0;
  };

  // How often in a row a lane's batch that begins with this seq was alone when the connection ended.
  struct Blame {
    store::Seq first = 0;
    uint32_t times = 0;
  };

  void end();
  void suspect(const std::list<Batch>& published);
  [[nodiscard]] bool is_blamed(const Batch& alone, bool on_trial);

  const int64_t base_ms_;
  std::vector<Suspect> suspects_;  // one a lane, with the last seq that was on its way
  std::optional<uint8_t> lane_;    // of the batch that travelled alone when the connection ended last
  std::array<Blame, store::kLaneCount> blames_{};
  uint32_t quick_left_ = kQuickMax;
  bool quick_next_ = false;
};

}  // namespace headgate::upstream
