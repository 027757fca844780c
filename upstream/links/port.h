// A queue's way upstream: to its forwarder a link, behind which it moves from one of the queue's links to another. The
// forwarder sees a link that went down and came up, and sends again what was not acknowledged, with the same ids.
// Loop thread only, like all of this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "upstream/link/link.h"
#include "upstream/links/carrier.h"
#include "upstream/links/choice.h"

namespace headgate::upstream {

class Port : public Link, private CarrierUser {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // A link that was up at least this long is worth to move to from one that works.
  static constexpr int64_t kProvenMs = 10000;

  struct Times {
    int64_t fail_over_ms = 10000;  // see UpstreamOptions
    int64_t patience_ms = 300000;  // how long a move waits for answers over the link that is left
  };
  // `carriers`: those that the queue may go over, the preferred first; borrowed. `waiting`: lanes of the queue that have
  // something to go.
  Port(std::vector<Carrier*> carriers, std::function<WantedLanes()> waiting, Times times);
  ~Port() override;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // ---- Link, for the forwarder ----
  void set_events(LinkEvents* events) override { events_ = events; }
  void connect() override { wants_ = true; }
  [[nodiscard]] bool takes(const core::Message& message) override;
  void publish(Token token, const Publication& publication) override;
  void announce(const Note& note) override;
  void disconnect() override;
  [[nodiscard]] Intake intake() const override;
  void hurry(int64_t wait_ms) override { hurry_ms_ = wait_ms; }

  // ---- for the Exchange ----
  // Called when the forwarder can go on that had to wait for the link.
  void on_room(std::function<void(core::Now)> on_room) { on_room_ = std::move(on_room); }
  // Moves on, or a step of the way there. True if something has changed.
  bool settle(core::Now now);
  // Tells the forwarder of room that has come.
  void offer_room(core::Now now);
  // Whether it needs this carrier connected.
  [[nodiscard]] bool needs(const Carrier& carrier, core::Now now) const;
  // Where it is; null: nowhere.
  [[nodiscard]] const Carrier* carrier() const { return carrier_; }
  [[nodiscard]] const std::vector<Carrier*>& carriers() const { return carriers_; }

 private:
  void on_carrier_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_carrier_put_back(Token token, core::Now now) override { events_->on_put_back(token, now); }
  void on_carrier_takes_again(core::Now now) override { events_->on_takes_again(now); }
  void on_carrier_down(const LinkDown& down, core::Now now) override;
  std::optional<int64_t> take_hurry() override { return std::exchange(hurry_ms_, std::nullopt); }

  [[nodiscard]] std::vector<LinkView> views(core::Now now) const;
  bool come_up(Carrier& carrier, core::Now now);
  bool stay_or_leave(Carrier* best, core::Now now);
  bool leave(core::Now now);

  const std::vector<Carrier*> carriers_;
  const std::function<WantedLanes()> waiting_;
  const Times times_;
  LinkEvents* events_ = nullptr;
  std::function<void(core::Now)> on_room_ = [](core::Now) {};
  bool wants_ = false;           // the forwarder waits to be told that it is up
  Carrier* carrier_ = nullptr;   // that it is attached to
  uint16_t lanes_ = UINT16_MAX;  // that the forwarder may send
  std::optional<int64_t> leaving_since_ms_;
  std::optional<int64_t> hurry_ms_;
  bool had_to_wait_ = false;

  struct Visit {  // of a connection; the broker forgets nothing while it lasts
    const Carrier* carrier = nullptr;
    int64_t up_since_ms = 0;

    friend bool operator==(const Visit&, const Visit&) = default;
  };
  Visit last_visit_;
};

}  // namespace headgate::upstream
