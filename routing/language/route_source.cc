#include "routing/language/route_source.h"

#include "core/text.h"
#include "routing/language/text.h"

namespace headgate::routing {

std::string normalise_source(std::string_view path) {
  while (path.ends_with('*')) path.remove_suffix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return core::ascii_lowered(path).append("/");
}

std::string why_never(std::string_view path) {
  if (path == "/" || path == kMessagesPath || path == kModulesPath || path == kTwinChangesPath) return {};
  if (path.find("*/") != std::string_view::npos) return "`*` is a wildcard only at the end of a source";
  if (!path.starts_with(kModulesPath)) return "no message has this source";
  const std::string_view rest = path.substr(kModulesPath.size());
  const size_t slash = rest.find('/');
  const std::string_view after = rest.substr(slash + 1);
  if (!after.empty() && !after.starts_with("outputs/"))
    return "after the module only `outputs/<output>` can follow";
  return {};
}

}  // namespace headgate::routing
