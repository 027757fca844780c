#include "hub/engine/consumers.h"

#include <string>
#include <utility>

namespace headgate::hub {

core::Status Consumers::add(store::QueueId queue, Lanes lanes, Consumer& consumer) {
  const auto [begin, end] = readers_.equal_range(queue);
  for (auto it = begin; it != end; ++it) {
    const bool taken = (it->second.lanes & lanes) != 0 || it->second.consumer == &consumer;
    if (taken)
      return core::fail(core::Errc::unavailable,
                        "queue " + std::to_string(queue) + " has a consumer already");
  }
  const auto added = readers_.emplace(queue, Reader{&consumer, lanes});
  added->second.more = true;
  tell_later(queue, added->second);
  return {};
}

void Consumers::remove(store::QueueId queue, const Consumer& consumer) {
  if (const auto known = find(queue, consumer); known != readers_.end()) readers_.erase(known);
  std::erase_if(awaited_,
                [&](const Awaited& each) { return each.queue == queue && each.consumer == &consumer; });
}

Consumers::Readers::iterator Consumers::find(store::QueueId queue, const Consumer& consumer) {
  const auto [begin, end] = readers_.equal_range(queue);
  for (auto it = begin; it != end; ++it) {
    if (it->second.consumer == &consumer) return it;
  }
  return readers_.end();
}

void Consumers::on_available(store::QueueId queue) {
  const auto [begin, end] = readers_.equal_range(queue);
  for (auto it = begin; it != end; ++it) {
    it->second.more = true;
    tell_later(queue, it->second);
  }
}

void Consumers::on_durable(store::Seq up_to) {
  durable_ = up_to;
  for (const Awaited& each : awaited_) {
    if (each.seq <= up_to) wake(each.queue, *each.consumer);
  }
  std::erase_if(awaited_, [up_to](const Awaited& each) { return each.seq <= up_to; });
}

void Consumers::wake_when_durable(store::QueueId queue, const Consumer& consumer, store::Seq seq) {
  if (seq <= durable_) return wake(queue, consumer);
  awaited_.push_back({queue, &consumer, seq});
}

void Consumers::wake(store::QueueId queue, const Consumer& consumer) {
  if (const auto known = find(queue, consumer); known != readers_.end()) tell_later(queue, known->second);
}

void Consumers::tell_later(store::QueueId queue, Reader& reader) {
  if (reader.due > turn_) return;
  reader.due = turn_ + 1;
  if (ready_.empty()) {
    executor_.post([this, alive = std::weak_ptr(alive_)] {
      if (alive.lock()) run();
    });
  }
  ready_.push_back(queue);
}

// Whoever is told may add, remove and wake: so each reader is looked up anew, and a reader that becomes due
// again waits for the next turn.
void Consumers::run() {
  ++turn_;
  std::swap(running_, ready_);
  for (const store::QueueId queue : running_) {
    Reader* const reader = find_due(queue);
    if (!reader) continue;  // removed meanwhile
    reader->due = 0;
    reader->consumer->on_ready(queue, std::exchange(reader->more, false));
  }
  running_.clear();
}

Consumers::Reader* Consumers::find_due(store::QueueId queue) {
  const auto [begin, end] = readers_.equal_range(queue);
  for (auto it = begin; it != end; ++it) {
    if (it->second.due == turn_) return &it->second;
  }
  return nullptr;
}

}  // namespace headgate::hub
