#include <cstdio>
#include <nlohmann/json.hpp>

#include "store/report/stats.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string size_of(const Json& json, std::string_view field) { return human_bytes(number_of(json, field)); }

// "2 0 5": files on each level.
std::string levels_of(const Json& family) {
  std::string text;
  for (const Json& files : member_of(family, "level_files")) {
    if (files.is_number()) text += (text.empty() ? "" : " ") + std::to_string(files.get<uint64_t>());
  }
  return text.empty() ? "-" : text;
}

void show_families(std::ostream& out, const Json& stats) {
  Table table({{"FAMILY"}, {"FILES", Align::right}, {"LIVE", Align::right}, {"BY LEVEL"}});
  for (const Json& family : member_of(stats, "families")) {
    table.add({printable(text_of(family, "name")), size_of(family, "file_bytes"),
               size_of(family, "live_bytes"), levels_of(family)});
  }
  table.add({"all", size_of(stats, "file_bytes"), size_of(stats, "live_bytes"), ""});
  table.print(out);
}

std::string amplification_of(const Json& written) {
  const Json& factor = member_of(written, "per_payload_byte");
  if (!factor.is_number()) return "";
  char text[64];
  std::snprintf(text, sizeof text, ", %.2f for each byte of payload", factor.get<double>());
  return text;
}

void show_written(std::ostream& out, const Json& written) {
  out << "written since the start: " << size_of(written, "bytes") << " (log " << size_of(written, "wal_bytes")
      << ", files " << size_of(written, "table_bytes") << ", other " << size_of(written, "other_bytes") << ")"
      << amplification_of(written) << '\n';
}

void show_memory(std::ostream& out, const Json& memory) {
  Table table({{"MEMORY"}, {"NOW", Align::right}, {"AT MOST", Align::right}});
  for (const char* part : {"cache", "memtables", "tail", "index", "in_flight"}) {
    table.add(
        {part, size_of(member_of(memory, part), "bytes"), size_of(member_of(memory, part), "bytes_max")});
  }
  table.add({"all", size_of(memory, "bytes"), size_of(memory, "bytes_max")});
  table.print(out);
}

void show_stats(std::ostream& out, const Json& stats) {
  show_families(out, stats);
  out << "\nwrite-ahead log: " << size_of(stats, "wal_bytes") << '\n'
      << "queued: " << number_of(stats, "queued") << " messages, " << size_of(stats, "queued_bytes") << '\n';
  if (const uint64_t copied_ms = number_of(stats, "copied_ms"); copied_ms != 0)
    out << "a copy of " << iso_time(static_cast<int64_t>(copied_ms)) << ", not yet used by a hub\n";
  if (const Json& written = member_of(stats, "written"); written.is_object()) show_written(out, written);
  if (const Json& memory = member_of(stats, "memory"); memory.is_object()) {
    out << '\n';
    show_memory(out, memory);
  }
}

core::Result<std::string> read_stats(const std::string& store_dir) {
  const auto stats = store::read_store_stats(store_dir);
  return stats ? core::Result<std::string>(store::store_stats_json(*stats)) : core::fail(stats.error());
}

}  // namespace

int run_store_stats(const Context& context, const std::string& store_dir) {
  return answer(context, store_dir.empty() ? context.hub.get("/v1/store") : read_stats(store_dir),
                [&](const Json& json) { show_stats(context.out, json); });
}

}  // namespace headgate::tools
