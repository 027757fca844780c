#include "routing/lookup/table_source.h"

#include <utility>

#include "core/topic.h"
#include "routing/lookup/csv_rows.h"
#include "routing/lookup/json_rows.h"

namespace headgate::routing {
namespace {

core::Result<RowSet> parse_rows(const TableSource& source, std::string_view text) {
  if (source.from.ends_with(".csv")) return parse_csv_rows(text, source.from, source.key, source.limits);
  return parse_json_rows(text, source.from, source.key, source.limits);
}

}  // namespace

bool is_same_table(const TableSource& a, const TableSource& b) {
  return a.kind == b.kind && a.from == b.from && a.key == b.key && a.key_level == b.key_level;
}

std::string describe(const TableSource& source) {
  return source.kind == TableSource::Kind::file ? source.from : "the topic " + source.from;
}

bool takes_topic(const TableSource& source, std::string_view topic) {
  return source.kind != TableSource::Kind::file && core::topic_matches(source.from, topic);
}

void read_tables(std::vector<TableSource>& tables, const ReadTable& read) {
  for (TableSource& source : tables) {
    if (source.kind != TableSource::Kind::file) continue;
    const auto text = read(source.from, source.limits.bytes_max);
    auto rows = text ? parse_rows(source, *text) : core::Result<RowSet>(core::fail(text.error()));
    source.fault = rows ? std::string() : rows.error().what;
    source.hash = rows ? rows->hash() : std::string();
    source.rows = rows ? std::make_shared<const RowSet>(*std::move(rows)) : nullptr;
  }
}

}  // namespace headgate::routing
