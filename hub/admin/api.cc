#include "hub/admin/api.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "core/topic.h"
#include "hub/admin/call.h"
#include "hub/admin/change.h"
#include "hub/admin/client/sessions.h"
#include "hub/admin/doctor/visit.h"
#include "hub/admin/edge/devices.h"
#include "hub/admin/edge/identities.h"
#include "hub/admin/edge/twins.h"
#include "hub/admin/live/feed.h"
#include "hub/admin/log.h"
#include "hub/admin/past/recent.h"
#include "hub/admin/past/trial.h"
#include "hub/admin/past/why.h"
#include "hub/admin/publish.h"
#include "hub/admin/queue/import.h"
#include "hub/admin/queue/messages.h"
#include "hub/admin/queue/pause.h"
#include "hub/admin/queues.h"
#include "hub/admin/rights.h"
#include "hub/admin/routes.h"
#include "hub/admin/sign_in/session.h"
#include "hub/admin/status.h"
#include "hub/admin/topics.h"
#include "hub/admin/upstream.h"
#include "hub/admin/url.h"
#include "hub/observe/scrape/prometheus_text.h"
#include "store/report/history.h"
#include "store/report/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kFilterBytesMax = 65'535;

AdminReply get_history(const AdminCall& call) {
  return answer(store::history_json(call.hub.store(), call.hub.now()));
}

AdminReply get_store(const AdminCall& call) {
  return AdminResponse{200, store::store_stats_json(call.hub.store_stats())};
}

AdminReply back_up_store(const AdminCall& call) {
  const auto dir = call.query.find("dir");
  if (dir == call.query.end()) return failed(400, "dir is missing; allowed: an absolute path");
  return AdminLater{[&hub = call.hub, dir = dir->second](auto done) {
    hub.back_up_store(dir, [done = std::move(done)](const core::Result<store::BackupReport>& report) {
      done(answer(report ? core::Result<std::string>(store::backup_json(*report))
                         : core::fail(report.error())));
    });
  }};
}

AdminReply get_remote(const AdminCall& call) { return answer(call.hub.remote_status()); }

AdminReply post_apply_remote(const AdminCall& call) {
  const auto force = call.number("force", 0, 1);
  if (!force) return call.wrong("force", "0 or 1");
  return AdminLater{[&hub = call.hub, envelope = call.request.body, force = *force == 1](auto done) {
    hub.apply_remote(envelope, force, [done = std::move(done)](const auto& json) { done(answer(json)); });
  }};
}

AdminReply post_forget_remote(const AdminCall& call) {
  return AdminLater{[&hub = call.hub](auto done) {
    hub.forget_remote([done = std::move(done)](const auto& json) { done(answer(json)); });
  }};
}

AdminReply get_metrics(const AdminCall& call) {
  return AdminLater{[&hub = call.hub](auto done) {
    hub.scrape_metrics([done = std::move(done)](std::string text) {
      done({.status = 200, .body = std::move(text), .content_type = kPrometheusContentType});
    });
  }};
}

AdminReply tail(const AdminCall& call) {
  const auto found = call.query.find("filter");
  const std::string fallback = call.name.empty() ? "#" : call.name;
  const std::string filter = found == call.query.end() ? fallback : found->second;
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  if (filter.size() > kFilterBytesMax || !core::is_valid_topic_filter(filter)) {
    return failed(
        400, "filter is \"" + filter + "\"; allowed: an MQTT topic filter such as plant/+/temperature or #");
  }
  return AdminStream{[filter, with_payload = *payload == 1, sees = call.sight()](LineSink sink) {
    return sees.hub->subscribe_tail(
        filter, [sink = std::move(sink), with_payload, sees](const core::MessagePtr& message) {
          if (sees.topic(message->topic)) sink(store::message_json(*message, with_payload));
        });
  }};
}

AdminReply get_health(const AdminCall& call) {
  const std::vector<std::string> stuck = call.hub.stuck_workers();
  AdminResponse response = answer_json({{"stuck", stuck}});
  if (!stuck.empty()) response.status = 503;
  return response;
}

AdminReply get_readiness(const AdminCall& call) {
  Json reasons = Json::array();
  for (const Unready& one : call.hub.unready()) reasons.push_back({{"reason", one.reason}, {"why", one.why}});
  AdminResponse response = answer_json({{"ready", reasons.empty()}, {"reasons", reasons}});
  if (!reasons.empty()) response.status = 503;
  return response;
}

// "*" in a path is {name}, "**" at its end {topic}: all that is left of it.
struct Endpoint {
  std::string_view method;
  Role role = Role::read;
  std::vector<std::string_view> path;
  std::vector<std::string_view> parameters;
  AdminReply (*handle)(const AdminCall& call);
  bool changes = false;  // the hub, or what waits in it
};

// Devices and modules of IoT Edge.
std::vector<Endpoint> edge_endpoints() {
  return {
      {"GET", Role::read, {"v1", "identities"}, {}, get_identities},
      {"GET", Role::read, {"v1", "twins", "*"}, {}, get_twin},
      {"POST", Role::operate, {"v1", "twins", "*", "patch"}, {}, post_patch_twin, true},
      {"POST", Role::operate, {"v1", "twins", "*", "set"}, {}, post_set_twin, true},
      {"POST", Role::operate, {"v1", "methods", "*", "invoke"}, {}, post_invoke_method, true},
      {"GET",
       Role::read,
       {"v1", "devices", "*", "messages"},
       {"after", "count", "payload"},
       get_device_messages},
      {"POST", Role::operate, {"v1", "devices", "*", "messages"}, {}, post_device_message, true},
      {"POST", Role::operate, {"v1", "devices", "*", "purge"}, {}, post_purge_device, true},
      {"POST", Role::operate, {"v1", "identities", "*", "forget"}, {}, post_forget_identity, true},
  };
}

std::vector<Endpoint> joined(std::vector<Endpoint> some, const std::vector<Endpoint>& others) {
  some.insert(some.end(), others.begin(), others.end());
  return some;
}

std::vector<Endpoint> queue_endpoints() {
  return {
      {"GET", Role::read, {"v1", "queues"}, {}, get_queues},
      {"GET", Role::read, {"v1", "queues", "*"}, {}, get_queue},
      {"GET", Role::read, {"v1", "queues", "*", "peek"}, {"lane", "after", "count", "payload"}, peek_queue},
      {"GET", Role::read, {"v1", "queues", "*", "messages"}, search_parameters(), get_messages},
      {"GET", Role::read, {"v1", "queues", "*", "tail"}, {"payload"}, tail_queue},
      {"POST", Role::operate, {"v1", "queues", "*", "purge"}, purge_parameters(), post_purge_queue, true},
      {"POST", Role::admin, {"v1", "queues", "*", "import"}, {"id", "line"}, post_import, true},
      {"POST", Role::operate, {"v1", "queues", "*", "pause"}, {}, post_pause_queue, true},
      {"POST", Role::operate, {"v1", "queues", "*", "resume"}, {}, post_resume_queue, true},
      {"GET", Role::read, {"v1", "dlq"}, {"after", "count"}, get_dead_letters},
      {"GET", Role::read, {"v1", "dlq", "*"}, {"payload"}, get_dead_letter},
      {"POST", Role::operate, {"v1", "dlq", "replay"}, {"after", "queue"}, post_replay_letters, true},
      {"POST", Role::operate, {"v1", "dlq", "purge"}, {}, post_purge_letters, true},
      {"POST", Role::operate, {"v1", "dlq", "*", "replay"}, {}, post_replay_letter, true},
      {"POST", Role::operate, {"v1", "dlq", "*", "purge"}, {}, post_purge_letter, true},
  };
}

std::vector<Endpoint> route_endpoints() {
  return {
      {"GET", Role::read, {"v1", "routes"}, {}, get_routes},
      {"GET", Role::read, {"v1", "routes", "*", "windows"}, {"count"}, get_route_windows},
      {"POST", Role::read, {"v1", "routes", "check"}, {}, check_routes},
      {"POST", Role::admin, {"v1", "routes", "reload"}, {}, reload_routes, true},
      {"POST", Role::admin, {"v1", "routes", "apply"}, {"name", "dry_run", "force"}, post_apply_routes, true},
      {"POST", Role::operate, {"v1", "routes", "shadow"}, {}, try_routes, true},
      {"POST", Role::operate, {"v1", "routes", "replay"}, {"since_s", "whole"}, post_replay_routes},
      {"POST", Role::operate, {"v1", "routes", "test"}, {"since_s", "count", "payload"}, post_test_routes},
  };
}

const std::vector<Endpoint>& endpoints() {
  static const std::vector<Endpoint> kEndpoints = joined(
      {
          {"GET", Role::none, {"healthz"}, {}, get_health},
          {"GET", Role::none, {"readyz"}, {}, get_readiness},
          {"GET", Role::read, {"metrics"}, {}, get_metrics},
          {"GET", Role::none, {"v1", "session"}, {}, get_session},
          {"POST", Role::read, {"v1", "session"}, {}, post_session},
          {"POST", Role::none, {"v1", "session", "end"}, {}, post_end_session},
          {"GET", Role::read, {"v1", "status"}, {}, get_status},
          {"GET", Role::read, {"v1", "doctor"}, {}, get_doctor},
          {"GET", Role::read, {"v1", "live"}, {"parts"}, get_live},
          {"GET", Role::read, {"v1", "upstream"}, {}, get_upstream},
          {"GET", Role::read, {"v1", "upstream", "forecast"}, {}, get_upstream_forecast},
          {"GET", Role::read, {"v1", "clients"}, {}, get_clients},
          {"GET", Role::read, {"v1", "clients", "*", "rights"}, {}, get_client_rights},
          {"POST", Role::operate, {"v1", "clients", "*", "kick"}, {}, post_kick_client, true},
          {"POST", Role::operate, {"v1", "sessions", "*", "remove"}, {}, post_remove_session, true},
          {"GET", Role::read, {"v1", "why", "*"}, {"payload"}, get_why},
          {"GET",
           Role::read,
           {"v1", "recent"},
           {"after", "count", "newest", "filter", "payload"},
           get_recent},
          {"GET", Role::read, {"v1", "events"}, {"after", "count", "level", "event"}, get_events},
          {"GET", Role::read, {"v1", "remote"}, {}, get_remote},
          {"POST", Role::admin, {"v1", "remote", "apply"}, {"force"}, post_apply_remote, true},
          {"POST", Role::admin, {"v1", "remote", "forget"}, {}, post_forget_remote, true},
          {"GET", Role::read, {"v1", "routes", "file"}, {}, get_routes_file},
          {"GET", Role::admin, {"v1", "routes", "records"}, {}, get_route_records},
          {"GET", Role::admin, {"v1", "tables", "*", "rows"}, {"after", "count"}, get_table_rows},
          {"POST", Role::operate, {"v1", "plan"}, {}, post_plan},
          {"POST",
           Role::admin,
           {"v1", "apply"},
           {"fingerprint", "restart", "confirm_within_s"},
           post_apply_config,
           true},
          {"POST", Role::admin, {"v1", "apply", "confirm"}, {}, post_confirm_config, true},
          {"GET", Role::read, {"v1", "history"}, {}, get_history},
          {"GET", Role::read, {"v1", "store"}, {}, get_store},
          {"GET", Role::read, {"v1", "log", "levels"}, {}, get_log_levels},
          {"POST", Role::operate, {"v1", "log", "levels"}, {}, post_log_levels, true},
          {"POST", Role::admin, {"v1", "store", "backup"}, {"dir"}, back_up_store},
          {"POST", Role::operate, {"v1", "publish", "**"}, {}, post_publish},
          {"GET", Role::read, {"v1", "topics"}, {"depth", "payload", "tree"}, get_topics},
          {"GET", Role::read, {"v1", "topics", "**"}, {"depth", "payload", "tree"}, get_topics},
          {"GET", Role::read, {"v1", "tail", "**"}, {"payload"}, tail},
          {"GET", Role::read, {"v1", "tail"}, {"filter", "payload"}, tail},
      },
      joined(joined(queue_endpoints(), route_endpoints()), edge_endpoints()));
  return kEndpoints;
}

bool takes_rest(const Endpoint& endpoint) { return endpoint.path.back() == "**"; }

bool matches(const Endpoint& endpoint, const Url& url) {
  const auto fits = [](std::string_view pattern, const std::string& part) {
    return pattern == "*" || pattern == part;
  };
  if (!takes_rest(endpoint)) return std::ranges::equal(endpoint.path, url.path, fits);
  const auto fixed = static_cast<ptrdiff_t>(endpoint.path.size()) - 1;
  return std::ssize(url.path) > fixed &&
         std::equal(endpoint.path.begin(), endpoint.path.begin() + fixed, url.path.begin(), fits);
}

// {name}, or all that stands behind the fixed parts.
std::string name_in(const Endpoint& endpoint, const Url& url) {
  if (url.path.size() <= 2) return {};
  if (!takes_rest(endpoint)) return url.path[2];
  std::string rest;
  for (size_t i = endpoint.path.size() - 1; i < url.path.size(); ++i)
    rest.append(i == endpoint.path.size() - 1 ? "" : "/").append(url.path[i]);
  return rest;
}

std::optional<AdminResponse> unknown_parameter(const Endpoint& endpoint, const Url& url) {
  for (const auto& [name, value] : url.query) {
    if (std::find(endpoint.parameters.begin(), endpoint.parameters.end(), name) ==
        endpoint.parameters.end()) {
      return failed(400, "unknown parameter \"" + name + "\"");
    }
  }
  return std::nullopt;
}

// A caller without a role is asked for a token, another is told which it lacks.
std::optional<AdminResponse> not_allowed(const Endpoint& endpoint, const Caller& caller) {
  if (caller.role >= endpoint.role) return std::nullopt;
  if (caller.role == Role::none) return nobody(caller);
  return failed(403, "this takes the role " + std::string(name_of(endpoint.role)) + ", and the token has " +
                         std::string(name_of(caller.role)));
}

std::string path_of(const Endpoint& endpoint) {
  std::string path;
  for (const std::string_view part : endpoint.path)
    path.append("/").append(part == "*" ? "{name}" : part == "**" ? "{topic}" : part);
  return path;
}

}  // namespace

AdminApi::AdminApi(HubView& hub, store::QueueStore& store, core::Log& log)
    : hub_(hub),
      store_(store),
      log_(log),
      live_(std::make_shared<LiveFeed>(hub)),
      doctor_(std::make_shared<DoctorVisits>(hub, store)) {}

void AdminApi::tick() { live_->tick(); }

std::vector<AdminOperation> admin_operations() {
  std::vector<AdminOperation> operations;
  for (const Endpoint& endpoint : endpoints())
    operations.push_back({endpoint.method, path_of(endpoint), endpoint.parameters, endpoint.role});
  return operations;
}

AdminReply AdminApi::handle(const AdminRequest& request) {
  const auto url = parse_url(request.target);
  if (!url) return failed(400, "\"" + request.target + "\" is not a path");
  std::string others;  // methods that it takes
  for (const Endpoint& endpoint : endpoints()) {
    if (!matches(endpoint, *url)) continue;
    others.append(others.empty() ? "" : " or ").append(endpoint.method);
    if (endpoint.method != request.method) continue;
    if (auto refused = not_allowed(endpoint, request.caller)) return *std::move(refused);
    if (auto wrong = unknown_parameter(endpoint, *url)) return *std::move(wrong);
    if (endpoint.changes)
      log_.info("admin_change", {{"who", request.caller.user.empty() ? "owner" : request.caller.user},
                                 {"from", request.caller.from},
                                 {"what", request.method + " " + request.target}});
    log_.debug("admin_request", {{"who", request.caller.user.empty() ? "owner" : request.caller.user},
                                 {"from", request.caller.from},
                                 {"method", request.method},
                                 {"path", path_of(endpoint)}});
    return endpoint.handle(
        {hub_, store_, request, url->query, name_in(endpoint, *url), live_.get(), doctor_});
  }
  if (others.empty()) return failed(404, "there is nothing at \"" + request.target + "\"");
  return failed(405, "\"" + request.target + "\" takes " + others + " only");
}

}  // namespace headgate::hub
