// From the store's queues to connected clients: persistent sessions and module inputs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/session/session.h"
#include "core/clock.h"
#include "core/log.h"
#include "hub/engine/consumers.h"
#include "hub/engine/publish/held_publishes.h"
#include "hub/observe/recorder/recorder.h"
#include "store/lane_picker.h"
#include "store/queue_store.h"

namespace headgate::hub {

// A *feed* reads one queue for one session, as far as the session's window lets it. An entry is finished when
// the client has acknowledged it; one whose acknowledgement never came is sent again, to this session on its
// next connection or to the next consumer.
//
// A module input has one consumer at a time: a session that subscribed to it by name (`modules/m/…`, so that
// somebody listening to `#` takes nothing away). Messages to a device are delivered as an input, `devices/d/…`. While it is connected it keeps the input. While a publish of its
// is held for lack of room it gets no more of it.
class Delivery : private Consumer {
 public:
  // Everything is borrowed and must outlive the delivery.
  Delivery(store::QueueStore& store, Consumers& consumers, const HeldPublishes& held, Recorder& recorder,
           const core::Clock& clock, core::Log& log)
      : store_(store), consumers_(consumers), held_(held), recorder_(recorder), clock_(clock), log_(log) {}

  // For what is read from now on by whoever has not begun to.
  void use_lane_mode(store::LaneMode mode) { lane_mode_ = mode; }

  // The inputs that exist, by topic: those of the current routes, and those that still hold messages.
  // Those that are gone lose their consumers.
  void set_inputs(std::map<std::string, store::QueueId> inputs);

  // After a restart: entries of the queue up to that seq may have been sent before, by the session's record.
  // `was_connected`: so may those of the inputs it reads.
  void restore_sent(store::QueueId queue, store::Seq maybe_sent, bool was_connected);
  // The session's own queue.
  void bind_session(store::QueueId queue, broker::Session& session);
  // Inputs the session subscribes to and nobody else consumes.
  void bind_inputs(broker::Session& session);
  // The session has subscribed to less, or may have less: lets go of inputs that are not its own any more.
  // True if there were any.
  bool unbind_inputs(broker::Session& session);
  // The session has ended: lets go of everything.
  void unbind(const broker::Session& session);
  // The last seq that may have been sent from the session's own queue.
  [[nodiscard]] store::Seq maybe_sent(const broker::Session& session) const;
  // True if the session is the consumer of any input.
  [[nodiscard]] bool consumes_inputs(const broker::Session& session) const;

  [[nodiscard]] bool is_input(store::QueueId queue) const;
  // Inputs that exist: their topics and queues, and the session that reads each; null: none does.
  template <typename Visit>
  void for_each_input(const Visit& visit) const {
    for (const auto& [topic, queue] : inputs_) {
      const auto feed = feeds_.find(queue);
      visit(topic, queue, feed == feeds_.end() ? nullptr : feed->second.session.get());
    }
  }

  // The client has a delivery, or can never take it. Undelivered is dropped: a message that one member of a
  // share refuses goes to no other [MQTT-4.8.2-6].
  void on_delivered(const broker::Session& session, broker::DeliveryToken token, bool delivered);
  // The client has a QoS 2 delivery, and PUBREL is to follow.
  void on_received(broker::DeliveryToken token);
  // The session may be sent more: acted on at the end of the loop turn, once for all that happened.
  void on_window_open(const broker::Session& session);

 private:
  // Knowledge of deliveries before the last restart.
  struct Restored {
    store::Seq maybe_sent = 0;
    bool was_connected = false;
  };
  struct Feed {
    store::QueueId queue = 0;
    std::string input_topic;  // empty: the session's own queue
    uint8_t input_qos = 0;    // the session's QoS for the input
    std::shared_ptr<broker::Session> session;
    std::array<store::Seq, store::kLaneCount> sent{};  // last seq handed to the session, by lane
    std::array<bool, store::kLaneCount> caught_up{};   // nothing more to read until there is more
    store::LanePicker picker;
    Restored restored;
  };

  [[nodiscard]] Feed* find(store::QueueId queue);
  bool start(Feed feed);
  void stop(store::QueueId queue);
  [[nodiscard]] static int subscribed_qos(const broker::Session& session, std::string_view input_topic);
  void on_ready(store::QueueId queue, bool more) override;
  void pump(Feed& feed);
  bool pump_lane(Feed& feed, uint8_t lane);
  [[nodiscard]] static broker::Outgoing addressed(const Feed& feed, store::Entry& entry);
  [[nodiscard]] bool send(Feed& feed, uint8_t lane, store::Entry& entry);
  [[nodiscard]] bool end_denied(Feed& feed, uint8_t lane, store::Seq seq);

  store::QueueStore& store_;
  Consumers& consumers_;
  const HeldPublishes& held_;
  Recorder& recorder_;
  const core::Clock& clock_;
  core::Log& log_;
  store::LaneMode lane_mode_ = store::LaneMode::strict;
  std::map<std::string, store::QueueId> inputs_;
  std::unordered_map<store::QueueId, Feed> feeds_;
  std::unordered_map<store::QueueId, Restored> restored_;  // of sessions that have not come back yet
  std::unordered_map<const broker::Session*, std::vector<store::QueueId>> by_session_;
};

}  // namespace headgate::hub
