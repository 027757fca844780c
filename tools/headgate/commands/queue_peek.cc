#include <nlohmann/json.hpp>

#include "store/report/inspect.h"
#include "tools/headgate/answers.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

core::Result<std::string> peek_directory(const Context& context, const PeekOptions& options) {
  store::PeekRequest request;
  if (options.priority) request.lane = static_cast<uint8_t>(*options.priority);
  request.after = options.after;
  request.count = options.count;
  request.payload = options.payload;
  return store::peek_json(*context.reader, options.queue, request, context.now);
}

std::string target_of(const PeekOptions& options) {
  std::string target =
      "/v1/queues/" + percent_encode(options.queue) + "/peek?count=" + std::to_string(options.count);
  if (options.priority) target += "&lane=" + std::to_string(*options.priority);
  if (options.after > 0) target += "&after=" + std::to_string(options.after);
  if (options.payload) target += "&payload=1";
  return target;
}

}  // namespace

int run_queue_peek(const Context& context, const PeekOptions& options) {
  const core::Result<std::string> body =
      context.reader != nullptr ? peek_directory(context, options) : context.hub.get(target_of(options));
  return answer(context, body, [&](const Json& json) {
    for (const Json& message : member_of(json, "messages")) show_message(context.out, message);
  });
}

}  // namespace headgate::tools
