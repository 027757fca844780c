// Record of what happened most recently in the hub, in memory of a fixed size: messages, also those that nobody wanted, and the steps of
// those that queues have. It ends with the process.
//
// The answer to any question rests on a part of the traffic, and coverage() says which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "hub/observe/recorder/message_ring.h"
#include "hub/observe/recorder/recorded.h"
#include "hub/observe/recorder/sampler.h"
#include "hub/observe/recorder/step_log.h"
#include "store/end_watcher.h"
#include "upstream/drain/batch_watcher.h"

namespace headgate::hub {

// Part of the traffic that a recorder has.
struct Coverage {
  size_t bytes_max = 0;  // 0: it is off
  uint64_t messages = 0;
  uint64_t arrived = 0;        // messages since the oldest of them, that one included
  int64_t since_ms = 0;        // Unix time at which that one arrived; 0: there is none
  int64_t steps_since_ms = 0;  // Unix time since when all steps are known; 0: since the hub has started
};

class Recorder : public store::EndWatcher {
 public:
  static constexpr size_t kBytesMin = size_t{64} * 1024;
  static constexpr size_t kBodyBytesMax = MessageRing::kBodyBytesMax;

  // Takes so much memory from now on, and forgets all that it has; 0: it is off, and costs nothing. Less than kBytesMin is
  // too little to keep anything.
  void use(size_t bytes);
  [[nodiscard]] bool on() const { return bytes_ != 0; }

  // Number of a message that is not to be recorded, for in a flood only a sample is; 0: record it, or it is off.
  uint64_t pass_over(const core::Message& message) {
    if (!on() || sampler_.takes(message.topic)) return 0;
    wall_ms_ = std::max(wall_ms_, message.arrived_ms);
    return parts_->messages.pass_over();
  }
  // Allocates nothing. Returns the number of the message; 0: the recorder is off.
  uint64_t record(const Arrival& arrival);
  // Records a message if it is not to be passed over.
  uint64_t on_message(const Arrival& arrival) {
    const uint64_t number = pass_over(arrival.message);
    return number != 0 ? number : record(arrival);
  }
  // Other routes are in force.
  void on_routes_changed() { ++routes_; }
  // An entry was sent to a client.
  void on_handed(store::QueueId queue, uint8_t lane, store::Seq seq);
  void on_batch(store::QueueId queue, const upstream::BatchStep& step, int64_t wall_ms);
  void on_ended(store::QueueId queue, uint8_t lane, store::Seq first, store::Seq last, uint64_t count,
                store::Outcome outcome) override;
  // Tells the time to those steps that come without it. Call about once a second.
  void tick(int64_t wall_ms) {
    wall_ms_ = wall_ms;
    sampler_.tick();
  }

  // Version of the routes in force.
  [[nodiscard]] uint64_t routes() const { return routes_; }
  [[nodiscard]] std::optional<Recorded> with_seq(store::Seq seq) const;
  [[nodiscard]] std::optional<Recorded> with_number(uint64_t number) const;
  // The newest that its sender has given this id, as the user property `$.mid`.
  [[nodiscard]] std::optional<Recorded> with_message_id(std::string_view id) const;
  // Messages behind this number, oldest first.
  [[nodiscard]] std::vector<Recorded> behind(uint64_t after, size_t count) const;
  // Number behind which there are so many messages; 0: behind which all are.
  [[nodiscard]] uint64_t before_newest(size_t count) const;
  // The last of all, oldest first.
  [[nodiscard]] std::vector<Recorded> newest(size_t count) const;
  // See StepLog::about().
  [[nodiscard]] std::vector<Step> steps_of(store::QueueId queue, uint8_t lane, store::Seq seq) const;
  [[nodiscard]] Coverage coverage() const;
  // Memory that is taken by what there is.
  [[nodiscard]] size_t bytes_used() const;

 private:
  struct Parts {
    MessageRing messages;
    StepLog steps;
  };

  void add(Step step);

  size_t bytes_ = 0;
  std::unique_ptr<Parts> parts_;  // null: off
  Sampler sampler_;
  uint64_t routes_ = 0;
  int64_t wall_ms_ = 0;
};

}  // namespace headgate::hub
