#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "tools/headgate/import/mosquitto/parts.h"

namespace headgate::tools::mosquitto {
namespace {

constexpr uint64_t kU16 = 65'535;
constexpr uint64_t kPacket = 268'435'460;

// A number of Mosquitto that is one here, in another range.
struct Limit {
  std::string_view key;
  std::string_view part;
  std::string_view name;
  uint64_t min = 0;
  uint64_t max = 0;
  uint64_t zero = 0;  // what Mosquitto's 0 is here
};

constexpr uint64_t kNoLimit = 100'000'000;

constexpr std::array<Limit, 8> kLimits = {{
    {"max_inflight_messages", "limits", "in_flight_max", 1, kU16, kU16},
    {"max_keepalive", "limits", "keep_alive_s_max", 0, kU16, 0},
    {"max_packet_size", "limits", "packet_bytes_max", 1024, kPacket, kPacket},
    {"max_queued_messages", "store", "session_messages_max", 0, 1'000'000'000'000, 0},
    {"max_queued_messages", "limits", "queued_messages_max", 1, kNoLimit, kNoLimit},
    {"max_queued_bytes", "store", "session_bytes_max", 0, 1'000'000'000'000'000, 0},
    {"message_size_limit", "limits", "packet_bytes_max", 1024, kPacket, kPacket},
    {"sys_interval", "", "sys_interval_s", 0, 86'400, 0},
}};

void put(Json& config, const Limit& limit, uint64_t value) {
  Json& part = limit.part.empty() ? config : config[std::string(limit.part)];
  part[std::string(limit.name)] = value;
}

void take(const Line& line, const Limit& limit, Json& config, Imported& out) {
  constexpr uint64_t kHeader = kU16 + 8;  // a topic, and what is round it
  const uint64_t said = number_of(&line, 0, out);
  const bool of_body = line.key == "message_size_limit";
  if (of_body && said != 0)
    out.note(line.place, line.text(), "here the whole packet is bounded, with topic and properties");
  const uint64_t wanted = said == 0 ? limit.zero : of_body ? said + kHeader : said;
  const uint64_t value = std::clamp(wanted, limit.min, limit.max);
  if (value != wanted)
    out.note(line.place, line.text(),
             std::string(limit.part) + "." + std::string(limit.name) + " is " + std::to_string(value) +
                 ", the nearest that is allowed");
  put(config, limit, value);
}

// "14d" in seconds.
std::optional<uint64_t> span_s(std::string_view text) {
  static const std::map<char, uint64_t> kUnits = {
      {'h', 3600}, {'d', 86'400}, {'w', 604'800}, {'m', 2'592'000}, {'y', 31'536'000}};
  if (text.empty()) return std::nullopt;
  const auto unit = kUnits.find(text.back());
  const auto count = core::parse_whole<uint32_t>(text.substr(0, text.size() - 1));
  if (unit == kUnits.end() || !count) return std::nullopt;
  return *count * unit->second;
}

void expiration(const Line& line, Json& config, Imported& out) {
  constexpr uint64_t kForEver = 4'294'967'295;
  const auto span = span_s(line.value);
  if (!span) return out.error(line.place, line.text(), "is no time; allowed: a number and h, d, w, m or y");
  for (const char* key : {"session_expiry_s_max", "session_expiry_s_default"})
    config["limits"][key] = std::min(*span, kForEver);
}

// The least important of the levels that are asked for.
void log_type(const Line& line, Json& config, Imported& out) {
  static const std::map<std::string_view, int> kTypes = {
      {"none", 3},        {"error", 3}, {"warning", 2},   {"notice", 1},
      {"information", 1}, {"debug", 0}, {"subscribe", 0}, {"unsubscribe", 0},
      {"websockets", 0},  {"all", 0},   {"internal", 0}};
  static constexpr std::array<const char*, 4> kLevels = {"debug", "info", "warn", "error"};
  const auto type = kTypes.find(line.value);
  if (type == kTypes.end()) return out.error(line.place, line.text(), "is no type of log lines");
  Json& level = config["log"]["level"];
  const auto* const now = std::ranges::find(kLevels, level.is_string() ? level.get<std::string>() : "error");
  level = kLevels.at(static_cast<size_t>(std::min<std::ptrdiff_t>(now - kLevels.begin(), type->second)));
}

void switches(const Line& line, Json& config, Imported& out) {
  const bool on = flag_of(&line, true, out);
  if (line.key == "retain_available" && !on) {
    config["limits"]["retained_messages_max"] = 0;
    out.note(line.place, line.text(),
             "what is published retained is delivered and not retained, it is not refused");
  }
  if (line.key == "persistence" && !on)
    out.note(line.place, line.text(),
             "a hub always keeps what it acknowledges; store.durability \"memory\" leaves out the sync");
}

void take_line(const Line& line, Json& config, Imported& out) {
  for (const Limit& limit : kLimits)
    if (limit.key == line.key) take(line, limit, config, out);
  if (line.key == "persistent_client_expiration") expiration(line, config, out);
  if (line.key == "log_type") log_type(line, config, out);
  if (line.key == "retain_available" || line.key == "persistence") switches(line, config, out);
}

}  // namespace

void import_limits(const Sections& sections, Json& config, Imported& out) {
  for (const Line& line : sections.hub) take_line(line, config, out);
}

}  // namespace headgate::tools::mosquitto
