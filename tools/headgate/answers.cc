#include "tools/headgate/answers.h"

#include <nlohmann/json.hpp>

#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

Json parsed(std::string_view text) { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }

int failed(const Context& context, const core::Error& error) {
  context.err << "headgate: " << printable(error.what, core::LineFeeds::kept) << '\n';
  return kExitFailed;
}

std::string sender_of(const Json& message) {
  const std::string module = text_of(message, "module");
  return module.empty() ? text_of(message, "client") : "module " + module;
}

void show_payload(std::ostream& out, const Json& message) {
  if (message.contains("payload")) out << "  " << printable(text_of(message, "payload")) << '\n';
  if (message.contains("payload_base64"))
    out << "  base64:" << printable(text_of(message, "payload_base64")) << '\n';
}

}  // namespace

int answer(const Context& context, const core::Result<std::string>& body,
           const std::function<void(const Json& json)>& show) {
  if (!body) return failed(context, body.error());
  if (context.json) {
    context.out << *body << '\n';
    return kExitOk;
  }
  const Json json = parsed(*body);
  if (!json.is_object())
    return failed(context, {core::Errc::corrupt, "the answer is not JSON: is that a hub's socket?"});
  show(json);
  return kExitOk;
}

int answer_table(const Context& context, const core::Result<std::string>& body,
                 const std::function<Table(const Json& json)>& make,
                 const std::function<void(const Json& json)>& after) {
  int code = kExitOk;
  const int answered = answer(context, body, [&](const Json& json) {
    Table table = make(json);
    if (!context.display.sort.empty()) {
      if (const core::Status sorted = table.sort(context.display.sort); !sorted) {
        context.err << "headgate: " << sorted.error().what << '\n';
        code = kExitUsage;
        return;
      }
    }
    table.print(context.out, context.display);
    if (after) after(json);
  });
  return answered == kExitOk ? code : answered;
}

int follow(const Context& context, const std::string& target) {
  const core::Status ended = context.hub.stream(target, [&context](std::string_view line) {
    if (context.json) {
      context.out << line << '\n';
    } else if (const Json message = parsed(line); message.is_object()) {
      show_message(context.out, message);
    }
    context.out.flush();
    return static_cast<bool>(context.out);
  });
  return ended ? kExitOk : failed(context, ended.error());
}

void show_message(std::ostream& out, const Json& message) {
  out << iso_time(static_cast<int64_t>(number_of(message, "arrived_ms"))) << "  "
      << printable(text_of(message, "topic")) << "  " << human_bytes(number_of(message, "body_bytes"));
  if (const std::string sender = sender_of(message); !sender.empty()) out << "  from " << printable(sender);
  if (message.contains("seq")) out << "  seq " << number_of(message, "seq");
  if (member_of(message, "priority").is_number()) out << "  priority " << number_of(message, "priority");
  out << '\n';
  show_payload(out, message);
}

const Json& member_of(const Json& json, std::string_view field) {
  static const Json kNone;
  const auto found = json.is_object() ? json.find(std::string(field)) : json.end();
  return !json.is_object() || found == json.end() ? kNone : *found;
}

std::string text_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_string() ? value.get<std::string>() : "";
}

uint64_t number_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_number() ? value.get<uint64_t>() : 0;
}

bool flag_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace headgate::tools
