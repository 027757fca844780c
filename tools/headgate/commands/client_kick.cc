#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

int run_client_kick(const Context& context, const std::string& client_id) {
  const auto body = context.hub.post("/v1/clients/" + percent_encode(client_id) + "/kick");
  return answer(context, body, [&](const nlohmann::ordered_json& json) {
    context.out << "the connection of " << printable(text_of(json, "client_id")) << " has ended\n";
  });
}

}  // namespace headgate::tools
