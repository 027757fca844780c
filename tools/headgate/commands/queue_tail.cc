#include "tools/headgate/answers.h"

namespace headgate::tools {

int run_queue_tail(const Context& context, const QueueTailOptions& options) {
  return follow(context, "/v1/queues/" + percent_encode(options.queue) + "/tail" +
                             (options.payload ? "?payload=1" : ""));
}

}  // namespace headgate::tools
