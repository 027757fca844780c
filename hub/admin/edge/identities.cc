#include "hub/admin/edge/identities.h"

#include <nlohmann/json.hpp>

namespace headgate::hub {

AdminReply get_identities(const AdminCall& call) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const EdgeIdentityInfo& it : call.hub.identities())
    list.push_back({{"id", it.id.id()},
                    {"enabled", it.enabled},
                    {"connected", it.connected},
                    {"seen", it.seen},
                    {"admitted", it.admitted},
                    {"refused", it.refused},
                    {"last_refusal", it.last_refusal},
                    {"last_refused_ms", it.last_refused_ms}});
  return answer_json({{"identities", std::move(list)}});
}

}  // namespace headgate::hub
