// Live streams of the hub (GET /v1/live): a line of JSON at once, then one about every second, of the parts that are asked for.
//
//   {"now_ms", "first": true (all of it) or false (what has changed),
//    "status":   as GET /v1/status,
//    "queues":   {"changed": [row of GET /v1/queues…], "gone": [name…]},
//    "routes":   {"changed": [row of GET /v1/routes…], "gone": [name…], "gone_shadows": [name…] (of shadow routes, which may have
//                the name of one in force), "tables": the whole list, if it has changed},
//    "clients":  {"changed": [row of GET /v1/clients…], "gone": [client_id…]}, looked at every five seconds,
//    "upstream": as GET /v1/upstream,
//    "forecast": as GET /v1/upstream/forecast, every five seconds,
//    "events":   [event of GET /v1/events…], since the last line; in the first the last 100}
//
// Who applies a line takes away what has gone, then puts what has changed. Rows are sent again when they say something else;
// a time that merely goes by is not that. Bodies of shadow routes are shown by the access rules of the reader's user, as they are
// when the row changes. All readers share one snapshot, and nothing is computed while there is none. A reader that lost a line
// (`event: lost`) opens the stream anew, without Last-Event-ID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "hub/admin/call.h"
#include "hub/admin/live/parts.h"
#include "hub/admin/live/snapshot.h"

namespace headgate::hub {

[[nodiscard]] AdminReply get_live(const AdminCall& call);

// Loop thread only. `hub` must outlive it.
class LiveFeed : public std::enable_shared_from_this<LiveFeed> {
 public:
  explicit LiveFeed(HubView& hub) : hub_(hub) {}

  // Calls the sink in later turns of the loop, never from within.
  [[nodiscard]] std::unique_ptr<Subscription> open(LiveParts parts, Sight sight, LineSink sink);
  // Called about once a second.
  void tick();

 private:
  class Following;
  struct Reader {
    LiveParts parts;
    Sight sight;
    LineSink sink;
    bool is_new = true;  // it has no line yet
  };
  // A round begins so long after the last at least. A new reader need not wait for the tick.
  static constexpr int64_t kPeriodMs = 500;
  static constexpr int64_t kPeriodOfNewMs = 250;

  void begin_soon();
  [[nodiscard]] bool has_new_readers() const;
  void begin_round();
  void go_on_later();
  void go_on();
  void send_lines();
  void leave(uint64_t reader);
  [[nodiscard]] bool is_due(int64_t period_ms) const;

  HubView& hub_;
  std::map<uint64_t, Reader> readers_;
  uint64_t last_reader_ = 0;
  std::optional<LiveSnapshot> snapshot_;  // while there are readers
  bool in_round_ = false;
  std::optional<int64_t> begun_mono_ms_;  // of the last round
};

}  // namespace headgate::hub
