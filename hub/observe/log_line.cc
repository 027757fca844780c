#include "hub/observe/log_line.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "core/text/json_string.h"

namespace headgate::hub {
namespace {

// Room for an id or a topic that a person can read; one of 60,000 characters is still recognised by its ends.
constexpr size_t kValueCharactersMax = 128;
constexpr size_t kSentenceCharactersMax = 4096;  // with the lines and carets that a compiler draws

size_t characters_max(std::string_view key) {
  return key == "error" || key == "why" || key == "reason" ? kSentenceCharactersMax : kValueCharactersMax;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos ||
         !core::is_printable(value);
}

std::string with_escaped_quotes(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  line += core::printable(with_escaped_quotes(value));
  line += '"';
}

// Text that is well-formed, whatever a stranger sent, and drives no terminal.
void append_json_text(std::string& line, std::string_view value) {
  core::append_json_string(line, core::printable(value, core::LineFeeds::kept));
}

void append_member(std::string& line, const core::LogField& field) {
  static constexpr std::array<std::string_view, 4> kOfTheLine = {"time", "level", "logger", "event"};
  const bool taken = std::ranges::find(kOfTheLine, field.key) != kOfTheLine.end();
  line.append(",\"").append(field.key).append(taken ? "_\":" : "\":");
  if (field.is_number) {
    line += field.value;
  } else {
    append_json_text(line, core::shortened(field.value, characters_max(field.key)));
  }
}

}  // namespace

std::string format_log_line(std::string_view event, std::initializer_list<core::LogField> fields) {
  std::string line(event);
  for (const core::LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, core::shortened(field.value, characters_max(field.key)));
  }
  return line;
}

std::string format_json_members(core::LogPart part, std::string_view event,
                                std::initializer_list<core::LogField> fields) {
  std::string line = "\"logger\":\"";
  line.append(name_of(part)).append("\",\"event\":");
  append_json_text(line, event);
  for (const core::LogField& field : fields) append_member(line, field);
  return line;
}

}  // namespace headgate::hub
