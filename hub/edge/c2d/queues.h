// Messages to devices, as the cloud sends them (C2D): a durable queue for each device, whether it was ever connected or not. Whoever
// delivers module inputs delivers these too: they are queues of inputs (store::QueueKind::input), made with the first message,
// and removed as others to which no route leads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "hub/edge/verbs.h"
#include "store/queue_store.h"

namespace headgate::hub {

class DurableWaits;

inline constexpr uint64_t kDeviceMessagesMax = 50;  // that wait for one device
// Whoever puts them into its queue: the store refuses those beyond.
inline constexpr store::QueuePolicy kDeviceQueuePolicy = {.messages_max = kDeviceMessagesMax};
inline constexpr size_t kDeviceMessageBytesMax = 262'144;  // body and properties, as the dialect can carry
inline constexpr uint32_t kDeviceExpiryMaxS = 172'800;

struct DeviceMessageCounts {
  uint64_t sent = 0;     // durable
  uint64_t refused = 0;  // for lack of room, or wrong
  uint64_t failed = 0;   // the store could not take them
};

class DeviceQueues {
 public:
  // Everything is borrowed and must outlive this.
  struct Parts {
    store::QueueStore& store;
    DurableWaits& waits;
    const core::Clock& clock;
  };
  explicit DeviceQueues(const Parts& parts) : parts_(parts) {}

  // `changed` is called when a queue was made: it may have a consumer.
  void on_queues(std::function<void()> changed) { changed_ = std::move(changed); }

  // `done` is called once the message is durable or refused, now or later. Errors: invalid, full, unavailable.
  void send(const DeviceMessage& message, EdgeVerbs::OnSent done);

  // Drops what waits for a device; how many. Error: io.
  [[nodiscard]] core::Result<uint64_t> purge(const std::string& device);

  [[nodiscard]] const DeviceMessageCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] core::Result<store::QueueId> queue_of(const std::string& device);
  [[nodiscard]] core::Result<store::Seq> append(const DeviceMessage& message);
  void refuse(const core::Error& error, const EdgeVerbs::OnSent& done);

  Parts parts_;
  std::function<void()> changed_ = [] {};
  DeviceMessageCounts counts_;
};

}  // namespace headgate::hub
