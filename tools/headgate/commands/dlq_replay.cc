#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/confirm.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

void show_replayed(std::ostream& out, const Json& replayed) {
  out << number_of(replayed, "letter") << " is in " << printable(text_of(replayed, "queue")) << " again, seq "
      << number_of(replayed, "seq") << '\n';
}

int replay_some(const Context& context, const std::vector<uint64_t>& seqs) {
  int code = kExitOk;
  for (const uint64_t seq : seqs) {
    const auto body = context.hub.post("/v1/dlq/" + std::to_string(seq) + "/replay");
    const int one = answer(context, body, [&](const Json& json) { show_replayed(context.out, json); });
    if (one != kExitOk) code = one;
  }
  return code;
}

int replay_all(const Context& context) {
  int code = kExitOk;
  for (uint64_t after = 0;;) {
    const auto body = context.hub.post("/v1/dlq/replay?after=" + std::to_string(after));
    const int asked = answer(context, body, [&](const Json& json) {
      for (const Json& one : member_of(json, "replayed")) show_replayed(context.out, one);
    });
    if (asked != kExitOk) return asked;
    const Json json = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
    for (const Json& one : member_of(json, "refused")) {
      context.err << "headgate: " << printable(text_of(one, "error")) << '\n';
      code = kExitFailed;
    }
    const uint64_t next = number_of(json, "next");
    if (next <= after) return code;
    after = next;
  }
}

}  // namespace

int run_dlq_replay(const Context& context, const LetterChoice& choice, const Consent& consent) {
  if (!choice.all) return replay_some(context, choice.seqs);
  if (!confirmed(context, consent, "Put every dead letter back into the queue it came from?"))
    return kExitUsage;
  return replay_all(context);
}

}  // namespace headgate::tools
