#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/confirm.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

int purge(const Context& context, const std::string& which) {
  const auto body = context.hub.post("/v1/dlq/" + which);
  return answer(context, body, [&](const Json& json) {
    context.out << "dropped " << number_of(json, "purged") << " of $dead\n";
  });
}

}  // namespace

int run_dlq_purge(const Context& context, const LetterChoice& choice, const Consent& consent) {
  const std::string which = choice.all ? "every dead letter" : counted(choice.seqs.size(), "dead letter");
  if (!confirmed(context, consent, "Drop " + which + " for good?")) return kExitUsage;
  if (choice.all) return purge(context, "purge");
  int code = kExitOk;
  for (const uint64_t seq : choice.seqs) {
    if (const int one = purge(context, std::to_string(seq) + "/purge"); one != kExitOk) code = one;
  }
  return code;
}

}  // namespace headgate::tools
