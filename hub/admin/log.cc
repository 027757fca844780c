#include "hub/admin/log.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/text/json_nesting.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kEveryPart = "*";

template <size_t N>
std::string listed(const std::array<std::string_view, N>& names) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

Json levels_in_force(const HubView& hub) {
  const LogLevels now = hub.log_levels();
  const LogLevels configured = hub.configured_log_levels();
  Json parts = Json::object();
  for (size_t i = 0; i < core::kLogPartNames.size(); ++i) {
    const auto part = static_cast<core::LogPart>(i);
    parts[std::string(name_of(part))] = {{"level", name_of(now.of(part))},
                                         {"configured", name_of(configured.of(part))}};
  }
  return {{"levels", std::move(parts)}};
}

// Puts the level of one part, or of each, into `levels`. Returns what is wrong.
std::string set_level(LogLevels& levels, const LogLevels& configured, const std::string& name,
                      const Json& value) {
  const auto named = core::log_level_named(value.is_string() ? value.get_ref<const std::string&>() : "");
  if (!named && !value.is_null())
    return name + " is " + value.dump() + "; allowed: " + listed(core::kLogLevelNames) + ", or null";
  const auto only = core::log_part_named(name);
  if (!only && name != kEveryPart)
    return "\"" + name + "\" is no part of the hub; there are " + listed(core::kLogPartNames) +
           ", and \"*\" for all";
  for (size_t i = 0; i < core::kLogPartNames.size(); ++i) {
    const auto part = static_cast<core::LogPart>(i);
    if (!only || *only == part) levels.of_parts[part] = named.value_or(configured.of(part));
  }
  return {};
}

}  // namespace

AdminReply get_log_levels(const AdminCall& call) { return answer_json(levels_in_force(call.hub)); }

AdminReply post_log_levels(const AdminCall& call) {
  if (!core::is_nested_within(call.request.body))
    return failed(400, "the body has too many levels within one another");
  const Json wanted = Json::parse(call.request.body, nullptr, false);
  if (!wanted.is_object() || wanted.empty())
    return failed(400, R"(the body is no object of parts and levels, such as {"broker": "debug"})");
  LogLevels levels = call.hub.log_levels();
  const LogLevels configured = call.hub.configured_log_levels();
  for (const auto& [name, value] : wanted.items())
    if (const std::string wrong = set_level(levels, configured, name, value); !wrong.empty())
      return failed(400, wrong);
  call.hub.use_log_levels(levels);
  return answer_json(levels_in_force(call.hub));
}

}  // namespace headgate::hub
