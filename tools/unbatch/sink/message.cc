#include "tools/unbatch/sink/message.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>

namespace headgate::tools {
namespace {

using Line = nlohmann::ordered_json;

std::string dump(const Line& line) { return line.dump(-1, ' ', false, Line::error_handler_t::replace); }

void append_member(std::string& line, std::string_view key, std::string_view json) {
  line.append(line.empty() ? "{\"" : ",\"").append(key).append("\":").append(json);
}
void append_text(std::string& line, std::string_view key, const std::optional<std::string>& text) {
  if (text) append_member(line, key, dump(*text));
}

}  // namespace

core::Result<std::string> body_bytes(const Message& message) {
  if (message.kind != BodyKind::base64) return message.body;
  const std::string& text = message.body;
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int decoded =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (decoded < 0) return core::fail(core::Errc::invalid, "a body that is no base64");
  const size_t padding = static_cast<size_t>(std::ranges::count(text, '='));
  bytes.resize(static_cast<size_t>(decoded) - std::min<size_t>(padding, 2));
  return bytes;
}

std::string time_text(int64_t unix_ms) {
  const int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (unix_ms - ms) / 1000;
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr) return std::to_string(unix_ms);
  std::array<char, 64> text{};
  const size_t bytes = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + bytes, text.size() - bytes, ".%03dZ", static_cast<int>(ms));
  return text.data();
}

std::string line_of(const Message& message) {
  std::string line;
  append_text(line, "hub", message.hub);
  append_text(line, "epoch", message.epoch);
  append_member(line, "seq", std::to_string(message.seq));
  append_text(line, "time", time_text(message.time_ms));
  append_text(line, "topic", message.topic);
  if (!message.properties_json.empty()) append_member(line, "properties", message.properties_json);
  append_text(line, "content_type", message.content_type);
  append_text(line, "content_encoding", message.content_encoding);
  if (message.kind == BodyKind::json)
    append_member(line, "body", message.body);
  else
    append_text(line, message.kind == BodyKind::text ? "body" : "body_base64", message.body);
  return line += '}';
}

std::string line_of(const LostEntries& lost) {
  Line line{{"gap",
             {{"hub", lost.hub},
              {"epoch", lost.epoch},
              {"from", lost.from},
              {"to", lost.to},
              {"count", lost.count},
              {"why", lost.why}}}};
  if (lost.into) line["gap"]["into"] = {lost.into->first, lost.into->second};
  return dump(line);
}

}  // namespace headgate::tools
