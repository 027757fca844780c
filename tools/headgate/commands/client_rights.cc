#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string joined_actions(const Json& rule) {
  std::string text;
  for (const Json& action : member_of(rule, "actions"))
    text.append(text.empty() ? "" : ", ").append(action.is_string() ? action.get<std::string>() : "");
  return text;
}

void show_rights(std::ostream& out, const Json& rights) {
  if (const std::string module = text_of(rights, "module"); !module.empty())
    out << "It is the module " << printable(module) << ": its outputs and inputs are its own.\n\n";
  Table rules({{"MAY"}, {"WHAT"}, {"TOPIC"}});
  for (const Json& rule : member_of(rights, "rules"))
    rules.add(
        {flag_of(rule, "allow") ? "yes" : "no", joined_actions(rule), printable(text_of(rule, "topic"))});
  rules.print(out);
  out << '\n';
  Table subscriptions({{"SUBSCRIBED TO"}, {"QOS", Align::right}});
  for (const Json& one : member_of(rights, "subscriptions"))
    subscriptions.add({printable(text_of(one, "filter")), std::to_string(number_of(one, "qos"))});
  subscriptions.print(out);
}

}  // namespace

int run_client_rights(const Context& context, const std::string& client_id) {
  return answer(context, context.hub.get("/v1/clients/" + percent_encode(client_id) + "/rights"),
                [&](const Json& json) { show_rights(context.out, json); });
}

}  // namespace headgate::tools
