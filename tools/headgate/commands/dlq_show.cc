#include <nlohmann/json.hpp>

#include "store/report/inspect.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string at(const Json& json, std::string_view field) {
  return iso_time(static_cast<int64_t>(number_of(json, field)));
}

std::string error_of(const Json& letter, std::string_view text, std::string_view time) {
  const std::string error = text_of(letter, text);
  return error.empty() ? "-" : at(letter, time) + "  " + printable(error);
}

std::string origin_of(const Json& letter) {
  const Json& from = member_of(letter, "from");
  std::string text = printable(text_of(from, "queue")) + ", seq " + std::to_string(number_of(from, "seq"));
  if (member_of(from, "priority").is_number())
    text += ", priority " + std::to_string(number_of(from, "priority"));
  if (number_of(from, "expires_ms") != 0) text += ", expires " + at(from, "expires_ms");
  return text;
}

std::string routes_of(const Json& letter) {
  std::string names;
  for (const Json& name : member_of(letter, "routes")) {
    if (name.is_string()) names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
  }
  return names.empty() ? "none" : names;
}

void show_letter(std::ostream& out, const Json& letter) {
  const auto line = [&out](std::string_view name, const std::string& value) {
    out << name << std::string(12 - name.size(), ' ') << value << '\n';
  };
  line("letter", std::to_string(number_of(letter, "seq")) + ", died " + at(letter, "died_ms"));
  line("from", origin_of(letter));
  if (letter.contains("routes")) line("routes", routes_of(letter));
  line("reason", printable(text_of(letter, "reason")));
  line("tried", std::to_string(number_of(letter, "attempts")) + " times");
  line("first error", error_of(letter, "first_error", "first_error_ms"));
  line("last error", error_of(letter, "last_error", "last_error_ms"));
  show_message(out, letter);
}

}  // namespace

int run_dlq_show(const Context& context, uint64_t seq, bool payload) {
  const core::Result<std::string> body =
      context.reader != nullptr
          ? store::dead_letter_json(*context.reader, seq, payload, context.now)
          : context.hub.get("/v1/dlq/" + std::to_string(seq) + (payload ? "?payload=1" : ""));
  return answer(context, body, [&](const Json& json) { show_letter(context.out, json); });
}

}  // namespace headgate::tools
