#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {

namespace {

using Json = nlohmann::ordered_json;

void show(std::ostream& out, std::string_view what, const Json& texts) {
  for (const Json& text : texts) {
    if (text.is_string()) out << what << printable(text.get<std::string>(), core::LineFeeds::kept) << '\n';
  }
}

}  // namespace

int run_reload(const Context& context) {
  bool whole = true;
  const auto body = context.hub.post("/v1/routes/reload");
  const int code = answer(context, body, [&](const Json& json) {
    show(context.out, "took: ", member_of(json, "took"));
    show(context.out, "needs a restart: ", member_of(json, "needs_restart"));
    context.out << number_of(json, "active") << " routes in force\n";
    show(context.err, "headgate: kept: ", member_of(json, "kept"));
    show(context.err, "headgate: left out: ", member_of(json, "left_out"));
    whole = member_of(json, "kept").empty() && member_of(json, "left_out").empty();
  });
  return code == kExitOk && !whole ? kExitFailed : code;
}

}  // namespace headgate::tools
