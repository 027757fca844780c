// Brings topics under `$SYS/…` to who subscribes whose values are texts of their own, such as JSON: how something is now.
// A new subscriber gets them at once, then what changes. Nobody there: nothing is read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "core/clock.h"
#include "hub/observe/feeds/sys_topics.h"

namespace headgate::hub {

class TextFeed {
 public:
  using Read = std::function<std::vector<SysTopic>()>;
  // `broker` must outlive the feed.
  TextFeed(const broker::Broker& broker, Read read) : broker_(broker), read_(std::move(read)) {}

  // Call about once a second: no topic changes more often for whoever listens.
  void tick(core::Now now);
  // Sends a new subscriber what its filter matches, flagged as retained.
  void send_current(broker::Session& session, const std::string& filter,
                    const broker::SubscriptionOptions& options, core::Now now);

 private:
  std::vector<SysTopic> take_changed();

  const broker::Broker& broker_;
  const Read read_;
  std::map<std::string, std::string> values_;  // as they were sent last
};

}  // namespace headgate::hub
