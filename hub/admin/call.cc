#include "hub/admin/call.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

unsigned status_of(core::Errc code) {
  switch (code) {
    case core::Errc::invalid:
      return 400;
    case core::Errc::not_found:
      return 404;
    case core::Errc::unavailable:
    case core::Errc::full:
      return 503;
    case core::Errc::corrupt:
    case core::Errc::io:
      break;
  }
  return 500;
}

// Body of a message or of a shadow's last result, by the topic beside it.
constexpr std::array<std::array<const char*, 2>, 3> kBodies = {
    {{"topic", "payload"}, {"topic", "payload_base64"}, {"last_topic", "last_body"}}};

void hide(Json& json, const Sight& sight) {
  for (const auto& [topic, body] : kBodies) {
    if (!json.is_object() || !json.contains(body) || !json.contains(topic)) continue;
    const std::string of = json[topic].get<std::string>();
    if (!of.empty() && !sight.topic(of)) json[body] = nullptr;
  }
  if (!json.is_structured()) return;
  for (Json& member : json) hide(member, sight);
}

}  // namespace

core::Result<std::string> without_hidden(core::Result<std::string> json, const Sight& sight) {
  if (!json || sight.user.empty()) return json;
  Json parsed = Json::parse(*json);
  hide(parsed, sight);
  return dump(parsed);
}

std::optional<uint64_t> AdminCall::number(const std::string& parameter, uint64_t absent, uint64_t max) const {
  const auto found = query.find(parameter);
  if (found == query.end()) return absent;
  const auto value = core::parse_whole<uint64_t>(found->second);
  return value && *value <= max ? value : std::nullopt;
}

std::optional<store::Seq> AdminCall::seq() const { return core::parse_whole<store::Seq>(name); }

AdminResponse AdminCall::wrong(const std::string& parameter, std::string_view allowed) const {
  return failed(400, parameter + " is \"" + query.at(parameter) + "\"; allowed: " + std::string(allowed));
}

AdminResponse answer_json(const Json& json) { return {200, dump(json)}; }

AdminResponse answer(core::Result<std::string> body) {
  if (!body) return failed(status_of(body.error().code), body.error().what);
  return {200, *std::move(body)};
}

AdminResponse failed(unsigned status, std::string_view what) { return {status, dump({{"error", what}})}; }

AdminResponse nobody(const Caller& caller) {
  return failed(401, caller.why_nobody.empty() ? "a token is needed; send: Authorization: Bearer TOKEN"
                                               : std::string_view(caller.why_nobody));
}

AdminResponse refused(const core::Error& error) {
  return failed(error.code == core::Errc::io ? 503 : status_of(error.code), error.what);
}

}  // namespace headgate::hub
