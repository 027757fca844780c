// Who subscribes to a message, and how each of them gets it.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/broker.h"
#include "broker/session/subscriptions.h"
#include "core/clock.h"
#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Finds the subscribers of one message at a time. Its buffers are used again, so that the usual message
// allocates nothing here.
class FanOut {
 public:
  // `broker` is borrowed and must outlive this.
  explicit FanOut(const broker::Broker& broker) : broker_(broker) {}

  // The subscribers of `message`, which comes from `from` (null: from a route), until the next call.
  void find(const broker::Session* from, const core::Message& message);
  [[nodiscard]] bool found_anyone() const { return !subscribers_.empty(); }
  // Adds the queues of those found who get the message through one. `more`: in queues that `targets` has
  // already, to be appended on their own.
  void add_targets(const core::Message& message, std::vector<store::Target>& targets,
                   std::vector<store::Target>& more) const;
  // Delivers to the others of those found. `message` is the one that was found for.
  void deliver_from_memory(const core::MessagePtr& message, core::Now now) const;

 private:
  // Overlapping subscriptions of a session, as one delivery; a share it was chosen for is one of its own.
  struct Subscriber {
    broker::Session* session = nullptr;
    uint8_t qos = 0;
    bool retain_as_published = false;
    bool shared = false;
    std::vector<uint32_t> ids;
  };

  void add(broker::Session& session, const broker::SubscriptionOptions& options);
  void add_member(const broker::ShareGroup& group, const core::Message& message);

  const broker::Broker& broker_;
  uint64_t stamp_ = 0;  // marks sessions that the message in hand has met
  std::vector<Subscriber> subscribers_;
  std::vector<Subscriber> members_;  // chosen from groups; behind the others in `subscribers_` at last
};

}  // namespace headgate::hub
