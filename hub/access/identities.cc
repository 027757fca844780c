#include "hub/access/identities.h"

#include <algorithm>

#include "core/topic.h"
#include "hub/edge/identities/user_name.h"

namespace headgate::hub {
namespace {

using broker::Identity;

std::string fill_in(std::string_view name, std::string_view star) {
  const size_t at = name.find('*');
  if (at == std::string_view::npos) return std::string(name);
  return std::string(name.substr(0, at)).append(star).append(name.substr(at + 1));
}

const IdentityPattern* find(const std::vector<IdentityPattern>& patterns, std::string_view user) {
  const auto exact = std::ranges::find(patterns, user, &IdentityPattern::user);
  if (exact != patterns.end()) return &*exact;
  const auto wide = std::ranges::find_if(
      patterns, [&](const IdentityPattern& one) { return match_star(one.user, user).has_value(); });
  return wide == patterns.end() ? nullptr : &*wide;
}

Identity named(std::string_view user, std::string device, std::string module) {
  Identity identity;
  identity.username = user;
  identity.kind = !module.empty()   ? Identity::Kind::module
                  : !device.empty() ? Identity::Kind::device
                                    : Identity::Kind::client;
  identity.device = std::move(device);
  identity.module = std::move(module);
  return identity;
}

Identity edge_identity(std::string_view user) {
  const size_t slash = user.find('/');
  if (slash == std::string_view::npos) return named(user, std::string(user), "");
  return named(user, std::string(user.substr(0, slash)), std::string(user.substr(slash + 1)));
}

}  // namespace

std::optional<std::string_view> match_star(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == text ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view behind = pattern.substr(star + 1);
  const bool fits =
      text.size() >= before.size() + behind.size() && text.starts_with(before) && text.ends_with(behind);
  if (!fits) return std::nullopt;
  return text.substr(before.size(), text.size() - before.size() - behind.size());
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_of("+#/") == std::string_view::npos && core::is_valid_utf8(name);
}

std::string EdgeName::id() const {
  std::string id(device);
  if (!module.empty()) id.append("/").append(module);
  return id;
}

std::optional<EdgeName> parse_edge_name(std::string_view username) {
  const auto name = parse_sdk_user_name(username);
  return name ? std::optional(EdgeName{name->device, name->module}) : std::nullopt;
}

std::string canonical_user(std::string_view username) {
  const auto edge = parse_edge_name(username);
  return edge ? edge->id() : std::string(username);
}

std::optional<Identity> identify(const std::vector<IdentityPattern>& patterns, std::string_view user,
                                 bool edge, std::string_view own_device) {
  Identity identity = edge ? edge_identity(user) : named(user, "", "");
  if (const IdentityPattern* pattern = find(patterns, user)) {
    const std::string_view star = match_star(pattern->user, user).value_or("");
    identity = named(user, fill_in(pattern->device, star), fill_in(pattern->module, star));
    const bool lost = (!pattern->device.empty() && identity.device.empty()) ||
                      (!pattern->module.empty() && identity.module.empty());
    if (lost) return std::nullopt;  // the star stands for nothing
  }
  if (!identity.module.empty() && identity.device.empty()) identity.device = own_device;
  for (const std::string& name : {identity.device, identity.module}) {
    if (!name.empty() && !is_plain_name(name)) return std::nullopt;
  }
  return identity;
}

}  // namespace headgate::hub
