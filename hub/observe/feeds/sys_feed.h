// Brings `$SYS/…` to who subscribes to it: everything at once, then what changes, live and at QoS 0. Nobody
// there: nothing is computed. Nothing of it is stored, routed or kept for who is away.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "broker/broker.h"
#include "core/clock.h"
#include "hub/observe/feeds/sys_topics.h"

namespace headgate::hub {

class SysFeed {
 public:
  // `read` is called when values are needed. The broker must outlive the feed. `interval_s` 0: no $SYS.
  // `started`: when the hub began to count.
  using Read = std::function<Readings()>;
  SysFeed(const broker::Broker& broker, uint32_t interval_s, Read read, core::Now started)
      : broker_(broker), interval_s_(interval_s), read_(std::move(read)), topics_(started) {}

  // Call about once a second.
  void tick(core::Now now);

  // Sends a new subscriber what its filter matches, flagged as retained: a value says what is, not what was.
  void send_current(broker::Session& session, const std::string& filter,
                    const broker::SubscriptionOptions& options, core::Now now);

 private:
  const broker::Broker& broker_;
  uint32_t interval_s_;
  Read read_;
  SysTopics topics_;
  bool active_ = false;  // the values are as of the last interval
  int64_t next_ms_ = 0;  // monotonic
};

}  // namespace headgate::hub
