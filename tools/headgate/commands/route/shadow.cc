#include <filesystem>
#include <nlohmann/json.hpp>

#include "routing/files/route_record.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kShadowTarget = "/v1/routes/shadow";

}  // namespace

int run_route_shadow(const Context& context, const ShadowOptions& options) {
  if (options.stop != options.file.empty()) {
    context.err << "headgate: name a route file, or say --stop\n";
    return kExitUsage;
  }
  routing::RouteFile file;
  if (!options.stop) file = read_routes({options.file});
  for (const auto& error : file.errors) context.err << error.what << '\n';
  if (!file.errors.empty()) return kExitFailed;
  for (routing::TableSource& table : file.tables)
    if (table.kind == routing::TableSource::Kind::file)
      table.from = std::filesystem::absolute(table.from).lexically_normal().string();
  return answer(context, context.hub.post(kShadowTarget, routing::route_file_text(file.entries, file.tables)),
                [&](const Json& json) {
                  if (options.stop)
                    context.out << "no route is tried any more\n";
                  else
                    context.out << number_of(json, "tried")
                                << " routes count and deliver nothing; see headgate route ls\n";
                });
}

}  // namespace headgate::tools
