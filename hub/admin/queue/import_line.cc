#include "hub/admin/queue/import_line.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "core/topic.h"
#include "hub/access/base64.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

using LineJson = nlohmann::json;

constexpr size_t kTagMax = 255;

core::Unexpected wrong_line(const std::string& what) { return core::fail(core::Errc::invalid, what); }

// Members of a line, each taken once and judged by its type. The first mistake is kept.
class LineReader {
 public:
  explicit LineReader(const LineJson& json) : json_(json) {}

  std::string text(const char* name) {
    const auto found = json_.find(name);
    if (found == json_.end()) return {};
    if (!found->is_string()) return note(name, "a text");
    auto value = found->get<std::string>();
    return core::is_valid_utf8(value) ? value : note(name, "UTF-8");
  }
  std::string base64(const char* name) {
    const std::string value = text(name);
    if (value.empty()) return {};
    auto bytes = decode_base64(value);
    return bytes ? *std::move(bytes) : note(name, "base64");
  }
  uint64_t number(const char* name, uint64_t absent, uint64_t max) {
    const auto found = json_.find(name);
    if (found == json_.end()) return absent;
    const bool fits = found->is_number_unsigned() && found->get<uint64_t>() <= max;
    if (!fits) note(name, "a whole number up to " + std::to_string(max));
    return fits ? found->get<uint64_t>() : absent;
  }
  bool flag(const char* name) {
    const auto found = json_.find(name);
    if (found == json_.end()) return false;
    if (!found->is_boolean()) note(name, "true or false");
    return found->is_boolean() && found->get<bool>();
  }
  std::vector<core::UserProperty> pairs(const char* name) {
    std::vector<core::UserProperty> all;
    const auto found = json_.find(name);
    if (found == json_.end()) return all;
    for (const LineJson& pair : *found) {
      const bool fits = pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
      if (!fits) note(name, "a list of [name, value]");
      if (fits) all.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
    }
    return all;
  }

  std::string note(const std::string& name, const std::string& allowed) {
    if (mistake_.empty()) mistake_ = name + " is wrong; allowed: " + allowed;
    return {};
  }
  [[nodiscard]] const std::string& mistake() const { return mistake_; }

 private:
  const LineJson& json_;
  std::string mistake_;
};

constexpr uint64_t kTimeMaxMs = uint64_t{1} << 52;

int64_t hub_time_of(uint64_t wall_ms, core::Now now) {
  return wall_ms == 0 ? 0 : std::max<int64_t>(1, now.hub_ms + static_cast<int64_t>(wall_ms) - now.wall_ms);
}

std::shared_ptr<const core::Properties> properties_of(LineReader& in) {
  core::Properties properties;
  properties.content_type = in.text("content_type");
  properties.content_encoding = in.text("content_encoding");
  properties.response_topic = in.text("response_topic");
  properties.correlation_data = in.base64("correlation_base64");
  properties.payload_is_utf8 = in.flag("payload_utf8");
  properties.user = in.pairs("properties");
  if (properties == core::Properties()) return nullptr;
  return std::make_shared<core::Properties>(std::move(properties));
}

std::shared_ptr<const core::Source> source_of(LineReader& in) {
  core::Source source{in.text("client"), in.text("device"), in.text("module")};
  if (source == core::Source()) return nullptr;
  return std::make_shared<core::Source>(std::move(source));
}

core::Message message_of(LineReader& in, const LineJson& json, core::Now now) {
  core::Message message;
  message.topic = in.text("topic");
  message.body = json.contains("payload_base64") ? in.base64("payload_base64") : in.text("payload");
  message.properties = properties_of(in);
  message.source = source_of(in);
  const uint64_t arrived_ms = in.number("arrived_ms", 0, kTimeMaxMs);
  message.arrived_ms = arrived_ms == 0 ? now.wall_ms : static_cast<int64_t>(arrived_ms);
  message.arrived_hub_ms = arrived_ms == 0 ? now.hub_ms : std::min(hub_time_of(arrived_ms, now), now.hub_ms);
  message.expires_ms = hub_time_of(in.number("publisher_expires_ms", 0, kTimeMaxMs), now);
  message.qos = static_cast<uint8_t>(in.number("qos", 1, 2));
  message.retain = in.flag("retain");
  message.hops = static_cast<uint8_t>(in.number("hops", 0, UINT8_MAX));
  return message;
}

// Only a session's entries have one that its queue reads.
std::string tag_of(LineReader& in, store::QueueKind kind, uint8_t qos) {
  if (kind != store::QueueKind::session) return {};
  std::string tag = in.base64("tag_base64");
  if (tag.empty()) return to_tag({.qos = qos, .retain = false, .shared = false, .subscription_ids = {}});
  if (tag.size() > kTagMax || read_tag(tag).qos > 2) return in.note("tag_base64", "what an export has");
  return tag;
}

}  // namespace

core::Result<ImportLine> parse_import_line(std::string_view line, store::QueueId queue, store::QueueKind kind,
                                           core::Now now) {
  const LineJson json = LineJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return wrong_line("it is no JSON object");
  if (json.contains("payload") == json.contains("payload_base64"))
    return wrong_line(
        "it has neither payload nor payload_base64, or both: was it exported by who may see it?");
  LineReader in(json);
  ImportLine read;
  core::Message message = message_of(in, json, now);
  read.target.queue = queue;
  read.target.lane = static_cast<uint8_t>(in.number("lane", store::kDefaultLane, store::kLaneCount - 1));
  read.target.expires_ms = hub_time_of(in.number("expires_ms", 0, kTimeMaxMs), now);
  read.target.tag = tag_of(in, kind, message.qos);
  read.expired = read.target.expires_ms != 0 && read.target.expires_ms <= now.hub_ms;
  if (!in.mistake().empty()) return wrong_line(in.mistake());
  if (!core::is_valid_topic_name(message.topic)) return wrong_line("its topic is none to publish to");
  read.message = std::make_shared<core::Message>(std::move(message));
  return read;
}

}  // namespace headgate::hub
