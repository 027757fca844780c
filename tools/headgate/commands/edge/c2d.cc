#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/edge/commands.h"
#include "tools/headgate/confirm.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string path_of(const std::string& device, const char* rest) {
  return "/v1/devices/" + percent_encode(device) + rest;
}

// Nullopt: the file cannot be read.
std::optional<std::string> body_of(const DeviceSendOptions& options, std::istream& in) {
  if (options.body) return options.body;
  if (options.file.empty() || options.file == "-") return std::string(std::istreambuf_iterator<char>(in), {});
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Nullopt: one has no `=` behind a name.
std::optional<Json> pairs_of(const std::vector<std::string>& properties) {
  Json pairs = Json::array();
  for (const std::string& property : properties) {
    const size_t equals = property.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    pairs.push_back({property.substr(0, equals), property.substr(equals + 1)});
  }
  return pairs;
}

int misused(const Context& context, const std::string& why) {
  context.err << "headgate: " << why << '\n';
  return kExitUsage;
}

}  // namespace

int run_c2d_send(const Context& context, const DeviceSendOptions& options, std::istream& in) {
  const auto pairs = pairs_of(options.properties);
  if (!pairs) return misused(context, "a property is NAME=VALUE");
  const auto body = body_of(options, in);
  if (!body) return misused(context, "cannot read " + options.file);
  std::string base64;
  core::append_base64(base64, *body);
  Json message = {{"payload_base64", base64}, {"expiry_s", options.expiry_s}, {"user_properties", *pairs}};
  if (!options.message_id.empty()) message["message_id"] = options.message_id;
  if (!options.correlation_id.empty()) message["correlation_id"] = options.correlation_id;
  if (!options.content_type.empty()) message["content_type"] = options.content_type;
  const auto sent = context.hub.post(path_of(options.device, "/messages"),
                                     message.dump(-1, ' ', false, Json::error_handler_t::replace));
  return answer(context, sent, [&](const Json& json) {
    context.out << "stored for " << printable(text_of(json, "device")) << " as seq " << number_of(json, "seq")
                << "; " << number_of(json, "waiting") << " wait for it\n";
  });
}

int run_c2d_ls(const Context& context, const std::string& device, bool payload) {
  const auto body =
      context.hub.get(path_of(device, payload ? "/messages?count=1000&payload=1" : "/messages?count=1000"));
  return answer(context, body, [&](const Json& json) {
    for (const Json& message : member_of(json, "messages")) show_message(context.out, message);
  });
}

int run_c2d_purge(const Context& context, const std::string& device, const Consent& consent) {
  if (!confirmed(context, consent, "Drop everything that waits for " + printable(device) + " for good?"))
    return kExitUsage;
  return answer(context, context.hub.post(path_of(device, "/purge")), [&](const Json& json) {
    context.out << "dropped " << number_of(json, "purged") << " for " << printable(device) << '\n';
  });
}

}  // namespace headgate::tools
