#include "store/report/history.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::store {
namespace {

using Json = nlohmann::ordered_json;

std::string history_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string encode_history(const HistoryRecord& record) {
  return history_text({{"filters", record.filters}, {"since_ms", record.since_ms}});
}

core::Result<HistoryRecord> decode_history(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto is_text = [](const Json& one) { return one.is_string(); };
  const bool readable = json.is_object() && json.contains("filters") && json["filters"].is_array() &&
                        std::ranges::all_of(json["filters"], is_text) && json.contains("since_ms") &&
                        json["since_ms"].is_number_integer();
  if (!readable) return core::fail(core::Errc::corrupt, "the stored value 'history' cannot be read");
  return HistoryRecord{json["filters"].get<std::vector<std::string>>(), json["since_ms"].get<int64_t>()};
}

core::Result<std::string> history_json(QueueReader& reader, core::Now now) {
  const auto queue = reader.find_queue(kHistoryQueue);
  if (!queue) return core::fail(core::Errc::not_found, "the hub keeps no history");
  const auto text = reader.get(kHistoryKey);
  const auto record = text ? decode_history(*text) : core::fail(text.error());
  const QueueStats& stats = reader.stats(*queue);
  return history_text({{"queue", kHistoryQueue},
                       {"filters", record ? record->filters : std::vector<std::string>()},
                       {"since_ms", record ? record->since_ms : 0},
                       {"messages", stats.waiting()},
                       {"bytes", stats.waiting_bytes()},
                       {"bytes_max", stats.policy.bytes_max},
                       {"oldest_ms", core::wall_time_of(reader.oldest_ms(*queue, kDefaultLane), now)}});
}

}  // namespace headgate::store
