#include <nlohmann/json.hpp>

#include "core/text.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/remote/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string whole(const std::string& text) { return core::printable(text, core::LineFeeds::kept); }

std::string in_force(const Json& json) {
  const std::string state = text_of(json, "state");
  if (state == "none") return "no document is in force: the hub's own files are";
  std::string text = "version " + std::to_string(number_of(json, "version")) + " is " + printable(state);
  if (state != "provisional") return text;
  const uint64_t before = number_of(json, "confirmed_version");
  return text + ": after " + std::to_string(number_of(json, "confirm_s")) +
         " s of attempts in vain, of which there were " + std::to_string(number_of(json, "tried_s")) +
         " s, " +
         (before == 0 ? "the hub's own files are in force again"
                      : "version " + std::to_string(before) + " is in force again");
}

void show_last(const Context& context, const Json& last) {
  const std::string result = text_of(last, "result");
  if (!last.is_object() || result == "applied") return;
  context.out << iso_time(static_cast<int64_t>(number_of(last, "at"))) << ": ";
  if (number_of(last, "version") != 0) context.out << "version " << number_of(last, "version") << ' ';
  context.out << "was " << printable(result);
  if (const std::string why = text_of(last, "why"); !why.empty()) context.out << ": " << whole(why);
  context.out << '\n';
}

void show_remote(const Context& context, const Json& json) {
  context.out << in_force(json) << '\n';
  if (const std::string why = text_of(json, "why"); !why.empty()) context.out << whole(why) << '\n';
  show_last(context, member_of(json, "last"));
  const Json& routes = member_of(json, "routes");
  if (routes.empty()) return;
  Table table({{"ROUTE"}, {"STATE"}});
  for (const Json& route : routes) table.add({text_of(route, "route"), text_of(route, "state")});
  table.print(context.out);
  for (const Json& route : routes)
    if (const std::string why = text_of(route, "why"); !why.empty()) context.out << whole(why) << '\n';
}

}  // namespace

int run_remote_status(const Context& context) {
  return answer(context, context.hub.get("/v1/remote"),
                [&](const Json& json) { show_remote(context, json); });
}

int run_remote_apply(const Context& context, const RemoteApplyOptions& options) {
  const auto envelope = read_text(options.file);
  if (!envelope) {
    context.err << "headgate: " << whole(envelope.error().what) << '\n';
    return kExitFailed;
  }
  const std::string target = std::string("/v1/remote/apply") + (options.force ? "?force=1" : "");
  return answer(context, context.hub.post(target, *envelope),
                [&](const Json& json) { show_remote(context, json); });
}

int run_remote_forget(const Context& context) {
  return answer(context, context.hub.post("/v1/remote/forget"),
                [&](const Json& json) { show_remote(context, json); });
}

}  // namespace headgate::tools
