// MQTT state of a client (MQTT 5.0 section 4.1), for as long as the session lives: across connections if
// it is persistent. No socket, no clock, no store: packets and `now` come in, bytes go into the channel, and
// what the rest of the hub must do goes to BrokerEvents.
//
// Not thread-safe: one loop owns all sessions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/access.h"
#include "broker/codec/frame.h"
#include "broker/codec/packets/connect.h"
#include "broker/codec/packets/publish.h"
#include "broker/codec/packets/subscribe.h"
#include "broker/codec/reason_code.h"
#include "broker/counters.h"
#include "broker/options.h"
#include "broker/session/ack_order.h"
#include "broker/session/outbox.h"
#include "broker/session/subscriptions.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/message.h"

namespace headgate::broker {

class Channel;
class Session;
class SharedPublish;
class Translator;

// A PUBLISH that waits for its acknowledgement. Given back to Session::accepted() unchanged.
struct PublishToken {
  uint16_t packet_id = 0;
  uint8_t qos = 0;
  uint32_t bytes = 0;       // topic and body
  uint32_t connection = 0;  // which of the session's connections it came on
  uint32_t place = 0;       // in the order of that connection's answers

  friend bool operator==(const PublishToken&, const PublishToken&) = default;
};

// A will as the store remembers it. Its message has no expiry of its own (`expires_ms` is 0) until it is
// published. Without a message: there is none.
struct StoredWill {
  core::MessagePtr message;
  uint32_t expiry_s = 0;  // from its publication; 0 = never
  uint32_t delay_s = 0;
  int64_t due_hub_ms = 0;     // when its delay is over, hub time; 0 = its client is connected
  std::string username = {};  // whose rights it has
  bool edge = false;          // Identity::edge
  bool registered = false;    // Identity::registered
};

// How an event changes the will that is kept for a session; nullopt: it stays as it is.
using WillChange = std::optional<StoredWill>;

// An accepted line of a SUBSCRIBE.
struct AcceptedSubscription {
  std::string filter;
  SubscriptionOptions options;
  bool is_new = false;
};

inline constexpr size_t kPacketIds = 65'535;            // a client's: each can be in use once [MQTT-2.2.1-3]
inline constexpr uint32_t kNeverExpiresS = UINT32_MAX;  // a session's (MQTT 5.0 section 3.1.2.11.2)

// Duties of the hub, called by the broker on the loop thread, also from inside any call into the broker. The
// session named lives at least until the call returns.
class BrokerEvents {
 public:
  virtual ~BrokerEvents() = default;

  // A client is connected and its CONNACK is on its way. A will is promised even if the hub itself does not
  // live to publish it [MQTT-3.1.2-7]: `will` is to be kept together with the session, both or neither.
  virtual void on_connected(Session& session, bool session_present, const WillChange& will) = 0;
  // The connection is gone; the session may live on. `will` as above: a client that has said good-bye has
  // none any more, and one that waits for its delay is given a time.
  virtual void on_disconnected(Session& session, const WillChange& will) = 0;
  // The session's state is gone, and its subscriptions with it.
  virtual void on_session_ended(Session& session) = 0;

  // The will that is kept for a session is another now, while its connection stays as it is.
  virtual void on_will(Session& session, const StoredWill& will) = 0;
  // A will became due, and its client may publish it. It is to be published and no longer kept, both or
  // neither.
  virtual void on_will_due(Session& session, core::MessagePtr will) = 0;

  // A message arrived that its client may publish. For QoS 1 and 2 the answer is session.accepted(token, …),
  // once what was promised is durable. `now`: when its bytes were read.
  virtual void on_publish(Session& from, core::MessagePtr message, PublishToken token, core::Now now) = 0;
  // A request to the hub itself came, on `$iothub/devices/D[/modules/M]/…` as the dialect of IoT Edge has it inside. Answer as
  // on_publish().
  virtual void on_edge_request(Session& from, core::MessagePtr request, PublishToken token,
                               core::Now now) = 0;
  // PUBREL came. Answer with session.released(packet_id) once it is forgotten durably.
  virtual void on_release(Session& from, uint16_t packet_id) = 0;

  // The subscriptions hold from now on. Answer with session.subscribed(packet_id, codes) once durable.
  virtual void on_subscribed(Session& session, uint16_t packet_id, std::vector<AcceptedSubscription> accepted,
                             std::vector<ReasonCode> codes) = 0;
  // Answer with session.unsubscribed(packet_id, codes) once durable.
  virtual void on_unsubscribed(Session& session, uint16_t packet_id, std::vector<std::string> removed,
                               std::vector<ReasonCode> codes) = 0;

  // A delivery with a token has ended: the client has it, or (`delivered` false) it can never take it.
  virtual void on_delivered(Session& session, DeliveryToken token, bool delivered) = 0;
  // The client acknowledges a delivery with a token, by PUBACK or PUBREC. True: it is to end together with
  // something else, and is as if it were not acknowledged until session.complete(packet_id, token). False: one of
  // the two calls around this one follows at once.
  virtual bool defers_end(Session& session, uint16_t packet_id, uint8_t qos, DeliveryToken token) {
    (void)session, (void)packet_id, (void)qos, (void)token;
    return false;
  }
  // The client has a QoS 2 delivery. Answer with session.release(packet_id) once that is durable.
  virtual void on_received(Session& session, uint16_t packet_id, DeliveryToken token) = 0;
  // The QoS 2 handshake of this packet id is over.
  virtual void on_completed(Session& session, uint16_t packet_id) = 0;
  // The in-flight window, or the socket, which was full, has room again.
  virtual void on_window_open(Session& session) = 0;
};

// Counts requests of clients who lack the right.
struct Denials {
  uint64_t publish = 0;
  uint64_t subscribe = 0;
  uint64_t receive = 0;  // messages that their subscriptions match

  void count(Action action) {
    ++(action == Action::publish ? publish : action == Action::subscribe ? subscribe : receive);
  }
};

// Parts that all sessions of a broker share. Owned by the broker, outlives them.
struct SessionContext {
  SessionLimits limits;
  BrokerEvents* events;  // set before the first session
  Subscriptions& subscriptions;
  core::Log& log;
  Traffic traffic = {};
  DropCounts drops = {};
  std::vector<std::weak_ptr<Session>> droppers =
      {};                // who has drops that the log does not know of; each once
  Denials denied = {};   // of anybody
  Publish scratch = {};  // decoded into again and again, so that a PUBLISH allocates nothing to be read
  std::string wire_topic = {};  // translated into again and again, as `scratch`
  size_t burst_bytes = 0;       // of all clients, see Burst
  std::string why = {};         // for people: more about the last refusal than its code says; empty: nothing
};

// Whether a topic, or a filter without `$share/…/`, keeps within the limits; if not, `why` says what does
// not.
[[nodiscard]] bool is_within(const SessionLimits& limits, std::string_view topic, std::string& why);
// Checks the number of a message's user properties.
[[nodiscard]] bool is_within(const SessionLimits& limits, const MessageProperties& properties,
                             std::string& why);

// Counters of one session, for `client ls` and metrics.
struct SessionStats {
  uint64_t received = 0;   // PUBLISH in
  uint64_t delivered = 0;  // PUBLISH out, first sendings
  uint64_t dropped = 0;    // deliveries given up, for any DropReason
  uint64_t connects = 0;   // since the hub's start
  // Mono time at which it last acknowledged a delivery, connected, or was sent the only one in flight.
  int64_t answered_ms = 0;
  Denials denied;
};

// How a delivery from a durable queue was received.
enum class Handed : uint8_t {
  taken,      // its end is told by on_delivered() or on_received()
  id_in_use,  // by another delivery: try again after the next on_delivered()
  denied,     // the client may not have it: the queue's owner decides what becomes of it
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const std::string& client_id, SessionContext& context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const std::string& client_id() const { return source_->client_id; }
  [[nodiscard]] const std::shared_ptr<const core::Source>& source() const { return source_; }
  [[nodiscard]] Version version() const { return version_; }
  [[nodiscard]] bool connected() const { return channel_ != nullptr; }
  [[nodiscard]] Channel* channel() const { return channel_; }
  // Tells whether its client speaks, or last spoke, the dialect of IoT Edge: the session's topics and filters are those inside the hub.
  [[nodiscard]] bool speaks_iot_edge() const { return translator_ != nullptr; }
  // Outlives its connection.
  [[nodiscard]] bool persistent() const { return expiry_s_ > 0; }
  // Seconds the session lives on without a connection; 0xFFFFFFFF = for ever (MQTT 5.0 section 3.1.2.11.2).
  [[nodiscard]] uint32_t expiry_s() const { return expiry_s_; }
  void set_expiry_s(uint32_t expiry_s) { expiry_s_ = expiry_s; }
  [[nodiscard]] const SessionStats& stats() const { return stats_; }

  // Who its client is: of the current connection, or the last. Messages carry it as their source.
  [[nodiscard]] const Identity& identity() const { return *grant_.identity; }
  void set_grant(Grant grant);
  // False, counted and logged once a session, if the client may not publish there. Asked for every PUBLISH
  // and every will before the hub hears of it.
  [[nodiscard]] bool may_publish(std::string_view topic);
  // False, and counted, if the client may not have messages of that topic. Asked by every delivery, and
  // before a message is put into the session's durable queue.
  [[nodiscard]] bool may_receive(std::string_view topic) {
    if (grant_.rights->may_receive(topic)) return true;
    count_denied(Action::receive);
    return false;
  }
  // For choosing among sessions, where a no is no denial and is not counted.
  [[nodiscard]] const Rights& rights() const { return *grant_.rights; }

  // Unix time of the last connect or disconnect; 0 if the hub was restarted since.
  [[nodiscard]] int64_t since_wall_ms() const { return since_wall_ms_; }
  [[nodiscard]] const std::map<std::string, SubscriptionOptions, std::less<>>& subscriptions() const {
    return filters_;
  }
  // Drops that the log does not know of, but for those that every client has that is away.
  // The store has dropped so many of what waited for it.
  void count_stored_drops(DropReason reason, uint64_t messages);
  [[nodiscard]] uint64_t unlogged_drops() const { return unlogged_drops_; }
  // Monotonic: when the next line about them may come.
  [[nodiscard]] int64_t next_drop_log_ms() const { return next_drop_log_ms_; }
  void logged_drops(int64_t next_ms);
  [[nodiscard]] size_t in_flight() const { return outbox_.in_flight(); }
  // Mono time since when the client acknowledges nothing of what is in flight; nullopt: nothing is.
  [[nodiscard]] std::optional<int64_t> unanswered_since_ms() const {
    return in_flight() == 0 ? std::nullopt : std::optional(stats_.answered_ms);
  }
  // More waits in its connection than may: deliveries wait until the client has read.
  [[nodiscard]] bool stays_behind() const { return channel_ != nullptr && congested(); }
  [[nodiscard]] size_t waiting() const { return outbox_.waiting.size(); }
  [[nodiscard]] size_t waiting_bytes() const { return outbox_.waiting_bytes; }
  // False while the hub owes the client too many answers: its socket is not read then, which is the only way
  // to slow a 3.1.1 client down. What only the client can end (PUBREL) does not count: it must be heard. Nor
  // do publishes that the hub holds: their bound is the hub's, which pauses the client.
  [[nodiscard]] bool wants_packets() const {
    return !paused_ && unanswered_ + requests_.size() < context_.limits.receive_maximum &&
           unanswered_bytes_ < context_.limits.unanswered_bytes_max && acks_.size() < kPacketIds;
  }

  // The hub holds as much of what the client publishes as it may: nothing is taken from the client until
  // there is room, not even what has been read of it.
  void set_paused(bool paused);
  [[nodiscard]] bool paused() const { return paused_; }
  // The hub holds a publish, for as long as it takes: it does not count among those that are answered soon.
  void set_held(PublishToken token, bool held);

  // ---- connection ----
  // Counts the session's connections: an answer belongs to the one its request came on.
  [[nodiscard]] uint32_t connection() const { return connection_; }
  // QoS 2 ids that must not be used for something new: publishes before PUBCOMP, deliveries after PUBREC.
  [[nodiscard]] std::vector<uint16_t> incoming_ids() const;
  [[nodiscard]] std::vector<uint16_t> released_ids();

  // Takes over the channel; what was in flight is sent again, in order, with DUP [MQTT-4.4.0-1].
  void attach(Channel& channel, Version version, uint16_t client_receive_maximum, core::Now now);
  void detach(core::Now now);
  // The session has ended: nothing matches its subscriptions any more, whoever still holds it. They can still
  // be listed.
  void end();
  // Takes a packet from the client, never CONNECT. Anything but success must close the connection with that
  // reason.
  [[nodiscard]] ReasonCode on_frame(const Frame& frame, core::Now now);

  // ---- the hub's answers ----
  // `why` goes to the client as reason string, if it wants one.
  void accepted(PublishToken token, ReasonCode reason, std::string_view why = {});
  void released(uint16_t packet_id);
  void subscribed(uint16_t packet_id, std::span<const ReasonCode> codes);
  void unsubscribed(uint16_t packet_id, std::span<const ReasonCode> codes);
  void release(uint16_t packet_id);
  // A delivery whose end was deferred has ended, if it is still in flight: on_delivered() and on_received() do not
  // come for it.
  void complete(uint16_t packet_id, DeliveryToken token, core::Now now);

  // ---- deliveries ----
  // A message that no durable queue holds: it is sent, waits in memory for the window, or is dropped and
  // counted. Nothing happens if the client may not have it.
  void deliver_from_memory(SharedPublish& message, uint8_t qos, bool retain,
                           std::span<const uint32_t> subscription_ids, core::Now now,
                           Via via = Via::subscription);
  // Whether a delivery of this QoS would go out at once and leave room for what is published meanwhile: for
  // what can wait where it is. If not, on_window_open() will come, or the end of the connection.
  [[nodiscard]] bool has_room_for(uint8_t qos);
  // False if a delivery now would have to wait in memory, and there is no room.
  [[nodiscard]] bool may_wait() const;
  // Once the session has ended: what came to it by a share and another member may get: what was not sent, and
  // what was sent with QoS 1 and not acknowledged. A QoS 2 message that was sent is for nobody else
  // [MQTT-4.8.2-5]. Only what has no token: the owner of a queue knows the rest.
  [[nodiscard]] std::vector<core::MessagePtr> extract_shared();
  // The socket took what was waiting: goes on with what was held back.
  void on_drained(core::Now now);
  // Room for deliveries with a token; 0 while not connected.
  [[nodiscard]] size_t window() const;
  // A message that a durable queue keeps until on_delivered(): it is sent at once, or not at all. `packet_id`
  // 0: any free one. REQUIRES: window() > 0.
  [[nodiscard]] Handed deliver_from_queue(Outgoing out, uint16_t packet_id, core::Now now);

  // ---- state that came from the store ----
  void restore_subscription(const std::string& filter, const SubscriptionOptions& options);
  void restore_incoming(uint16_t packet_id);
  void restore_released(uint16_t packet_id) { outbox_.restore_released(packet_id); }

  // The owner's durable queue for this session, by whatever number it knows it. Opaque here.
  std::optional<uint32_t> queue;
  // Tells that it ends because its client was away for too long.
  bool abandoned = false;

  // For whoever fans a message out: finds a session's overlapping subscriptions in one pass.
  struct {
    uint64_t stamp = 0;
    uint32_t index = 0;
  } match;

 private:
  // A QoS 2 publish until its PUBREL [MQTT-4.3.3-10].
  struct Incoming {
    bool stored = false;
    bool refused = false;     // in MQTT 5: the id is free again once PUBREC has said so
    uint32_t connection = 0;  // on which it counts against the Receive Maximum: the one it came on last
    uint32_t place = 0;       // of its answer on that connection
  };
  using IncomingQos2 = std::unordered_map<uint16_t, Incoming>;

  ReasonCode on_publish(const Frame& frame, core::Now now);
  ReasonCode on_wire_publish(const Publish& publish, core::Now now);
  ReasonCode on_puback(const Frame& frame, core::Now now);
  ReasonCode on_pubrec(const Frame& frame, core::Now now);
  ReasonCode on_pubrel(const Frame& frame);
  ReasonCode on_pubcomp(const Frame& frame, core::Now now);
  ReasonCode on_subscribe(const Frame& frame);
  ReasonCode on_unsubscribe(const Frame& frame);
  ReasonCode on_pingreq(const Frame& frame);
  ReasonCode on_disconnect(const Frame& frame);

  // Incoming (incoming.cc).
  ReasonCode resolve_topic(const Publish& publish, std::string_view& topic);
  [[nodiscard]] core::MessagePtr make_message(const Publish& publish, std::string_view topic,
                                              core::Now now) const;
  [[nodiscard]] ReasonCode check(const SubscriptionRequest& request);
  [[nodiscard]] ReasonCode check(const Publish& publish, std::string_view topic);
  void subscribe(const SubscriptionRequest& request, uint32_t subscription_id,
                 std::vector<AcceptedSubscription>& accepted);
  void count_received(const Publish& publish);
  [[nodiscard]] bool count_in(const Publish& publish);
  [[nodiscard]] bool came_before(const Publish& publish);
  [[nodiscard]] PublishToken take_place(const Publish& publish, size_t bytes);
  void accept_qos2(PublishToken token, ReasonCode reason, std::string_view why);
  void settle(uint32_t place, ReasonCode reason, std::string_view why);
  void send_answers();
  void send_pubrec(const AckOrder::Answer& answer);
  [[nodiscard]] bool refuse_v3(PublishToken token, ReasonCode reason);
  void forget_incoming(IncomingQos2::iterator it);
  void send_ack(PacketType type, uint16_t packet_id, ReasonCode reason, std::string_view why = {});
  [[nodiscard]] ReasonText reason_text(std::string_view why) const;
  [[nodiscard]] std::optional<std::string> end_request(uint16_t packet_id);

  // Outgoing (outgoing.cc).
  void write_or_give_up(const Outbox::InFlight& flight, bool dup, core::Now now);
  void send_again(core::Now now);
  void release_again();
  void count_delivered(const core::Message& message);
  [[nodiscard]] bool write_shared(SharedPublish& shared, const Outgoing& out, uint16_t packet_id,
                                  core::Now now);
  [[nodiscard]] bool write_with_alias(const core::Message& message, PublishOptions& options);
  [[nodiscard]] bool write_publish(const Outgoing& out, uint16_t packet_id, bool dup, core::Now now);
  [[nodiscard]] bool write_translated(const core::Message& message, PublishOptions& options);
  void start_delivery(Outgoing out, core::Now now);
  void finish_delivery(uint16_t packet_id, bool delivered, core::Now now);
  [[nodiscard]] bool is_deferred(const Outbox::InFlight& flight);
  void count_drop(DropReason reason);
  void give_up(const Outgoing& out, DropReason reason);
  void wait_in_memory(Outgoing out);
  Outgoing next_waiting();
  void send_waiting(core::Now now);
  [[nodiscard]] bool congested() const;
  [[nodiscard]] bool is_slow(const core::Message& message, core::Now now);
  // False without a connection, and once it is being closed: nothing follows a DISCONNECT [MQTT-3.14.4-1].
  [[nodiscard]] bool takes_packets() const;
  [[nodiscard]] bool may_subscribe(std::string_view filter);
  void count_denied(Action action);

  std::shared_ptr<const core::Source> source_;
  Grant grant_;
  SessionContext& context_;
  Version version_ = Version::v3_1_1;
  Channel* channel_ = nullptr;
  std::unique_ptr<const Translator> translator_;  // null: plain MQTT
  bool paused_ = false;
  uint32_t connection_ = 0;  // counts the connections of this session
  uint32_t expiry_s_ = 0;
  SessionStats stats_;
  uint64_t unlogged_drops_ = 0;
  int64_t next_drop_log_ms_ = 0;
  int64_t since_wall_ms_ = 0;

  bool ended_ = false;

  std::map<std::string, SubscriptionOptions, std::less<>> filters_;

  IncomingQos2 incoming_qos2_;
  // State of this connection only: a client starts each with its whole quota (MQTT 5.0 section 4.9).
  size_t unacknowledged_ = 0;    // QoS 1 without PUBACK, QoS 2 without PUBCOMP
  size_t unanswered_ = 0;        // QoS 1 without PUBACK, QoS 2 without PUBREC
  size_t unanswered_bytes_ = 0;  // of those
  AckOrder acks_;                // PUBACK and PUBREC that are owed
  struct Request {
    uint16_t packet_id = 0;
    std::string why;  // what is wrong with the first filter that was refused
  };
  std::vector<Request> requests_;  // SUBSCRIBE and UNSUBSCRIBE without answer
  Outbox outbox_;
};

}  // namespace headgate::broker
