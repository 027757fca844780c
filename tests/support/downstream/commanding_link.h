// A link whose broker has subscriptions and messages to send, as the test says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/message.h"
#include "tests/support/manual_clock.h"
#include "upstream/link/link.h"

namespace headgate::testing {

// Comes up at once when told to; answers subscriptions and publishes when told to.
class CommandingLink : public upstream::Link {
 public:
  explicit CommandingLink(const ManualClock& clock) : clock_(clock) {}

  struct Published {
    upstream::Token token = 0;
    std::string topic;
    std::string payload;
    std::string id;
    std::string correlation;
    core::Properties original;
    uint32_t expiry_s = 0;
    bool retain = false;
  };

  // ---- the broker's side ----
  void come_up(bool session_present = false) {
    upstream::LinkUp up;
    up.session_present = session_present;
    sink_->on_link_up(up, clock_.now());
  }
  void drop() { sink_->on_link_down({"dropped by the test", false, 0}, clock_.now()); }
  void end(const upstream::LinkDown& down) { sink_->on_link_down(down, clock_.now()); }
  void grant_all() {
    for (const auto& [filter, qos] : std::exchange(asked, {}))
      sink_->on_subscribed(filter, qos, clock_.now());
    for (const std::string& filter : std::exchange(left, {})) sink_->on_unsubscribed(filter, clock_.now());
  }
  void refuse_all() {
    for (const auto& [filter, qos] : std::exchange(asked, {}))
      sink_->on_subscribed(filter, 0x87, clock_.now());
  }
  void send(upstream::Incoming message) { sink_->on_message(std::move(message), clock_.now()); }
  void send(const std::string& topic, const std::string& payload, const std::string& id = {}) {
    upstream::Incoming message;
    message.topic = topic;
    message.payload = payload;
    message.qos = 1;
    if (!id.empty()) message.properties.user = {{"id", id}};
    send(std::move(message));
  }
  // Gives each publish this answer.
  void acknowledge(uint8_t code = 0) {
    for (const Published& one : std::exchange(published, {})) sink_->on_acked(one.token, code, clock_.now());
  }

  void answer(upstream::Token token, uint8_t code) { sink_->on_acked(token, code, clock_.now()); }

  std::map<std::string, uint8_t> asked;  // filters and QoS, not answered yet
  std::vector<std::string> left;         // filters, the same
  std::vector<Published> published;      // and not answered
  size_t connects = 0;
  size_t disconnects = 0;

  // ---- Link ----
  void set_events(upstream::LinkEvents* events) override { sink_ = events; }
  void connect() override { ++connects; }
  void disconnect() override { ++disconnects; }
  void publish(upstream::Token token, const upstream::Publication& publication) override {
    published.push_back({token, std::string(publication.topic), std::string(publication.payload),
                         std::string(publication.id), std::string(publication.correlation_data),
                         publication.original != nullptr ? publication.original->props() : core::Properties(),
                         publication.expiry_s, publication.retain});
  }
  void subscribe(const std::string& filter, uint8_t qos) override { asked[filter] = qos; }
  void unsubscribe(const std::string& filter) override { left.push_back(filter); }

 private:
  const ManualClock& clock_;
  upstream::LinkEvents* sink_ = nullptr;
};

}  // namespace headgate::testing
