#include "hub/engine/computation/state_records.h"

#include <utility>

#include "hub/engine/computation/records.h"
#include "store/format/varint.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kRecordVersionBefore = 1;  // without the route itself
constexpr uint8_t kRecordVersion = 2;
constexpr uint8_t kRecordVersionResumed = 3;  // with `set_aside`
constexpr uint8_t kDrainVersion = 1;
constexpr uint8_t kDrainVersionAside = 2;  // of one that is set aside

}  // namespace

store::KeyValue put_computation(std::string_view route, const StoredComputation& stored) {
  std::string value = begin_record(stored.set_aside == 0 ? kRecordVersion : kRecordVersionResumed);
  store::put_varint(value, stored.number);
  store::put_varint(value, stored.since);
  store::put_string(value, stored.signature);
  store::put_string(value, stored.entry);
  store::put_u8(value, stored.away ? 1 : 0);
  if (stored.set_aside != 0) store::put_varint(value, stored.set_aside);
  return {record_key(kComputationPrefix, route), std::move(value)};
}

store::KeyValue erase_computation(std::string_view route) {
  return erased(record_key(kComputationPrefix, route));
}

core::Result<StoredComputation> read_computation(std::string_view key, std::string_view value) {
  store::Decoder in(value);
  const uint8_t version = in.u8();
  StoredComputation stored;
  stored.number = static_cast<uint32_t>(in.varint());
  stored.since = in.varint();
  stored.signature = in.string();
  if (version >= kRecordVersion) {
    stored.entry = in.string();
    stored.away = in.u8() != 0;
  }
  if (version == kRecordVersionResumed) stored.set_aside = in.varint();
  const bool known = version >= kRecordVersionBefore && version <= kRecordVersionResumed;
  return end_record(in, known, key, std::move(stored));
}

store::KeyValue put_drain(uint32_t number, const StoredDrain& stored) {
  std::string value = begin_record(stored.aside ? kDrainVersionAside : kDrainVersion);
  store::put_string(value, stored.route);
  store::put_varint(value, stored.until);
  store::put_varint(value, static_cast<uint64_t>(stored.closes_hub_ms));
  store::put_string(value, stored.entry);
  if (stored.aside) {
    store::put_string(value, stored.signature);
    store::put_u8(value, stored.gives ? 1 : 0);
  }
  return {record_key(kDrainPrefix, number), std::move(value)};
}

store::KeyValue erase_drain(uint32_t number) { return erased(record_key(kDrainPrefix, number)); }

uint32_t drain_number(std::string_view key) { return number_in(key, kDrainPrefix); }

core::Result<StoredDrain> read_drain(std::string_view key, std::string_view value) {
  store::Decoder in(value);
  const uint8_t version = in.u8();
  StoredDrain stored;
  stored.route = in.string();
  stored.until = in.varint();
  stored.closes_hub_ms = static_cast<int64_t>(in.varint());
  stored.entry = in.string();
  stored.aside = version == kDrainVersionAside;
  if (stored.aside) {
    stored.signature = in.string();
    stored.gives = in.u8() != 0;
  }
  return end_record(in, version == kDrainVersion || stored.aside, key, std::move(stored));
}

std::string state_prefix(uint32_t number) { return record_key(kStatePrefix, number); }

store::KeyValue put_computed_up_to(int64_t hub_ms) {
  std::string value;
  store::put_varint(value, static_cast<uint64_t>(hub_ms));
  return {std::string(kComputedUpToKey), std::move(value)};
}

core::Result<int64_t> read_computed_up_to(std::string_view value) {
  store::Decoder in(value);
  const auto hub_ms = static_cast<int64_t>(in.varint());
  return end_record(in, true, kComputedUpToKey, hub_ms);
}

}  // namespace headgate::hub
