// Who reads which queue. Session delivery, module inputs, the link and whatever comes next are peers here: the
// engine tells the registry what has become readable, and knows no kind of queue.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/executor.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A set of lanes of a queue: bit n is lane n.
using Lanes = uint16_t;
inline constexpr Lanes kAllLanes = (1u << store::kLaneCount) - 1;
inline constexpr Lanes kNoLanes = 0;  // for somebody who only watches

// Whoever reads entries of queues and ends them. Called on the loop thread by the registry alone, at the end of
// a turn, so never from inside a call into the store, the broker or the registry.
class Consumer {
 public:
  virtual ~Consumer() = default;

  // There may be something to do with this queue. `more`: entries may have become readable since the last
  // call; else it is the consumer's own wake() that comes back. Comes at most once in a turn for each queue, and
  // once after add(), for what waits already. The consumer may read and end entries of its lanes, deliver and
  // append, and add and remove consumers, itself too. It must not block, and should stop after a bounded number
  // of entries: wake() gives it the next turn.
  virtual void on_ready(store::QueueId queue, bool more) = 0;
};

// The registry (queue, lanes) -> consumer. A lane has one consumer at most, so that no entry is ever in flight
// with two. Costs a hash lookup for each call.
class Consumers {
 public:
  // `executor` is borrowed; it must outlive the registry.
  explicit Consumers(core::Executor& executor) : executor_(executor) {}
  Consumers(const Consumers&) = delete;
  Consumers& operator=(const Consumers&) = delete;

  // From now on until remove() these lanes of the queue are read by `consumer`, which is borrowed. With kNoLanes
  // it watches: it is told like any other, ends nothing, and takes nothing from anybody. Error: unavailable, if
  // one of the lanes has a consumer, or `consumer` is known for the queue; nothing has changed then.
  [[nodiscard]] core::Status add(store::QueueId queue, Lanes lanes, Consumer& consumer);
  // No call comes afterwards. Entries that `consumer` had in flight wait, unfinished, for the next one.
  void remove(store::QueueId queue, const Consumer& consumer);

  // Entries may have become readable: tells everybody who reads or watches the queue, at the end of this turn.
  void on_available(store::QueueId queue);
  // The store has written everything up to this seq: see StoreEvents::on_durable().
  void on_durable(store::Seq up_to);
  [[nodiscard]] store::Seq durable() const { return durable_; }
  // Wakes `consumer` once durable() has reached `seq`.
  void wake_when_durable(store::QueueId queue, const Consumer& consumer, store::Seq seq);
  // Something else has become possible for `consumer`, such as room in a client's window.
  void wake(store::QueueId queue, const Consumer& consumer);

 private:
  struct Reader {
    Consumer* consumer = nullptr;
    Lanes lanes = kNoLanes;
    uint64_t due = 0;  // the turn in which it is told; one that is over: it is not waiting to be told
    bool more = false;
  };
  struct Awaited {
    store::QueueId queue = 0;
    const Consumer* consumer = nullptr;
    store::Seq seq = 0;
  };
  using Readers = std::unordered_multimap<store::QueueId, Reader>;

  [[nodiscard]] Readers::iterator find(store::QueueId queue, const Consumer& consumer);
  [[nodiscard]] Reader* find_due(store::QueueId queue);
  void tell_later(store::QueueId queue, Reader& reader);
  void run();

  core::Executor& executor_;
  Readers readers_;
  uint64_t turn_ = 0;
  store::Seq durable_ = 0;
  std::vector<Awaited> awaited_;         // few: what links wait for
  std::vector<store::QueueId> ready_;    // queues with readers that are due in the next turn
  std::vector<store::QueueId> running_;  // queues that the current turn was begun with
  // Lets what was posted find out that the registry has gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace headgate::hub
