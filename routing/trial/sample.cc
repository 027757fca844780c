#include "routing/trial/sample.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/topic.h"
#include "routing/compute/event_time.h"
#include "routing/evaluation/json_members.h"
#include "routing/files/json_text.h"
#include "routing/language/duration.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kTimeMaxMs = 253'402'300'799'999;  // the end of the year 9999

std::string text_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<uint8_t> sextet(char c) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t at = kDigits.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<uint8_t>(at));
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto six = sextet(c);
    if (!six) return std::nullopt;
    bits = bits << 6U | *six;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> static_cast<unsigned>(count)));
  }
  return bytes;
}

std::optional<int64_t> time_of(const Json& value) {
  if (value.is_number_unsigned())
    return static_cast<int64_t>(std::min<uint64_t>(value.get<uint64_t>(), kTimeMaxMs + 1));
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  const auto span = parse_duration(text);
  return span ? span : parse_iso8601_ms(text);
}

bool is_pair(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string();
}

// False: neither {name: value} nor [[name, value]…].
bool read_properties(const Json& value, core::Properties& properties) {
  if (value.is_object()) {
    for (const auto& [name, one] : value.items()) {
      if (!one.is_string()) return false;
      properties.user.push_back({name, one.get<std::string>()});
    }
    return true;
  }
  if (!value.is_array() || !std::ranges::all_of(value, is_pair)) return false;
  for (const Json& one : value)
    properties.user.push_back({one[0].get<std::string>(), one[1].get<std::string>()});
  return true;
}

class LineReader {
 public:
  // `text`: of the line.
  LineReader(const Json& line, std::string_view text) : line_(line), text_(text) {}

  // The fault; empty: there is none.
  [[nodiscard]] std::string read(SampleLine& sample) {
    if (!read_time(sample.at_ms)) return "the time is none: \"90s\", an ISO time, or Unix milliseconds";
    if (sample.at_ms > static_cast<int64_t>(kTimeMaxMs)) return "the time is beyond the year 9999";
    if (!line_.contains("topic")) return line_.contains("at") ? "" : "there is no topic, and no time";
    const auto seq = line_.find("seq");
    if (seq != line_.end() && seq->is_number_unsigned()) sample.id = seq->get<uint64_t>();
    core::Message message;
    message.topic = text_of(line_, "topic");
    if (!core::is_valid_topic_name(message.topic)) return "the topic is none that can be published to";
    message.arrived_ms = message.arrived_hub_ms = sample.at_ms;
    const auto qos = line_.find("qos");
    if (qos != line_.end() && qos->is_number_unsigned())
      message.qos = static_cast<uint8_t>(std::min<uint64_t>(qos->get<uint64_t>(), 2));
    message.retain = line_.value("retain", Json()) == Json(true);
    if (!read_body(message.body)) return "payload_base64 is no base64";
    if (!read_sender(message)) return "properties are neither {name: text} nor [[name, text]…]";
    sample.message = std::make_shared<const core::Message>(std::move(message));
    return {};
  }

 private:
  bool read_time(int64_t& at_ms) {
    for (const char* key : {"at", "arrived_ms"}) {
      const auto found = line_.find(key);
      if (found == line_.end()) continue;
      const auto time = time_of(*found);
      if (!time) return false;
      at_ms = std::max(at_ms, *time);
      return true;
    }
    return true;
  }

  // A body is the text that stands there, with its digits; but for comments, which no message has.
  bool read_body(std::string& body) {
    if (const auto json = line_.find("body"); json != line_.end()) {
      const bool found = for_each_member(text_, [&body](std::string_view name, std::string_view value) {
        if (names_the_same(name, "body")) body = value;
      });
      if (!found || !Json::accept(body)) body = json->dump(-1, ' ', false, Json::error_handler_t::replace);
      return true;
    }
    if (!line_.contains("payload_base64")) {
      body = text_of(line_, "payload");
      return true;
    }
    auto bytes = from_base64(text_of(line_, "payload_base64"));
    if (bytes) body = std::move(*bytes);
    return bytes.has_value();
  }

  bool read_sender(core::Message& message) {
    message.source = std::make_shared<core::Source>(
        core::Source{text_of(line_, "client"), text_of(line_, "device"), text_of(line_, "module")});
    core::Properties properties;
    properties.content_type = text_of(line_, "content_type");
    properties.content_encoding = text_of(line_, "content_encoding");
    const auto user = line_.find("properties");
    if (user != line_.end() && !read_properties(*user, properties)) return false;
    if (properties != core::Properties{})
      message.properties = std::make_shared<core::Properties>(std::move(properties));
    return true;
  }

  const Json& line_;
  std::string_view text_;
};

// Takes the next line off the front.
std::string_view next_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The number of a line of an error is 1: the parser sees one line.
std::string without_line(std::string what, std::string_view file) {
  const std::string head = std::string(file) + ":1:";
  return what.starts_with(head) ? "column " + what.substr(head.size()) : what;
}

}  // namespace

core::Result<std::vector<SampleLine>> parse_sample(std::string_view text, std::string_view file,
                                                   size_t first_line) {
  std::vector<SampleLine> lines;
  int64_t at_ms = 0;
  skip_byte_order_mark(text);
  for (size_t number = first_line; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    const auto fail = [&](const std::string& what) {
      return core::fail(core::Errc::invalid, std::string(file) + ":" + std::to_string(number) + ": " + what);
    };
    const auto json = parse_json_text(line, file);
    if (!json) return fail(without_line(json.error().what, file));
    if (!json->is_object()) return fail("a line is one JSON object");
    SampleLine sample{nullptr, at_ms, lines.size() + 1};
    if (const std::string fault = LineReader(*json, line).read(sample); !fault.empty()) return fail(fault);
    at_ms = sample.at_ms;
    lines.push_back(std::move(sample));
  }
  return lines;
}

}  // namespace headgate::routing
