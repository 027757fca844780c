#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

int run_reload(const Context& context) {
  bool whole = true;
  const auto body = context.hub.post("/v1/routes/reload");
  const int code = answer(context, body, [&](const Json& json) {
    context.out << number_of(json, "active") << " routes in force\n";
    for (const Json& error : member_of(json, "errors")) {
      whole = false;
      context.err << "headgate: "
                  << printable(error.is_string() ? error.get<std::string>() : error.dump(),
                               core::LineFeeds::kept)
                  << '\n';
    }
  });
  return code == kExitOk && !whole ? kExitFailed : code;
}

}  // namespace headgate::tools
