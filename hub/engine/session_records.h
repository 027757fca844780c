// Sessions, subscriptions, QoS 2 state and retained messages as small values in the store: their keys and
// their bytes. Described for outsiders in docs/store-format.md ("Values of the hub").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "broker/session/subscriptions.h"
#include "core/message.h"
#include "core/result.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Prefixes of the keys, one for each kind of value.
inline constexpr std::string_view kSessionPrefix = "session/";
inline constexpr std::string_view kWillPrefix = "will/";
inline constexpr std::string_view kSubscriptionPrefix = "subscription/";
inline constexpr std::string_view kIncomingPrefix = "qos2-in/";   // PUBLISH stored, PUBREL not seen
inline constexpr std::string_view kReleasedPrefix = "qos2-out/";  // PUBREC seen, PUBCOMP not
inline constexpr std::string_view kOnRemovePrefix = "on-remove/";
inline constexpr std::string_view kRoutePrefix = "route/";
inline constexpr std::string_view kTablePrefix = "table/";
inline constexpr std::string_view kLinkPrefix = "link/";              // what the budget of a link has charged
inline constexpr std::string_view kDownstreamPrefix = "downstream/";  // filters that a link has subscribed to
inline constexpr std::string_view kSeenPrefix = "seen/";              // ids of commands that came down
inline constexpr std::string_view kRetainedPrefix = "retained/";

// `maybe_sent`: the last seq of its queue that may have been sent. While it is connected: kAnySeq, since a
// write for each delivery would be a high price for a flag.
struct StoredSession {
  broker::StoredSession session;
  store::Seq maybe_sent = 0;

  friend bool operator==(const StoredSession&, const StoredSession&) = default;
};
inline constexpr store::Seq kAnySeq = UINT64_MAX;
[[nodiscard]] store::KeyValue put_session(const StoredSession& stored);
[[nodiscard]] store::KeyValue erase_session(std::string_view client_id);
// Records of before there was `maybe_sent` read as kAnySeq.
[[nodiscard]] core::Result<StoredSession> read_session(std::string_view key, std::string_view value);

// A will without a message is erased.
[[nodiscard]] store::KeyValue put_will(std::string_view client_id, const broker::StoredWill& will);
[[nodiscard]] store::KeyValue erase_will(std::string_view client_id);
// Also records of before the expiry had a field of its own: there it stood in the message.
[[nodiscard]] core::Result<broker::StoredWill> read_will(std::string_view key, std::string_view value);

// A subscription as stored: client and filter are in the key.
struct StoredSubscription {
  std::string client_id;
  std::string filter;
  broker::SubscriptionOptions options;
};
[[nodiscard]] store::KeyValue put_subscription(std::string_view client_id, std::string_view filter,
                                               const broker::SubscriptionOptions& options);
[[nodiscard]] store::KeyValue erase_subscription(std::string_view client_id, std::string_view filter);
[[nodiscard]] core::Result<StoredSubscription> read_subscription(std::string_view key,
                                                                 std::string_view value);

// QoS 2 state: a client's packet id under one of the two prefixes.
struct StoredPacketId {
  std::string client_id;
  uint16_t packet_id = 0;
};
[[nodiscard]] store::KeyValue put_packet_id(std::string_view prefix, std::string_view client_id,
                                            uint16_t packet_id);
[[nodiscard]] store::KeyValue erase_packet_id(std::string_view prefix, std::string_view client_id,
                                              uint16_t packet_id);
[[nodiscard]] core::Result<StoredPacketId> read_packet_id(std::string_view prefix, std::string_view key);

// An empty body erases, as in MQTT.
[[nodiscard]] store::KeyValue put_retained(const core::Message& message);
[[nodiscard]] store::KeyValue erase_retained(std::string_view topic);

// How a message goes to a persistent session, kept as the tag of its queue entry.
struct DeliveryTag {
  uint8_t qos = 0;
  bool retain = false;
  bool shared = false;  // came by a shared subscription
  std::vector<uint32_t> subscription_ids;

  friend bool operator==(const DeliveryTag&, const DeliveryTag&) = default;
};
// Keeps as many subscription identifiers as a tag has room for (at least 40).
[[nodiscard]] std::string to_tag(const DeliveryTag& tag);
[[nodiscard]] DeliveryTag read_tag(std::string_view tag);

// The name of a persistent session's queue.
[[nodiscard]] std::string session_queue_name(std::string_view client_id);

}  // namespace headgate::hub
