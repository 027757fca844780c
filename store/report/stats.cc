#include "store/report/stats.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace headgate::store {
namespace {

using Json = nlohmann::ordered_json;

std::string json_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json to_json(const MemoryPart& part) { return {{"bytes", part.bytes}, {"bytes_max", part.bytes_max}}; }

Json to_json(const StoreMemory& memory) {
  return {{"bytes", memory.bytes()},
          {"bytes_max", memory.bytes_max()},
          {"cache", to_json(memory.cache)},
          {"memtables", to_json(memory.memtables)},
          {"tail", to_json(memory.tail)},
          {"index", to_json(memory.index)},
          {"in_flight", to_json(memory.in_flight)}};
}

Json to_json(const WriteStats& written) {
  const auto per_byte = [&written] {
    return Json(static_cast<double>(written.bytes()) / static_cast<double>(written.payload_bytes));
  };
  return {{"bytes", written.bytes()},
          {"wal_bytes", written.wal_bytes},
          {"table_bytes", written.table_bytes},
          {"other_bytes", written.other_bytes},
          {"payload_bytes", written.payload_bytes},
          {"per_payload_byte", written.payload_bytes == 0 ? Json(nullptr) : per_byte()}};
}

Json to_json(const core::Histogram& sync) {
  Json buckets = Json::array();
  for (size_t i = 0; i < core::Histogram::kBuckets; ++i) {
    const bool is_last = i == core::Histogram::kBoundsUs.size();
    buckets.push_back({{"le_us", is_last ? Json(nullptr) : Json(core::Histogram::kBoundsUs[i])},
                       {"count", sync.in_bucket(i)}});
  }
  return {{"count", sync.count()}, {"sum_us", sync.sum_us()}, {"buckets", std::move(buckets)}};
}

Json to_json(const RocksStats& rocks) {
  Json levels = Json::array();
  for (size_t i = 0; i < rocks.levels.size(); ++i)
    levels.push_back({{"level", i}, {"files", rocks.levels[i].files}, {"bytes", rocks.levels[i].bytes}});
  return {{"compactions_running", rocks.compactions_running},
          {"flushes_running", rocks.flushes_running},
          {"stalled", rocks.stalled},
          {"pending_compaction_bytes", rocks.pending_compaction_bytes},
          {"levels", std::move(levels)}};
}

}  // namespace

uint64_t StoreMemory::bytes() const {
  return cache.bytes + memtables.bytes + tail.bytes + index.bytes + in_flight.bytes;
}

uint64_t StoreMemory::bytes_max() const {
  return cache.bytes_max + tail.bytes_max + index.bytes_max + in_flight.bytes_max;
}

std::string memory_json(const StoreMemory& memory) { return json_of(to_json(memory)); }

std::string store_stats_json(const StoreStats& stats) {
  uint64_t file_bytes = 0;
  uint64_t live_bytes = 0;
  Json families = Json::array();
  for (const FamilyStats& family : stats.families) {
    file_bytes += family.file_bytes;
    live_bytes += family.live_bytes;
    families.push_back({{"name", family.name},
                        {"file_bytes", family.file_bytes},
                        {"live_bytes", family.live_bytes},
                        {"level_files", family.level_files}});
  }
  return json_of({{"hub", stats.identity.hub},
                  {"epoch", stats.identity.epoch},
                  {"copied_ms", stats.copied_ms},
                  {"queued", stats.queued},
                  {"queued_bytes", stats.queued_bytes},
                  {"file_bytes", file_bytes},
                  {"live_bytes", live_bytes},
                  {"wal_bytes", stats.wal_bytes},
                  {"families", std::move(families)},
                  {"written", stats.written ? to_json(*stats.written) : Json(nullptr)},
                  {"memory", stats.memory ? to_json(*stats.memory) : Json(nullptr)},
                  {"mode", stats.mode.empty() ? Json(nullptr) : Json(stats.mode)},
                  {"sync", stats.sync ? to_json(*stats.sync) : Json(nullptr)},
                  {"rocksdb", stats.rocks ? to_json(*stats.rocks) : Json(nullptr)}});
}

}  // namespace headgate::store
