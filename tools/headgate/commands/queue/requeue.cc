#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"
#include "tools/headgate/confirm.h"

namespace headgate::tools {
namespace {

using BackJson = nlohmann::ordered_json;

}  // namespace

int run_queue_requeue(const Context& context, const std::string& queue, const Consent& consent) {
  if (!confirmed(context, consent, "Put every dead letter of " + printable(queue) + " back into it?"))
    return kExitUsage;
  BackJson sum = {{"queue", queue}, {"replayed", BackJson::array()}, {"refused", BackJson::array()}};
  for (uint64_t after = 0;;) {
    const auto body =
        context.hub.post("/v1/dlq/replay?after=" + std::to_string(after) + "&queue=" + percent_encode(queue));
    const BackJson json = body ? BackJson::parse(*body, nullptr, /*allow_exceptions=*/false) : BackJson();
    if (!body) {
      context.err << "headgate: " << printable(body.error().what) << '\n';
      return kExitFailed;
    }
    for (const char* list : {"replayed", "refused"})
      for (const BackJson& one : member_of(json, list)) sum[list].push_back(one);
    const uint64_t next = number_of(json, "next");
    if (next <= after) break;
    after = next;
  }
  const bool all = sum["refused"].empty();
  if (context.json) {
    context.out << sum.dump() << '\n';
  } else {
    for (const BackJson& one : sum["refused"])
      context.err << "headgate: " << printable(text_of(one, "error")) << '\n';
    context.out << sum["replayed"].size() << " dead letters are in " << printable(queue) << " again\n";
  }
  return all ? kExitOk : kExitFailed;
}

}  // namespace headgate::tools
