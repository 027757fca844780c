// Writes down what a broker tells the hub, and answers as the hub would: at once, or when told.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/session/session.h"

namespace headgate::testing {

// One line an event: "publish a q1 t=x", "ended a". An answer that is not given at once waits in order, and
// keeps its session alive like the hub's own queue of answers does.
class RecordingBrokerEvents : public broker::BrokerEvents {
 public:
  bool answers_at_once = true;
  bool records_wills = false;  // also while they are only kept
  broker::ReasonCode publish_answer = broker::ReasonCode::success;
  // Called after the event was recorded, before it is answered.
  std::function<void(broker::Session&, const core::MessagePtr&)> also_on_publish;
  std::function<void(broker::Session&)> also_on_room;

  // The lines since the last call.
  std::vector<std::string> take() { return std::exchange(lines_, {}); }
  [[nodiscard]] const std::vector<core::MessagePtr>& messages() const { return messages_; }
  [[nodiscard]] size_t unanswered() const { return answers_.size(); }
  void answer_next() {
    const auto answer = std::move(answers_.front());
    answers_.pop_front();
    answer();
  }
  void answer_all() {
    while (!answers_.empty()) answer_next();
  }
  // Drops the answers that were not given, and with them the sessions they keep alive.
  void forget_answers() { answers_.clear(); }

  void on_connected(broker::Session& session, bool session_present, const broker::WillChange& will) override {
    note_will(session, will);
    note("connected", session, session_present ? "present" : "");
  }
  void on_disconnected(broker::Session& session, const broker::WillChange& will) override {
    note("disconnected", session);
    note_will(session, will);
  }
  void on_session_ended(broker::Session& session) override { note("ended", session); }

  void on_will(broker::Session& session, const broker::StoredWill& will) override {
    note_will(session, will);
  }
  void on_will_due(broker::Session& session, core::MessagePtr will) override {
    on_publish(session, std::move(will), {}, {});
  }

  void on_publish(broker::Session& from, core::MessagePtr message, broker::PublishToken token,
                  core::Now) override {
    note("publish", from, "q" + std::to_string(message->qos) + " " + message->topic + "=" + message->body);
    messages_.push_back(message);
    if (also_on_publish) also_on_publish(from, message);
    if (token.qos == 0) return;
    answer(from, [token, this](broker::Session& session) { session.accepted(token, publish_answer); });
  }
  void on_edge_request(broker::Session& from, core::MessagePtr request, broker::PublishToken token,
                       core::Now) override {
    note("request", from, request->topic + "=" + request->body);
    from.accepted(token, broker::ReasonCode::success);
  }
  void on_release(broker::Session& from, uint16_t packet_id) override {
    note("release", from, std::to_string(packet_id));
    answer(from, [packet_id](broker::Session& session) { session.released(packet_id); });
  }
  void on_subscribed(broker::Session& session, uint16_t packet_id,
                     std::vector<broker::AcceptedSubscription> accepted,
                     std::vector<broker::ReasonCode> codes) override {
    for (const auto& one : accepted) note("subscribed", session, text_of(one));
    answer(session, [packet_id, codes](broker::Session& s) { s.subscribed(packet_id, codes); });
  }
  void on_unsubscribed(broker::Session& session, uint16_t packet_id, std::vector<std::string> removed,
                       std::vector<broker::ReasonCode> codes) override {
    for (const std::string& filter : removed) note("unsubscribed", session, filter);
    answer(session, [packet_id, codes](broker::Session& s) { s.unsubscribed(packet_id, codes); });
  }

  void on_delivered(broker::Session& session, broker::DeliveryToken token, bool delivered) override {
    note(delivered ? "delivered" : "undeliverable", session, std::to_string(token.seq));
    if (also_on_room) also_on_room(session);
  }
  void on_received(broker::Session& session, uint16_t packet_id, broker::DeliveryToken token) override {
    note("received", session, std::to_string(token.seq));
    answer(session, [packet_id](broker::Session& s) { s.release(packet_id); });
  }
  void on_completed(broker::Session& session, uint16_t packet_id) override {
    note("completed", session, std::to_string(packet_id));
  }
  void on_window_open(broker::Session& session) override {
    if (also_on_room) also_on_room(session);
  }

 private:
  static std::string text_of(const broker::AcceptedSubscription& one) {
    const broker::SubscriptionOptions& options = one.options;
    std::string text = one.filter + " q" + std::to_string(options.qos);
    text += " handling" + std::to_string(options.retain_handling);
    if (options.no_local) text += " no-local";
    if (options.retain_as_published) text += " as-published";
    if (options.id != 0) text += " sub" + std::to_string(options.id);
    if (one.is_new) text += " new";
    return text;
  }
  void note_will(const broker::Session& session, const broker::WillChange& will) {
    if (!records_wills || !will) return;
    const bool kept = will->message != nullptr;
    note(kept ? "will" : "no-will", session, kept ? std::to_string(will->due_hub_ms) : "");
  }
  void note(std::string event, const broker::Session& session, const std::string& more = {}) {
    event += " " + session.client_id();
    if (!more.empty()) event += " " + more;
    lines_.push_back(std::move(event));
  }
  void answer(broker::Session& session, std::function<void(broker::Session&)> give) {
    if (answers_at_once) return give(session);
    answers_.push_back([give = std::move(give), kept = session.shared_from_this()] { give(*kept); });
  }

  std::vector<std::string> lines_;
  std::vector<core::MessagePtr> messages_;
  std::deque<std::function<void()>> answers_;
};

}  // namespace headgate::testing
