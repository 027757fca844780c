#include "hub/engine/computation/state_records.h"

#include <utility>

#include "store/format/varint.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kRecordVersionBefore = 1;  // without the route itself
constexpr uint8_t kRecordVersion = 2;
constexpr uint8_t kDrainVersion = 1;

std::string computation_key(std::string_view route) { return std::string(kComputationPrefix).append(route); }

std::string drain_key(uint32_t number) {
  std::string key(kDrainPrefix);
  store::put_u32_be(key, number);
  return key;
}

core::Unexpected unreadable_state(std::string_view key) {
  return core::fail(core::Errc::corrupt, "the stored value '" + std::string(key) + "' cannot be read");
}

}  // namespace

store::KeyValue put_computation(std::string_view route, const StoredComputation& stored) {
  std::string value;
  store::put_u8(value, kRecordVersion);
  store::put_varint(value, stored.number);
  store::put_varint(value, stored.since);
  store::put_string(value, stored.signature);
  store::put_string(value, stored.entry);
  store::put_u8(value, stored.away ? 1 : 0);
  return {computation_key(route), std::move(value)};
}

store::KeyValue erase_computation(std::string_view route) { return {computation_key(route), std::nullopt}; }

core::Result<StoredComputation> read_computation(std::string_view key, std::string_view value) {
  store::Decoder in(value);
  const uint8_t version = in.u8();
  StoredComputation stored;
  stored.number = static_cast<uint32_t>(in.varint());
  stored.since = in.varint();
  stored.signature = in.string();
  if (version == kRecordVersion) {
    stored.entry = in.string();
    stored.away = in.u8() != 0;
  }
  const bool known = version == kRecordVersion || version == kRecordVersionBefore;
  if (!in.at_end() || !known) return unreadable_state(key);
  return stored;
}

store::KeyValue put_drain(uint32_t number, const StoredDrain& stored) {
  std::string value;
  store::put_u8(value, kDrainVersion);
  store::put_string(value, stored.route);
  store::put_varint(value, stored.until);
  store::put_varint(value, static_cast<uint64_t>(stored.closes_hub_ms));
  store::put_string(value, stored.entry);
  return {drain_key(number), std::move(value)};
}

store::KeyValue erase_drain(uint32_t number) { return {drain_key(number), std::nullopt}; }

uint32_t drain_number(std::string_view key) {
  uint32_t number = 0;
  for (const char byte : key.substr(kDrainPrefix.size())) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

core::Result<StoredDrain> read_drain(std::string_view key, std::string_view value) {
  store::Decoder in(value);
  const uint8_t version = in.u8();
  StoredDrain stored;
  stored.route = in.string();
  stored.until = in.varint();
  stored.closes_hub_ms = static_cast<int64_t>(in.varint());
  stored.entry = in.string();
  if (!in.at_end() || version != kDrainVersion) return unreadable_state(key);
  return stored;
}

std::string state_prefix(uint32_t number) {
  std::string prefix(kStatePrefix);
  store::put_u32_be(prefix, number);
  return prefix;
}

store::KeyValue put_computed_up_to(int64_t hub_ms) {
  std::string value;
  store::put_varint(value, static_cast<uint64_t>(hub_ms));
  return {std::string(kComputedUpToKey), std::move(value)};
}

core::Result<int64_t> read_computed_up_to(std::string_view value) {
  store::Decoder in(value);
  const auto hub_ms = static_cast<int64_t>(in.varint());
  if (!in.at_end()) return unreadable_state(kComputedUpToKey);
  return hub_ms;
}

}  // namespace headgate::hub
