#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/edge/commands.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kFailedStatus = 400;

}  // namespace

int run_method_invoke(const Context& context, const MethodOptions& options) {
  const Json payload = Json::parse(options.payload, nullptr, /*allow_exceptions=*/false);
  if (payload.is_discarded()) {
    context.err << "headgate: the payload is no JSON; a text needs quotes of its own: '\"text\"'\n";
    return kExitUsage;
  }
  const Json call = {{"methodName", options.name},
                     {"payload", payload},
                     {"responseTimeoutInSeconds", options.timeout_s},
                     {"connectTimeoutInSeconds", options.connect_timeout_s}};
  const auto body = context.hub.post("/v1/methods/" + percent_encode(options.id) + "/invoke",
                                     call.dump(-1, ' ', false, Json::error_handler_t::replace));
  int code = kExitOk;
  const int answered = answer(context, body, [&](const Json& result) {
    context.out << "status " << member_of(result, "status").dump() << '\n'
                << core::printable(member_of(result, "payload").dump(2), core::LineFeeds::kept) << '\n';
    if (number_of(result, "status") >= kFailedStatus) code = kExitFailed;
  });
  return answered == kExitOk ? code : answered;
}

}  // namespace headgate::tools
