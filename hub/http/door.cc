#include "hub/http/door.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "hub/admin/call.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kBearer = "bearer ";

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

// "localhost:9180" is "localhost", "[::1]:9180" is "[::1]".
std::string_view without_port(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

// Media type without its parameters.
std::string media_type(std::string_view content_type) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

// Empty: there is none.
std::string_view token_in(std::string_view authorization) {
  if (lower(authorization.substr(0, kBearer.size())) != kBearer) return {};
  return authorization.substr(kBearer.size());
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

bool Door::is_own_name(std::string_view host) const {
  std::string name = lower(without_port(host));
  if (std::ranges::find(rules_.names, name) != rules_.names.end()) return true;
  if (!rules_.also || name.empty()) return false;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return rules_.also(name);
}

std::optional<AdminResponse> Door::turn_away(const Knock& knock) const {
  if (!is_own_name(knock.host))
    return failed(421, "this server is not called \"" + std::string(knock.host) +
                           "\"; use its address or one of its names");
  if (!knock.origin.empty() && lower(knock.origin) != rules_.scheme + "://" + lower(knock.host))
    return failed(403, "pages of other origins are not served");
  return std::nullopt;
}

std::variant<Caller, AdminResponse> Door::admit(const Knock& knock, int64_t wall_ms) const {
  if (auto turned_away = turn_away(knock)) return *std::move(turned_away);
  const std::string type = media_type(knock.content_type);
  if (!is_safe(knock.method) && type != "application/json" && type != "application/x-ndjson")
    return failed(415, "Content-Type is \"" + type +
                           "\"; allowed for what changes anything: application/json or application/x-ndjson");
  if (!knock.authorization.empty()) {
    const std::string_view token = token_in(knock.authorization);
    auto known = token.empty() ? std::nullopt : tokens_.find(token);
    if (!known) return failed(401, "the token is not known; send: Authorization: Bearer TOKEN");
    return *std::move(known);
  }
  auto caller = owner_of_cookie(knock, wall_ms);
  if (caller && caller->role != Role::none && !is_safe(knock.method) && knock.origin.empty())
    return failed(403,
                  "by a cookie only a page of this server changes anything, and sends its Origin; elsewhere "
                  "send: Authorization: Bearer TOKEN");
  const std::string_view path = knock.target.substr(0, knock.target.find('?'));
  const bool is_open = rules_.metrics_open && path == "/metrics";
  if (caller && (caller->role != Role::none || !is_open)) return *std::move(caller);
  return Caller{is_open ? Role::read : Role::none, {}, {}};
}

// Nullopt: there is no cookie. One that counts no more leaves nobody, so that what is open to everybody stays so.
std::optional<Caller> Door::owner_of_cookie(const Knock& knock, int64_t wall_ms) const {
  const auto value = sessions_ ? sessions_->find(knock.cookie) : std::nullopt;
  if (!value) return std::nullopt;
  if (auto caller = sessions_->open(*value, tokens_, wall_ms)) return caller;
  Caller nobody{Role::none, {}, {}};
  nobody.why_nobody = "the session has ended, or its token is not known any more; sign in again";
  return nobody;
}

std::string Door::cookie_for(const AdminResponse& response, std::string_view authorization) const {
  if (!sessions_ || response.session == SessionStep::none) return {};
  if (response.session == SessionStep::end) return sessions_->end();
  return sessions_->begin(token_in(authorization), response.session_until_ms);
}

}  // namespace headgate::hub
