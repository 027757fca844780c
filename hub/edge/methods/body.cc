#include "hub/edge/methods/body.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/text/json_nesting.h"
#include "hub/edge/methods/calls.h"

namespace headgate::hub {
namespace {

using MethodJson = nlohmann::ordered_json;

core::Unexpected wrong_body(std::string what) { return core::fail(core::Errc::invalid, std::move(what)); }

// Takes over a timeout, if it is there. False: it is none.
bool take_seconds(const MethodJson& body, const char* name, uint32_t& into) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return true;
  if (!found->is_number_unsigned() || found->get<uint64_t>() > kMethodTimeoutMaxS) return false;
  into = found->get<uint32_t>();
  return true;
}

}  // namespace

core::Result<MethodCall> read_method_body(EdgeId target, std::string_view body) {
  if (!core::is_nested_within(body)) return wrong_body("the body has too many levels within one another");
  const MethodJson json = MethodJson::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || body.find('\0') != body.npos) return wrong_body("the body is no JSON object");
  const auto name = json.find("methodName");
  if (name == json.end() || !name->is_string()) return wrong_body("methodName is missing, or no text");
  MethodCall call{.target = std::move(target), .name = name->get<std::string>()};
  if (const auto payload = json.find("payload"); payload != json.end()) call.payload = payload->dump();
  if (!take_seconds(json, "responseTimeoutInSeconds", call.response_timeout_s))
    return wrong_body("responseTimeoutInSeconds is wrong; allowed: 5 to 300");
  if (!take_seconds(json, "connectTimeoutInSeconds", call.connect_timeout_s))
    return wrong_body("connectTimeoutInSeconds is wrong; allowed: 0 to 300");
  if (auto right = check_method(call); !right) return core::fail(right.error());
  return call;
}

std::string method_answer_body(const MethodOutcome& outcome) {
  return "{\"status\":" + std::to_string(outcome.status) + ",\"payload\":" + outcome.payload + "}";
}

}  // namespace headgate::hub
