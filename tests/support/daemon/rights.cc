#include "tests/support/daemon/rights.h"

#include "hub/access/access.h"
#include "hub/access/rules.h"
#include "hub/config/config.h"

namespace headgate::testing {

bool may(const std::string& config_json, const std::string& user, const std::string& client_id,
         const std::string& verb, const std::string& topic) {
  const auto config = hub::parse_config(config_json, "imported");
  if (!config) return false;
  broker::Identity identity;
  identity.username = user;
  const auto rights = hub::AccessRules(config->access.rules, hub::access_settings(*config).own_device)
                          .rights(identity, client_id);
  if (verb == "publish") return rights->may_publish(topic);
  return verb == "subscribe" ? rights->may_subscribe(topic) : rights->may_receive(topic);
}

}  // namespace headgate::testing
