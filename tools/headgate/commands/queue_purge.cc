#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/confirm.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

int run_queue_purge(const Context& context, const std::string& queue, const Consent& consent) {
  if (!confirmed(context, consent, "Drop everything that waits in " + printable(queue) + " for good?"))
    return kExitUsage;
  const auto body = context.hub.post("/v1/queues/" + percent_encode(queue) + "/purge");
  return answer(context, body, [&](const Json& json) {
    context.out << "dropped " << number_of(json, "purged") << " of " << printable(text_of(json, "queue"))
                << '\n';
  });
}

}  // namespace headgate::tools
