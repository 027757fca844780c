#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/past/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string events_target(const EventsOptions& options, uint64_t after) {
  std::string target = "/v1/events?count=" + std::to_string(options.count);
  if (after != 0) target += "&after=" + std::to_string(after);
  if (!options.level.empty()) target += "&level=" + percent_encode(options.level);
  if (!options.event.empty()) target += "&event=" + percent_encode(options.event);
  return target;
}

void show_event(std::ostream& out, const Json& event) {
  out << iso_time(static_cast<int64_t>(number_of(event, "at_ms"))) << "  "
      << printable(text_of(event, "level")) << "  " << printable(text_of(event, "event"));
  for (const auto& [key, value] : member_of(event, "fields").items())
    out << "  " << printable(key) << '='
        << printable(value.is_string() ? value.get<std::string>() : value.dump());
  out << '\n';
}

}  // namespace

int run_events(const Context& context, const EventsOptions& options, const std::function<bool()>& wait) {
  uint64_t after = 0;
  do {
    const auto body = context.hub.get(events_target(options, after));
    if (!body || (context.json && !options.follow)) return answer(context, body, [](const Json&) {});
    const Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
    for (const Json& event : member_of(json, "events")) {
      if (context.json)
        context.out << event.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
      else
        show_event(context.out, event);
    }
    context.out.flush();
    after = std::max(after, number_of(json, "next"));
  } while (options.follow && wait());
  return kExitOk;
}

}  // namespace headgate::tools
