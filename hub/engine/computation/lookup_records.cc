#include "hub/engine/computation/lookup_records.h"

#include <limits>
#include <utility>

#include "hub/engine/computation/records.h"
#include "store/format/varint.h"

namespace headgate::hub {
namespace {

constexpr uint8_t kLookupVersion = 1;

// Rows that were within the table's limits once are taken whatever these are now.
constexpr routing::TableLimits kNoLimits = {std::numeric_limits<uint32_t>::max(),
                                            std::numeric_limits<uint32_t>::max(),
                                            std::numeric_limits<uint64_t>::max()};

}  // namespace

store::KeyValue put_lookup(std::string_view table, const StoredLookup& stored) {
  std::string value = begin_record(kLookupVersion);
  store::put_varint(value, stored.number);
  store::put_varint(value, stored.since);
  store::put_string(value, stored.origin);
  store::put_string(value, stored.hash);
  store::put_string(value, stored.sent);
  return {record_key(kLookupPrefix, table), std::move(value)};
}

store::KeyValue erase_lookup(std::string_view table) { return erased(record_key(kLookupPrefix, table)); }

core::Result<StoredLookup> read_lookup(std::string_view key, std::string_view value) {
  store::Decoder in(value);
  const uint8_t version = in.u8();
  StoredLookup stored;
  stored.number = static_cast<uint32_t>(in.varint());
  stored.since = in.varint();
  stored.origin = in.string();
  stored.hash = in.string();
  stored.sent = in.string();
  return end_record(in, version == kLookupVersion, key, std::move(stored));
}

std::string origin_of(const routing::TableSource& source) {
  std::string origin;
  store::put_u8(origin, static_cast<uint8_t>(source.kind));
  store::put_string(origin, source.from);
  store::put_string(origin, source.key);
  store::put_varint(origin, static_cast<uint64_t>(source.key_level));
  return origin;
}

std::string lookup_rows_prefix(uint32_t number) { return record_key(kLookupRowPrefix, number); }

std::string content_body(const routing::RowSet& rows) {
  std::string body = begin_record(kLookupVersion);
  store::put_varint(body, rows.rows().size());
  for (const auto& [key, row] : rows.rows()) {
    store::put_string(body, key);
    store::put_string(body, row);
  }
  return body;
}

core::Result<routing::RowSet> read_content(std::string_view body) {
  store::Decoder in(body);
  const bool known = in.u8() == kLookupVersion;
  routing::RowSet rows(kNoLimits);
  bool sound = known;
  for (uint64_t left = in.varint(); sound && left > 0 && in.ok(); --left) {
    std::string key(in.string());
    sound = rows.add(std::move(key), std::string(in.string())).has_value();
  }
  if (sound && in.at_end()) return rows;
  return core::fail(core::Errc::corrupt, "the content of a table among the inputs cannot be read");
}

}  // namespace headgate::hub
