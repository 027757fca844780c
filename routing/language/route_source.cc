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

std::string_view kind_name(const RouteSource& source) {
  if (source.kind == RouteSource::Kind::topic_filter) return "topic";
  if (!why_never(source.text).empty()) return "none";
  if (source.text == kTwinChangesPath) return "twin_changes";
  if (source.text == kModulesPath) return "modules";
  return source.text.starts_with(kModulesPath) ? "module" : "messages";
}

std::string written_source(const RouteSource& source, std::string_view route_text) {
  if (source.kind == RouteSource::Kind::topic_filter) return source.text;
  const std::string_view path = std::string_view(source.text).substr(0, source.text.size() - 1);
  const std::string lowered = core::ascii_lowered(route_text);
  const size_t from = lowered.find("from");
  const size_t at = path.empty() || from == std::string::npos ? std::string::npos : lowered.find(path, from);
  if (at == std::string::npos) return source.text + "*";
  size_t end = at + path.size();
  while (end < route_text.size() && (route_text[end] == '/' || route_text[end] == '*')) ++end;
  return std::string(route_text.substr(at, end - at));
}

}  // namespace headgate::routing
