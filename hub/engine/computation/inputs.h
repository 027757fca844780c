// Inputs of routes with state in the order in which they came: those that wait in their queue, and between them those
// of QoS 0, which are never written.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Tag of an entry whose message is retained and said what was retained on its topic already when it came: what is
// retained later says nothing of that.
inline constexpr std::string_view kUnchangedTag = "u";

struct Input {
  store::Seq seq = 0;  // 0: it is in memory only
  core::MessagePtr message;
  // The seq that stands for its place in the log: what was begun at this one, or behind it, does not take it.
  store::Seq place = 0;
  bool unchanged = false;  // see kUnchangedTag
  std::string tag = {};    // of its entry
};

class Inputs {
 public:
  // Limits on inputs of QoS 0, which wait in memory.
  static constexpr size_t kMessagesMax = 4096;
  static constexpr size_t kBytesMax = 4 * 1024 * 1024;

  // Borrows both; they must outlive this.
  Inputs(store::QueueStore& store, const core::Clock& clock) : store_(store), clock_(clock) {}

  // Reads this queue from now on, from its beginning: what was given out and has not ended is given out once more.
  // `latest`: no entry in it is newer. 0: there is no queue.
  void begin(store::QueueId queue, store::Seq latest);
  [[nodiscard]] store::QueueId queue() const { return queue_; }

  // A message was appended to the queue, or what comes from now on comes behind this seq.
  void on_stored(store::Seq seq) { last_stored_ = seq; }
  // Keeps a message of QoS 0 behind what was stored before it; drops it, and counts that, if there is no room.
  void keep(core::MessagePtr message, bool unchanged);
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

  // The next one; nullopt: there is none now. Call done() with it before the next.
  [[nodiscard]] std::optional<Input> next();
  // Ends what was given out last, which has been computed: its entry is among ends().
  void done();
  // All that has come was given out: nothing earlier than the next message can come any more.
  [[nodiscard]] bool caught_up() const;

  // All that came up to this seq was given out and is done.
  [[nodiscard]] bool is_past(store::Seq seq) const;

  // Entries that are done and have not ended.
  [[nodiscard]] std::span<const store::End> ends() const { return ends_; }
  void on_ended() { ends_.clear(); }

 private:
  struct Kept {
    store::Seq after = 0;  // comes behind this one
    core::MessagePtr message;
    bool unchanged = false;
  };

  void fill();
  [[nodiscard]] bool is_turn_of_kept() const;
  [[nodiscard]] Input take_kept();
  [[nodiscard]] Input take_read();
  [[nodiscard]] uint64_t not_read() const;

  store::QueueStore& store_;
  const core::Clock& clock_;
  store::QueueId queue_ = 0;
  store::Seq read_ = 0;         // the last that was read
  store::Seq last_stored_ = 0;  // the last that is known to be in the queue
  std::deque<store::Entry> entries_;
  std::deque<Kept> kept_;
  size_t kept_bytes_ = 0;
  uint64_t dropped_ = 0;
  store::Seq at_work_ = 0;  // given out and not done; 0: none, or it has no entry
  std::vector<store::End> ends_;
};

}  // namespace headgate::hub
