#include "hub/engine/session_records.h"

#include <memory>
#include <utility>

#include "store/format/record_codec.h"
#include "store/format/varint.h"

namespace headgate::hub {
namespace {

constexpr char kKeySeparator = '\0';  // never part of a client id or topic [MQTT-1.5.4-2]
constexpr uint8_t kNoLocal = 1 << 2;
constexpr uint8_t kRetainAsPublished = 1 << 3;
constexpr uint8_t kRetainHandlingShift = 4;  // two bits
constexpr uint8_t kQosMask = 3;
constexpr uint8_t kOwnerOfEdge = 1 << 0;
constexpr uint8_t kOwnerRegistered = 1 << 1;
constexpr uint8_t kWillOfEdge = 1 << 0;
constexpr uint8_t kWillHasExpiry = 1 << 1;
constexpr uint8_t kWillRegistered = 1 << 2;
constexpr uint8_t kTagRetain = 1 << 2;
constexpr uint8_t kTagShared = 1 << 3;
constexpr size_t kTagBytesMax = 255;
constexpr size_t kVarintBytesMax = 5;  // of a subscription identifier

std::string key_of(std::string_view prefix, std::string_view name) {
  return std::string(prefix).append(name);
}

std::string subscription_key(std::string_view client_id, std::string_view filter) {
  std::string key = key_of(kSubscriptionPrefix, client_id);
  key.push_back(kKeySeparator);
  return key.append(filter);
}

std::string packet_id_key(std::string_view prefix, std::string_view client_id, uint16_t packet_id) {
  std::string key = key_of(prefix, client_id);
  key.push_back(kKeySeparator);
  key.push_back(static_cast<char>(packet_id >> 8));
  key.push_back(static_cast<char>(packet_id));
  return key;
}

core::Unexpected corrupt(std::string_view key) {
  return core::fail(core::Errc::corrupt, "the stored value '" + std::string(key) + "' cannot be read");
}

}  // namespace

store::KeyValue put_session(const StoredSession& stored) {
  const broker::StoredSession& session = stored.session;
  std::string value;
  store::put_varint(value, session.expiry_s);
  store::put_varint(value, static_cast<uint64_t>(session.ended_hub_ms));
  store::put_string(value, session.username);
  store::put_u8(value, (session.edge ? kOwnerOfEdge : 0) | (session.registered ? kOwnerRegistered : 0));
  store::put_varint(value, stored.maybe_sent);
  return {key_of(kSessionPrefix, session.client_id), std::move(value)};
}

store::KeyValue erase_session(std::string_view client_id) {
  return {key_of(kSessionPrefix, client_id), std::nullopt};
}

core::Result<StoredSession> read_session(std::string_view key, std::string_view value) {
  store::Decoder decoder(value);
  StoredSession stored;
  broker::StoredSession& session = stored.session;
  session.client_id = key.substr(kSessionPrefix.size());
  session.expiry_s = static_cast<uint32_t>(decoder.varint());
  session.ended_hub_ms = static_cast<int64_t>(decoder.varint());
  if (!decoder.at_end()) {  // older ones are nobody's
    session.username = decoder.string();
    const uint8_t owner = decoder.u8();
    session.edge = (owner & kOwnerOfEdge) != 0;
    session.registered = (owner & kOwnerRegistered) != 0;
  }
  stored.maybe_sent = decoder.at_end() ? kAnySeq : decoder.varint();
  if (!decoder.ok()) return corrupt(key);
  return stored;
}

namespace {

// Reads a will of format 1, whose message says in seconds, in place of a time, how long it lives once published.
core::MessagePtr take_expiry_out(const core::Message& message, broker::StoredWill& will) {
  will.expiry_s = static_cast<uint32_t>(message.expires_ms);
  auto without = std::make_shared<core::Message>(message);
  without->expires_ms = 0;
  return without;
}

}  // namespace

store::KeyValue put_will(std::string_view client_id, const broker::StoredWill& will) {
  if (!will.message) return erase_will(client_id);
  std::string value;
  store::put_varint(value, will.delay_s);
  store::put_varint(value, static_cast<uint64_t>(will.due_hub_ms));
  store::put_string(value, will.username);
  store::put_u8(value,
                kWillHasExpiry | (will.edge ? kWillOfEdge : 0) | (will.registered ? kWillRegistered : 0));
  store::put_varint(value, will.expiry_s);
  store::encode_record(*will.message, value);
  return {key_of(kWillPrefix, client_id), std::move(value)};
}

store::KeyValue erase_will(std::string_view client_id) {
  return {key_of(kWillPrefix, client_id), std::nullopt};
}

core::Result<broker::StoredWill> read_will(std::string_view key, std::string_view value) {
  store::Decoder decoder(value);
  broker::StoredWill will;
  will.delay_s = static_cast<uint32_t>(decoder.varint());
  will.due_hub_ms = static_cast<int64_t>(decoder.varint());
  will.username = decoder.string();
  const uint8_t flags = decoder.u8();
  will.edge = (flags & kWillOfEdge) != 0;
  will.registered = (flags & kWillRegistered) != 0;
  const bool has_expiry = (flags & kWillHasExpiry) != 0;
  if (has_expiry) will.expiry_s = static_cast<uint32_t>(decoder.varint());
  if (!decoder.ok()) return corrupt(key);
  auto message = store::decode_record(decoder.rest());
  if (!message) return corrupt(key);
  will.message = has_expiry ? std::move(*message) : take_expiry_out(**message, will);
  return will;
}

store::KeyValue put_subscription(std::string_view client_id, std::string_view filter,
                                 const broker::SubscriptionOptions& options) {
  std::string value;
  store::put_u8(value, static_cast<uint8_t>(options.qos | (options.no_local ? kNoLocal : 0) |
                                            (options.retain_as_published ? kRetainAsPublished : 0) |
                                            (options.retain_handling << kRetainHandlingShift)));
  store::put_varint(value, options.id);
  return {subscription_key(client_id, filter), std::move(value)};
}

store::KeyValue erase_subscription(std::string_view client_id, std::string_view filter) {
  return {subscription_key(client_id, filter), std::nullopt};
}

core::Result<StoredSubscription> read_subscription(std::string_view key, std::string_view value) {
  const std::string_view names = key.substr(kSubscriptionPrefix.size());
  const size_t separator = names.find(kKeySeparator);
  store::Decoder decoder(value);
  const uint8_t flags = decoder.u8();
  const auto id = static_cast<uint32_t>(decoder.varint());
  if (separator == std::string_view::npos || !decoder.ok()) return corrupt(key);
  StoredSubscription subscription;
  subscription.client_id = names.substr(0, separator);
  subscription.filter = names.substr(separator + 1);
  subscription.options = {static_cast<uint8_t>(flags & kQosMask), (flags & kNoLocal) != 0,
                          (flags & kRetainAsPublished) != 0,
                          static_cast<uint8_t>((flags >> kRetainHandlingShift) & 3), id};
  return subscription;
}

store::KeyValue put_packet_id(std::string_view prefix, std::string_view client_id, uint16_t packet_id) {
  return {packet_id_key(prefix, client_id, packet_id), std::string()};
}

store::KeyValue erase_packet_id(std::string_view prefix, std::string_view client_id, uint16_t packet_id) {
  return {packet_id_key(prefix, client_id, packet_id), std::nullopt};
}

core::Result<StoredPacketId> read_packet_id(std::string_view prefix, std::string_view key) {
  const std::string_view rest = key.substr(prefix.size());
  const size_t separator = rest.find(kKeySeparator);
  if (separator == std::string_view::npos || rest.size() != separator + 3) return corrupt(key);
  store::Decoder decoder(rest.substr(separator + 1));
  const auto high = decoder.u8();
  const auto low = decoder.u8();
  return StoredPacketId{std::string(rest.substr(0, separator)), static_cast<uint16_t>(high << 8 | low)};
}

store::KeyValue put_retained(const core::Message& message) {
  if (message.body.empty()) return erase_retained(message.topic);
  std::string value;
  store::encode_record(message, value);
  return {key_of(kRetainedPrefix, message.topic), std::move(value)};
}

store::KeyValue erase_retained(std::string_view topic) {
  return {key_of(kRetainedPrefix, topic), std::nullopt};
}

std::string to_tag(const DeliveryTag& tag) {
  std::string bytes;
  store::put_u8(
      bytes, static_cast<uint8_t>(tag.qos | (tag.retain ? kTagRetain : 0) | (tag.shared ? kTagShared : 0)));
  for (const uint32_t id : tag.subscription_ids) {
    if (bytes.size() + kVarintBytesMax > kTagBytesMax) break;
    store::put_varint(bytes, id);
  }
  return bytes;
}

DeliveryTag read_tag(std::string_view tag) {
  store::Decoder decoder(tag);
  DeliveryTag read;
  const uint8_t flags = decoder.u8();
  read.qos = flags & kQosMask;
  read.retain = (flags & kTagRetain) != 0;
  read.shared = (flags & kTagShared) != 0;
  while (decoder.ok() && !decoder.at_end())
    read.subscription_ids.push_back(static_cast<uint32_t>(decoder.varint()));
  return read;
}

std::string session_queue_name(std::string_view client_id) { return key_of(kSessionPrefix, client_id); }

}  // namespace headgate::hub
