// Topics that the hub itself publishes: `$SYS`, and texts that change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/clock.h"
#include "hub/observe/feeds/sys_feed.h"
#include "hub/observe/feeds/text_feed.h"

namespace headgate::hub {

class Feeds {
 public:
  // `broker` is borrowed and must outlive this.
  explicit Feeds(const broker::Broker& broker) : broker_(broker) {}

  // See Engine::serve_sys() and serve_texts().
  void serve_sys(uint32_t interval_s, SysFeed::Read read, core::Now now) {
    sys_.emplace(broker_, interval_s, std::move(read), now);
  }
  void serve_texts(TextFeed::Read read) { texts_.emplace(broker_, std::move(read)); }

  // Call about once a second.
  void tick(core::Now now) {
    if (sys_) sys_->tick(now);
    if (texts_) texts_->tick(now);
  }
  // Sends a new subscriber what its filter matches.
  void send_current(broker::Session& session, const std::string& filter,
                    const broker::SubscriptionOptions& options, core::Now now) {
    if (sys_) sys_->send_current(session, filter, options, now);
    if (texts_) texts_->send_current(session, filter, options, now);
  }

 private:
  const broker::Broker& broker_;
  std::optional<SysFeed> sys_;
  std::optional<TextFeed> texts_;
};

}  // namespace headgate::hub
