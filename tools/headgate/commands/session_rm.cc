#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/confirm.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

int run_session_rm(const Context& context, const std::string& client_id, const Consent& consent) {
  if (!confirmed(context, consent,
                 "End the session of " + printable(client_id) + ", and drop all that waits for it?"))
    return kExitUsage;
  const auto body = context.hub.post("/v1/sessions/" + percent_encode(client_id) + "/remove");
  return answer(context, body, [&](const nlohmann::ordered_json& json) {
    context.out << "the session of " << printable(text_of(json, "client_id")) << " has ended; dropped "
                << number_of(json, "messages") << " messages, " << human_bytes(number_of(json, "bytes"))
                << '\n';
  });
}

}  // namespace headgate::tools
