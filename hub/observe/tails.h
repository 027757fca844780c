// Messages for people who watch. Live copies, for `headgate tail FILTER` and `headgate queue tail`, cost nothing while nobody does; of each
// topic the last value is noted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/message.h"
#include "core/topic.h"
#include "hub/observe/topics/topic_table.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Callbacks must not add or remove tails from within.
class Tails {
 public:
  using OnMessage = std::function<void(const core::MessagePtr&)>;
  using OnEntry = std::function<void(const store::Entry&, uint8_t lane)>;

  // Every message whose topic matches (every message for "#", hidden topics aside), until remove().
  uint64_t add(std::string filter, OnMessage on_message) {
    messages_.emplace(++last_, MessageTail{std::move(filter), std::move(on_message)});
    return last_;
  }
  // Every entry appended to the queue, until remove().
  uint64_t add(store::QueueId queue, OnEntry on_entry) {
    entries_.emplace(++last_, EntryTail{queue, std::move(on_entry)});
    return last_;
  }
  void remove(uint64_t handle) {
    messages_.erase(handle);
    entries_.erase(handle);
  }

  void on_message(const core::MessagePtr& message) const {
    topics_->note(*message);
    for (const auto& [handle, tail] : messages_) {
      if (core::topic_matches(tail.filter, message->topic)) tail.on_message(message);
    }
  }
  void on_append(store::Seq seq, const core::MessagePtr& message,
                 std::span<const store::Target> targets) const {
    for (const auto& [handle, tail] : entries_) {
      for (const store::Target& target : targets) {
        if (target.queue == tail.queue)
          tail.on_entry({seq, message, target.expires_ms, target.tag}, target.lane);
      }
    }
  }
  [[nodiscard]] TopicTable& topics() { return *topics_; }
  [[nodiscard]] const TopicTable& topics() const { return *topics_; }
  [[nodiscard]] bool watches(store::QueueId queue) const {
    return std::ranges::any_of(entries_, [queue](const auto& it) { return it.second.queue == queue; });
  }
  void on_entry(store::QueueId queue, const store::Entry& entry, uint8_t lane) const {
    for (const auto& [handle, tail] : entries_) {
      if (tail.queue == queue) tail.on_entry(entry, lane);
    }
  }

 private:
  struct MessageTail {
    std::string filter;
    OnMessage on_message;
  };
  struct EntryTail {
    store::QueueId queue;
    OnEntry on_entry;
  };
  std::map<uint64_t, MessageTail> messages_;
  std::map<uint64_t, EntryTail> entries_;
  uint64_t last_ = 0;
  std::unique_ptr<TopicTable> topics_ = std::make_unique<TopicTable>();  // on_message() is const
};

}  // namespace headgate::hub
