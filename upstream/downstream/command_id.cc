#include "upstream/downstream/command_id.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace headgate::upstream {
namespace {

// Bodies that are longer are not looked into.
constexpr size_t kBodyBytesMax = 1'048'576;

CommandId id_in_body(const std::string& body, std::string_view member) {
  if (body.size() > kBodyBytesMax) return {};
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find(member);
  if (found == json.end()) return {};
  if (found->is_number_integer()) return {CommandId::Kind::member, found->dump()};
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) return {};
  return {CommandId::Kind::member, found->get<std::string>()};
}

}  // namespace

CommandId id_of(const Incoming& message, std::string_view member) {
  const auto& user = message.properties.user;
  const auto named = std::ranges::find(user, "id", &core::UserProperty::name);
  if (named != user.end() && !named->value.empty()) return {CommandId::Kind::property, named->value};
  if (!message.properties.correlation_data.empty())
    return {CommandId::Kind::correlation, message.properties.correlation_data};
  return member.empty() ? CommandId() : id_in_body(message.payload, member);
}

}  // namespace headgate::upstream
