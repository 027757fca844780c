#include "tools/headgate/history/tables.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "routing/lookup/table.h"
#include "store/format/varint.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;
using routing::TableSource;

// Values of a hub's store (docs/store-format.md, "Values of the hub").
constexpr std::string_view kLookupRecords = "lookup/";
constexpr std::string_view kLookupRows = "lookup-row/";
constexpr uint8_t kLookupVersion = 1;

// The hub has kept its limits.
constexpr routing::TableLimits kNoLimits = {std::numeric_limits<uint32_t>::max(),
                                            std::numeric_limits<uint32_t>::max(),
                                            std::numeric_limits<uint64_t>::max()};

std::string unknown_rows(const TableSource& table, std::string_view why) {
  return "the rows of table '" + table.name + "' are not known: " + std::string(why);
}

void set_rows(TableSource& table, routing::RowSet rows) {
  table.hash = rows.hash();
  table.rows = std::make_shared<const routing::RowSet>(std::move(rows));
  table.fault.clear();
}

// ---- a hub that runs ----

core::Status ask_for_rows(AdminClient& hub, TableSource& table) {
  routing::RowSet rows(kNoLimits);
  std::string last;
  for (bool more = true; more;) {
    const auto page =
        hub.get("/v1/tables/" + percent_encode(table.name) + "/rows?after=" + percent_encode(last));
    if (!page) return core::fail(page.error());
    const Json json = Json::parse(*page, nullptr, /*allow_exceptions=*/false);
    const Json found = member_of(json, "rows");
    if (!found.is_object())
      return core::fail(core::Errc::corrupt, "the answer is not JSON: is that a hub's socket?");
    more = !found.empty();
    for (const auto& [key, row] : found.items()) {
      if (auto added = rows.add(key, text_of(found, key)); !added) return added;
      last = key;
    }
  }
  set_rows(table, std::move(rows));
  return {};
}

// ---- a directory ----

std::optional<uint32_t> number_of_rows(const store::QueueReader& reader, const std::string& table) {
  const auto record = reader.get(std::string(kLookupRecords) + table);
  if (!record) return std::nullopt;
  store::Decoder in(*record);
  const bool known = in.u8() == kLookupVersion;
  const auto number = static_cast<uint32_t>(in.varint());
  return known && in.ok() ? std::optional(number) : std::nullopt;
}

core::Status read_stored_rows(const store::QueueReader& reader, TableSource& table) {
  const auto number = number_of_rows(reader, table.name);
  if (!number) {
    std::vector<TableSource> alone = {table};
    routing::read_tables(alone, read_table);
    table = std::move(alone.front());
    if (!table.rows && table.fault.empty())
      table.fault = unknown_rows(table, "no route in force looked up in it");
    return {};
  }
  std::string prefix(kLookupRows);
  store::put_u32_be(prefix, *number);
  routing::LookupTable stored(std::make_shared<const TableSource>(table));
  const auto read = reader.for_each(prefix, [&](std::string_view key, std::string_view value) {
    (void)stored.load(key.substr(prefix.size()), value);
    return core::Status();
  });
  if (!read) return read;
  routing::RowSet rows(kNoLimits);
  for (const auto& [key, row] : stored.rows_after("", stored.size()))
    if (auto added = rows.add(std::string(key), std::string(row)); !added) return added;
  set_rows(table, std::move(rows));
  return {};
}

}  // namespace

core::Result<std::vector<TableSource>> tables_in_force(const Context& context,
                                                       std::vector<TableSource> declared) {
  for (TableSource& table : declared) {
    const auto read = context.reader != nullptr ? read_stored_rows(*context.reader, table)
                                                : ask_for_rows(context.hub, table);
    if (!read) return core::fail(read.error());
  }
  return declared;
}

void take_rows_of_topics(std::vector<TableSource>& own, const std::vector<TableSource>& in_force) {
  for (TableSource& table : own) {
    if (table.kind == TableSource::Kind::file) continue;
    const auto same = [&table](const TableSource& other) { return routing::is_same_table(table, other); };
    const auto found = std::ranges::find_if(in_force, same);
    if (found == in_force.end()) {
      table.fault = unknown_rows(table, "the hub has no table of " + routing::describe(table) +
                                            "; give them as a file, {\"file\": …}, for the replay");
      continue;
    }
    table.rows = found->rows;
    table.hash = found->hash;
    table.fault = found->fault;
  }
}

void hold_still(std::vector<TableSource>& tables) {
  for (TableSource& table : tables) table.kind = TableSource::Kind::file;
}

}  // namespace headgate::tools
