// Says upstream, again and again, that the hub is there and how it is. Whoever watches the retained topic learns from the
// broker, by the will of the connection, when it is gone. Sans-I/O: the owner calls step() after every input of the link, and
// about once a second.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "core/clock.h"
#include "upstream/links/carrier.h"

namespace headgate::upstream {

class Announcer : private CarrierUser {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // `read` gives what is to be said. `period_ms` kNever: once on each connection, and after renew(). The carrier is
  // borrowed.
  using Read = std::function<std::string(core::Now now)>;
  Announcer(Carrier& carrier, std::string topic, int64_t period_ms, Read read);
  ~Announcer() override { carrier_.detach(*this); }
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  // Speaks on each new connection, and then every so often, as far as the terms of the link let lane 0 go.
  void step(core::Now now);
  // There is something else to say: the next step() says it, if the link lets it.
  void renew() { next_ms_ = 0; }
  // Called when the broker has taken what was said.
  void on_taken(std::function<void()> on_taken) { on_taken_ = std::move(on_taken); }

 private:
  void on_carrier_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_carrier_down(const LinkDown& down, core::Now now) override;
  [[nodiscard]] std::optional<int64_t> take_hurry() override { return std::nullopt; }

  [[nodiscard]] int64_t due_at() const;
  [[nodiscard]] bool may_publish(core::Now now) const;
  void publish(core::Now now);

  Carrier& carrier_;
  const std::string topic_;
  const int64_t period_ms_;
  const Read read_;
  std::function<void()> on_taken_ = [] {};
  bool attached_ = false;
  bool unanswered_ = false;
  int64_t said_on_ms_ = kNever;  // mono time since when the connection was up that it was said on last
  int64_t next_ms_ = 0;          // mono, on the same connection
  Token token_ = 0;
};

}  // namespace headgate::upstream
