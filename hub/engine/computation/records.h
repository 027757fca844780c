// The form that records of routes with state and of lookup tables share: where they are kept, and how they are read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.h"
#include "core/result.h"
#include "store/format/varint.h"
#include "store/queue_store.h"

namespace headgate::hub {

// Makes the key of what has a name.
[[nodiscard]] std::string record_key(std::string_view prefix, std::string_view name);
// Makes the key of what has a number, or the prefix of the keys of its parts. Keys are in the order of their numbers.
[[nodiscard]] std::string record_key(std::string_view prefix, uint32_t number);
// Reads the number in such a key.
[[nodiscard]] uint32_t number_in(std::string_view key, std::string_view prefix);

// Gives a function that adds a part of something, under its key behind the prefix, to `values`; borrowed. Without bytes
// the part is erased.
[[nodiscard]] inline auto put_under(std::string prefix, std::vector<store::KeyValue>& values) {
  return [prefix = std::move(prefix), &values](std::string_view key, std::optional<std::string> bytes) {
    values.push_back({std::string(prefix).append(key), std::move(bytes)});
  };
}
// Gives all parts under the prefix to `load`, with their key behind it. A part that it cannot read is left out: it is
// erased by `lost`, and the log says so of `whose`. Error: io.
using LoadPart = std::function<bool(std::string_view key, std::string_view bytes)>;
core::Status load_parts(const store::QueueReader& store, const std::string& prefix, const LoadPart& load,
                        std::vector<store::KeyValue>& lost, core::Log& log, const core::LogField& whose);

// Makes the value that erases a record.
[[nodiscard]] inline store::KeyValue erased(std::string key) { return {std::move(key), std::nullopt}; }

// Begins a record: its version, then whatever belongs to it.
[[nodiscard]] std::string begin_record(uint8_t version);
// Ends reading one: gives it if nothing was missing, nothing is left over, and its version is known. Error: corrupt.
template <typename Record>
[[nodiscard]] core::Result<Record> end_record(const store::Decoder& in, bool known, std::string_view key,
                                              Record record) {
  if (in.at_end() && known) return record;
  return core::fail(core::Errc::corrupt, "the stored value '" + std::string(key) + "' cannot be read");
}

}  // namespace headgate::hub
