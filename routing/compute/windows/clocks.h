// Watermarks: how far the event time of each key of TIMESTAMP BY … OVER has come. By its messages a clock stands at
// the latest timestamp less the tolerance; while it is not heard for the idle time or longer, it moves with the arrivals.
// When it is heard again, it stands where its messages have come to: a backlog is not late because its sender was silent.
// Hub time is an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/kept_table.h"

namespace headgate::routing {

// Times that no message has; so far from the ends of the range that sums with them do not overflow.
inline constexpr int64_t kNever = INT64_MIN / 4;
inline constexpr int64_t kForever = INT64_MAX / 4;

// Entries of a queue that may be stale before it is gone through.
inline constexpr size_t kStaleMax = 64;

// A group that waits for event time `at`.
struct Waiting {
  int64_t at = 0;
  uint64_t group = 0;

  friend auto operator<=>(const Waiting&, const Waiting&) = default;
};

struct Clock : Kept<Clock> {
  int64_t reached_ms = kNever;          // by its messages
  int64_t heard_ms = kNever;            // arrival of the last of them
  int64_t forgotten_until_ms = kNever;  // its groups that are no more gave their results until then
  uint32_t forgotten_revs = 0;          // and none of this revision or a higher one
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting;
  // The clock's entry in the queue of clocks, by hub time.
  int64_t queued_ms = kForever;
  Waiting queued;
};

// The hub's clock has the number 0: it is always idle, so it stands at the arrivals less the tolerance. Windows by
// arrival wait for it, and groups whose own clock was given up.
class Clocks {
 public:
  Clocks(int64_t tolerance_ms, int64_t idle_ms, size_t clocks_max)
      : tolerance_ms_(tolerance_ms), idle_ms_(idle_ms), clocks_max_(clocks_max) {}

  [[nodiscard]] Clock& hub() { return hub_; }
  // Memory of so many clocks, with their entries in queues.
  [[nodiscard]] static constexpr uint64_t bytes_of(uint64_t clocks) { return clocks * (sizeof(Clock) + 330); }
  [[nodiscard]] uint64_t bytes() const { return bytes_of(table_.size()); }
  // The clock of a key; nullptr if it is new.
  [[nodiscard]] Clock* find(std::string_view key) const { return table_.find(key); }
  // A number of which there is no clock any more is the hub's.
  [[nodiscard]] Clock& with_id(uint64_t id);
  [[nodiscard]] bool knows(uint64_t id) const { return table_.with_id(id) != nullptr; }
  // True: make room by giving up oldest() before a further one is made.
  [[nodiscard]] bool full() const { return table_.size() >= clocks_max_; }
  // A clock that has come nowhere yet; its first message, to be heard next, arrived at `now_ms`.
  [[nodiscard]] Clock& make(std::string key, uint64_t id, int64_t now_ms);
  [[nodiscard]] Clock* oldest() const { return table_.oldest(); }
  // The groups that waited for it wait for nothing now.
  [[nodiscard]] std::vector<Waiting> give_up(Clock& clock);

  // Event time that a clock has reached at hub time `now_ms`.
  [[nodiscard]] int64_t reached(const Clock& clock, int64_t now_ms) const;
  // A message of the clock arrived: it is idle no more.
  void wake(Clock& clock, int64_t now_ms) const { clock.heard_ms = now_ms; }
  // The message's event time was `time_ms`.
  void hear(Clock& clock, int64_t time_ms, int64_t now_ms);
  // Lets a group wait for event time `waiting.at`. It waits for one clock at a time; older entries of it are ignored.
  void wait(Clock& clock, Waiting waiting);
  // Leaves out the groups that wait for it no more: those of which lives(Waiting) is false.
  template <typename Lives>
  void weed(Clock& clock, const Lives& lives) {
    std::vector<Waiting> left;
    for (; !clock.waiting.empty(); clock.waiting.pop()) {
      const Waiting& next = clock.waiting.top();
      if (lives(next) && (left.empty() || left.back() != next)) left.push_back(next);
    }
    for (const Waiting& one : left) clock.waiting.push(one);
    queue_anew(clock);
  }

  struct Due {
    int64_t due_ms = 0;  // hub time at which the clock gets there
    Waiting waiting;
    uint64_t clock = 0;
  };
  // The first group whose time comes, by hub time, event time and group.
  [[nodiscard]] std::optional<Due> next();
  void take_off(const Due& due);

  // Everything before is done; what comes to be due is due no earlier.
  void set_present(int64_t now_ms) { present_ms_ = now_ms; }
  [[nodiscard]] int64_t present_ms() const { return present_ms_; }

  static void save(const Clock& clock, std::string& out);
  // False: not what save() wrote.
  [[nodiscard]] bool load(uint64_t id, PackedReader& in);
  [[nodiscard]] KeptTable<Clock>& table() { return table_; }

 private:
  // When the clock reaches `at`, in hub time.
  [[nodiscard]] int64_t due_ms(const Clock& clock, int64_t at) const;
  void queue(Clock& clock);
  void sweep();
  void queue_anew(Clock& clock);

  // By hub time, event time, group and clock.
  using Entry = std::tuple<int64_t, Waiting, uint64_t>;

  int64_t tolerance_ms_;
  int64_t idle_ms_;
  size_t clocks_max_;
  int64_t present_ms_ = kNever;
  Clock hub_;
  KeptTable<Clock> table_;
  // Entries may come too early, never too late: a clock that has moved since is put back.
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> due_;
};

}  // namespace headgate::routing
