#include "hub/edge/methods/door.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/text/json_string.h"
#include "core/text/percent.h"
#include "hub/edge/methods/body.h"

namespace headgate::hub {
namespace {

constexpr std::string_view kCallerHeader = "x-ms-edge-moduleid";

// Text between slashes, decoded; empty if an escape is broken.
std::vector<std::string> path_segments(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    auto decoded = core::percent_decoded(path.substr(0, path.find('/')));
    if (!decoded) return {};
    segments.push_back(*std::move(decoded));
    const size_t next = path.find('/');
    path.remove_prefix(next == std::string_view::npos ? path.size() : next);
  }
  return segments;
}

// The target that a path names; nullopt: it is none of a method.
std::optional<EdgeId> target_of(const HttpRequest& request) {
  const std::vector<std::string> path = path_segments(request.target);
  const bool of_module = path.size() == 5 && path[2] == "modules";
  const bool is_path = (path.size() == 3 || of_module) && path.front() == "twins" && path.back() == "methods";
  if (request.method != "POST" || !is_path) return std::nullopt;
  EdgeId target{path[1], of_module ? path[3] : std::string()};
  const bool named = is_edge_name(target.device) && (!of_module || is_edge_name(target.module));
  return named ? std::optional(std::move(target)) : std::nullopt;
}

HttpAnswer failure_with(unsigned status, std::string_view why) {
  std::string body = R"({"message":)";
  core::append_json_string(body, why);
  return {status, body.append("}")};
}

// Nullopt: the caller may call.
std::optional<HttpAnswer> refuse_caller(const MethodDoor& parts, const HttpRequest& request, core::Now now) {
  const std::string_view name = request.header(kCallerHeader);
  if (name.empty()) return door_failure(400, "the header x-ms-edge-moduleId is missing");
  const auto caller = parse_edge_id(name);
  const bool own = caller && caller->is_module() && caller->device == parts.own_device;
  const core::Status proven = own ? parts.verify(request.header("authorization"), *caller, now)
                                  : core::fail(core::Errc::invalid, "it is no module of this gateway");
  if (proven) return std::nullopt;
  if (parts.on_unauthorized) parts.on_unauthorized(request, name, proven.error().what, now);
  return door_failure(401, "the token is none of a module of this gateway");
}

void answer_call(const MethodDoor& parts, const HttpRequest& request, core::Now now,
                 const RespondHttp& respond) {
  const auto target = target_of(request);
  if (!target) return respond(door_failure(404, "there is nothing here"));
  if (auto refused = refuse_caller(parts, request, now)) return respond(*std::move(refused));
  auto call = read_method_body(*target, request.body);
  if (!call) return respond(failure_with(400, call.error().what));
  parts.verbs.call_method(*std::move(call), [respond](const MethodOutcome& outcome) {
    const bool answered = outcome.http_status == 200;
    respond(answered ? HttpAnswer{200, method_answer_body(outcome)}
                     : failure_with(outcome.http_status, outcome.error));
  });
}

}  // namespace

HttpHandler method_door(MethodDoor parts) {
  return [parts = std::move(parts)](const HttpRequest& request, core::Now now, const RespondHttp& respond) {
    answer_call(parts, request, now, respond);
  };
}

}  // namespace headgate::hub
