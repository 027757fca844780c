#include <iterator>
#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/edge/commands.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

void show_section(const Context& context, const Json& twin, const char* name) {
  Json section = member_of(twin, name);
  if (!section.is_object()) return;
  context.out << name << ", version " << number_of(section, "$version") << '\n';
  section.erase("$version");
  context.out << core::printable(section.dump(2), core::LineFeeds::kept) << '\n';
}

int show_twin(const Context& context, const core::Result<std::string>& body) {
  return answer(context, body, [&](const Json& twin) {
    show_section(context, twin, "desired");
    show_section(context, twin, "reported");
  });
}

}  // namespace

int run_twin_get(const Context& context, const std::string& id) {
  return show_twin(context, context.hub.get("/v1/twins/" + percent_encode(id)));
}

int run_twin_change(const Context& context, const std::string& id, TwinChange how,
                    const std::optional<std::string>& json, std::istream& in) {
  const std::string text = json ? *json : std::string(std::istreambuf_iterator<char>(in), {});
  const char* const verb = how == TwinChange::set ? "/set" : "/patch";
  return show_twin(context, context.hub.post("/v1/twins/" + percent_encode(id) + verb, text));
}

}  // namespace headgate::tools
