#include "tools/headgate/answers.h"

namespace headgate::tools {

int run_tail(const Context& context, const TailOptions& options) {
  return follow(context,
                "/v1/tail?filter=" + percent_encode(options.filter) + (options.payload ? "&payload=1" : ""));
}

}  // namespace headgate::tools
