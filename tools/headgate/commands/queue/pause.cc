#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"

namespace headgate::tools {

int run_queue_pause(const Context& context, const std::string& queue, bool paused) {
  const auto body = context.hub.post("/v1/queues/" + percent_encode(queue) + (paused ? "/pause" : "/resume"));
  return answer(context, body, [&](const nlohmann::ordered_json& json) {
    context.out << printable(text_of(json, "queue"))
                << (flag_of(json, "paused") ? " is paused: it takes in and hands out nothing\n"
                                            : " hands out again\n");
  });
}

}  // namespace headgate::tools
