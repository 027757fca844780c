#include "hub/edge/topics.h"

#include "core/text.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kQueuePrefix = "devices/";
constexpr std::string_view kQueueSuffix = "/messages/devicebound";

bool take(std::string_view& rest, std::string_view front) {
  if (!rest.starts_with(front)) return false;
  rest.remove_prefix(front.size());
  return true;
}

// The first `$rid` of a query; nullopt: it is too long.
std::optional<std::string_view> rid_of(std::string_view query) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (!take(pair, "$rid=")) continue;
    if (pair.size() > kRequestIdBytesMax) return std::nullopt;
    return pair;
  }
  return std::string_view();
}

// Reads what follows the levels of a request: nothing, or `?` and its query.
std::optional<EdgeRequest> with_rid(EdgeRequest request, std::string_view rest) {
  if (!rest.empty() && !take(rest, "?")) return std::nullopt;
  const auto rid = rid_of(rest);
  if (!rid) return std::nullopt;
  request.rid = *rid;
  const bool may_lack_it = request.kind == EdgeRequest::Kind::twin_report;
  if (request.rid.empty() && !may_lack_it) return std::nullopt;
  return request;
}

std::optional<EdgeRequest> method_answer(std::string_view rest) {
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto status = core::parse_whole<int64_t>(rest.substr(0, slash));
  if (!status || *status == 0) return std::nullopt;
  return with_rid({.kind = EdgeRequest::Kind::method_answer, .status = *status}, rest.substr(slash + 1));
}

}  // namespace

std::string edge_prefix(const EdgeId& client) {
  std::string prefix = "$iothub/devices/" + client.device + "/";
  if (client.is_module()) prefix.append("modules/").append(client.module).append("/");
  return prefix;
}

std::string twin_answers_filter(const EdgeId& client) { return edge_prefix(client) + "twin/res/#"; }

std::string desired_filter(const EdgeId& client) {
  return edge_prefix(client) + "twin/PATCH/properties/desired/#";
}

std::string methods_filter(const EdgeId& client) { return edge_prefix(client) + "methods/POST/#"; }

std::string twin_answer_topic(const EdgeId& client, unsigned status, std::string_view rid) {
  return edge_prefix(client).append("twin/res/").append(std::to_string(status)).append("/?$rid=").append(rid);
}

std::string reported_topic(const EdgeId& client, std::string_view rid, int64_t version) {
  return twin_answer_topic(client, 204, rid).append("&$version=").append(std::to_string(version));
}

std::string desired_topic(const EdgeId& client, int64_t version) {
  return edge_prefix(client)
      .append("twin/PATCH/properties/desired/?$version=")
      .append(std::to_string(version));
}

std::string method_topic(const EdgeId& client, std::string_view method, std::string_view rid) {
  return edge_prefix(client).append("methods/POST/").append(method).append("/?$rid=").append(rid);
}

std::string device_queue_name(std::string_view device) {
  return std::string(kQueuePrefix).append(device).append(kQueueSuffix);
}

std::optional<std::string_view> device_of_queue(std::string_view name) {
  if (!take(name, kQueuePrefix) || !name.ends_with(kQueueSuffix)) return std::nullopt;
  name.remove_suffix(kQueueSuffix.size());
  if (!is_edge_name(name)) return std::nullopt;
  return name;
}

std::optional<EdgeRequest> parse_edge_request(const EdgeId& from, std::string_view topic) {
  if (!take(topic, edge_prefix(from))) return std::nullopt;
  if (take(topic, "twin/GET/")) return with_rid({.kind = EdgeRequest::Kind::twin_get}, topic);
  if (take(topic, "twin/PATCH/properties/reported/"))
    return with_rid({.kind = EdgeRequest::Kind::twin_report}, topic);
  if (take(topic, "methods/res/")) return method_answer(topic);
  return std::nullopt;
}

}  // namespace headgate::hub
