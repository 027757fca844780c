#include "hub/admin/rights.h"

#include <nlohmann/json.hpp>
#include <string>

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using broker::Action;

Json names_of(broker::Actions actions) {
  Json names = Json::array();
  if (broker::has(actions, Action::publish)) names.push_back("publish");
  if (broker::has(actions, Action::subscribe)) names.push_back("subscribe");
  if (broker::has(actions, Action::receive)) names.push_back("receive");
  return names;
}

}  // namespace

AdminReply get_client_rights(const AdminCall& call) {
  const auto rights = call.hub.client_rights(call.name);
  if (!rights) return refused(rights.error());
  Json rules = Json::array();
  for (const broker::Rights::Rule& rule : rights->rules)
    rules.push_back({{"allow", rule.allow}, {"actions", names_of(rule.actions)}, {"topic", rule.filter}});
  Json subscriptions = Json::array();
  for (const auto& [filter, qos] : rights->subscriptions)
    subscriptions.push_back({{"filter", filter}, {"qos", qos}});
  return answer_json({{"client_id", call.name},
                      {"module", rights->module},
                      {"rules", std::move(rules)},
                      {"subscriptions", std::move(subscriptions)}});
}

}  // namespace headgate::hub
