#include "hub/admin_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "core/topic.h"
#include "hub/queue_verbs.h"
#include "hub/url.h"
#include "routing/route_check.h"
#include "store/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kFilterBytesMax = 65'535;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

AdminResponse failed(unsigned status, std::string_view what) { return {status, error_json(what)}; }

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

AdminResponse answer(core::Result<std::string> body) {
  if (!body) return failed(status_of(body.error().code), body.error().what);
  return {200, *std::move(body)};
}

Json to_json(const UpstreamStatus& up) {
  return {{"state", up.state},
          {"host", up.host},
          {"port", up.port},
          {"last_error", up.last_error},
          {"retry_in_ms", up.retry_in_ms},
          {"batches_acked", up.batches_acked},
          {"messages_acked", up.messages_acked},
          {"bytes_acked", up.bytes_acked},
          {"batches_in_flight", up.batches_in_flight}};
}

Json to_json(const DeniedCounts& denied) {
  return {{"publish", denied.publish}, {"subscribe", denied.subscribe}, {"receive", denied.receive}};
}

Json to_json(const ClientInfo& client) {
  return {{"client_id", client.client_id},
          {"address", client.address},
          {"protocol", client.protocol},
          {"username", client.username},
          {"device", client.device},
          {"module", client.module},
          {"connected", client.connected},
          {"persistent", client.persistent},
          {"since_ms", client.since_ms},
          {"keep_alive_s", client.keep_alive_s},
          {"subscriptions", client.subscriptions},
          {"in_flight", client.in_flight},
          {"queued_messages", client.queued_messages},
          {"queued_bytes", client.queued_bytes},
          {"messages_in", client.messages_in},
          {"messages_out", client.messages_out},
          {"dropped", client.dropped},
          {"denied", to_json(client.denied)}};
}

Json to_json(const RouteInfo& route) {
  return {{"name", route.name},
          {"file", route.file},
          {"text", route.text},
          {"endpoint", route.endpoint},
          {"priority", route.priority ? Json(*route.priority) : Json(nullptr)},
          {"ttl_s", route.ttl_s},
          {"active", route.active},
          {"matched", route.matched},
          {"error", route.error}};
}

// Every store's accounts in one: what `headgate status` shows first.
Json totals(const store::QueueReader& reader) {
  uint64_t waiting = 0;
  uint64_t bytes = 0;
  uint64_t dead = 0;
  const auto queues = reader.queues();
  for (const store::QueueId queue : queues) {
    const store::QueueStats& stats = reader.stats(queue);
    waiting += stats.waiting();
    bytes += stats.waiting_bytes();
    dead += stats.dead;
  }
  return {{"queues", queues.size()}, {"waiting", waiting}, {"waiting_bytes", bytes}, {"dead", dead}};
}

// Of a verb that changes the store. One that fails is being opened again: try later.
AdminResponse refused(const core::Error& error) {
  return failed(error.code == core::Errc::io ? 503 : status_of(error.code), error.what);
}

// What a handler works with. `name` is the {name} of its path.
struct Call {
  HubView& hub;
  store::QueueStore& store;  // to be changed
  const AdminRequest& request;
  const std::map<std::string, std::string>& query;
  std::string name;

  // A whole number up to `max`; nullopt if it is not one. Absent: `absent`.
  [[nodiscard]] std::optional<uint64_t> number(const std::string& parameter, uint64_t absent,
                                               uint64_t max) const {
    const auto found = query.find(parameter);
    if (found == query.end()) return absent;
    uint64_t value = 0;
    const std::string& text = found->second;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || rest != text.data() + text.size() || value > max) return std::nullopt;
    return value;
  }

  // {name} as a seq; nullopt if it is none.
  [[nodiscard]] std::optional<store::Seq> seq() const {
    store::Seq value = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    if (error != std::errc() || rest != name.data() + name.size()) return std::nullopt;
    return value;
  }

  [[nodiscard]] AdminResponse wrong(const std::string& parameter, std::string_view allowed) const {
    return failed(400, parameter + " is \"" + query.at(parameter) + "\"; allowed: " + std::string(allowed));
  }
};

AdminReply get_status(const Call& call) {
  const HubStatus status = call.hub.status();
  Json json = {{"version", status.version},
               {"hub_id", status.hub_id},
               {"epoch", status.epoch},
               {"data_dir", status.data_dir},
               {"durability", status.durability},
               {"started_ms", status.started_ms},
               {"uptime_s", (call.hub.now().wall_ms - status.started_ms) / 1000},
               {"listeners", status.listeners},
               {"connections", status.connections},
               {"sessions", status.sessions},
               {"messages_in", status.messages_in},
               {"messages_out", status.messages_out},
               {"denied", to_json(status.denied)},
               {"publishes",
                {{"stored", status.publishes_stored},
                 {"refused", status.publishes_refused},
                 {"held", status.publishes_held},
                 {"dropped", status.publishes_dropped}}},
               {"clients",
                {{"maximum", status.clients_max},
                 {"paused", status.clients_paused},
                 {"accepted", status.connections_accepted},
                 {"refused", status.refused},
                 {"closed", status.closed}}},
               {"dropped", status.dropped},
               {"routes", {{"active", status.routes_active}, {"failed", status.routes_failed}}},
               {"store", totals(call.hub.store())},
               {"upstream", to_json(status.upstream)}};
  json["store"]["bytes_max"] = status.store_bytes_max;
  json["store"]["error"] = status.store_error;
  const Json damage = Json::parse(call.hub.store().damage(), nullptr, false);
  json["store"]["damage"] = damage.is_discarded() ? Json() : damage;
  json["store"]["memory"] = Json::parse(store::memory_json(status.store_memory));
  json["store"]["disk"] = {{"free_bytes", status.disk.free_bytes},
                           {"total_bytes", status.disk.total_bytes},
                           {"min_free_bytes", status.disk.min_free_bytes},
                           {"reserve_bytes", status.disk.reserve_bytes},
                           {"low", status.disk.low}};
  json["denied"]["connect"] = status.denied.connect;
  return AdminResponse{200, dump(json)};
}

AdminReply get_queues(const Call& call) { return AdminResponse{200, store::queues_json(call.hub.store())}; }

AdminReply get_queue(const Call& call) { return answer(store::queue_json(call.hub.store(), call.name)); }

AdminReply get_peek(const Call& call) {
  store::PeekRequest request;
  const auto lane = call.number("lane", store::kLaneCount, store::kDefaultLane);
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", request.count, store::kPeekCountMax);
  const auto payload = call.number("payload", 0, 1);
  if (!lane) return call.wrong("lane", "0 to 9 for a priority, 10 for messages without one");
  if (!after) return call.wrong("after", "a message's seq");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  if (!payload) return call.wrong("payload", "0 or 1");
  if (*lane != store::kLaneCount) request.lane = static_cast<uint8_t>(*lane);
  request.after = *after;
  request.count = *count;
  request.payload = *payload == 1;
  return answer(store::peek_json(call.hub.store(), call.name, request, call.hub.now()));
}

AdminReply tail_queue(const Call& call) {
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  const auto queue = call.hub.store().find_queue(call.name);
  if (!queue) return failed(404, "there is no queue \"" + call.name + "\"");
  return AdminStream{[&hub = call.hub, queue = *queue, with_payload = *payload == 1](LineSink sink) {
    return hub.subscribe_queue(
        queue, [sink = std::move(sink), with_payload](const store::Entry& entry, uint8_t lane) {
          sink(store::entry_json(entry, lane, with_payload));
        });
  }};
}

AdminReply get_store(const Call& call) {
  return AdminResponse{200, store::store_stats_json(call.hub.store_stats())};
}

AdminReply back_up_store(const Call& call) {
  const auto dir = call.query.find("dir");
  if (dir == call.query.end()) return failed(400, "dir is missing; allowed: an absolute path");
  return AdminLater{[&hub = call.hub, dir = dir->second](auto done) {
    hub.back_up_store(dir, [done = std::move(done)](const core::Result<store::BackupReport>& report) {
      done(answer(report ? core::Result<std::string>(store::backup_json(*report))
                         : core::fail(report.error())));
    });
  }};
}

AdminReply purge_queue(const Call& call) {
  const auto purged = hub::purge_queue(call.store, call.name);
  if (!purged) return refused(purged.error());
  return AdminResponse{200, dump({{"queue", call.name}, {"purged", *purged}})};
}

AdminResponse no_seq(const Call& call) {
  return failed(400, "\"" + call.name + "\" is not the seq of a dead letter: a whole number");
}

AdminReply get_dead_letters(const Call& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", 100, store::kPeekCountMax);
  if (!after) return call.wrong("after", "a dead letter's seq");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  return answer(store::dead_letters_json(call.hub.store(), *after, *count, call.hub.now()));
}

// The routes in force that lead to a queue.
Json routes_to(const HubView& hub, const std::string& queue) {
  Json names = Json::array();
  for (const RouteInfo& route : hub.routes()) {
    if (route.active && route.endpoint == queue) names.push_back(route.name);
  }
  return names;
}

AdminReply get_dead_letter(const Call& call) {
  const auto payload = call.number("payload", 0, 1);
  if (!call.seq()) return no_seq(call);
  if (!payload) return call.wrong("payload", "0 or 1");
  const auto text = store::dead_letter_json(call.hub.store(), *call.seq(), *payload == 1, call.hub.now());
  if (!text) return answer(text);
  Json json = Json::parse(*text);
  json["routes"] = routes_to(call.hub, json["from"]["queue"].get<std::string>());
  return AdminResponse{200, dump(json)};
}

Json to_json(const Replayed& replayed) {
  return {
      {"letter", replayed.letter}, {"queue", replayed.queue}, {"lane", replayed.lane}, {"seq", replayed.seq}};
}

AdminReply replay_letter(const Call& call) {
  if (!call.seq()) return no_seq(call);
  const auto replayed = replay_dead_letter(call.store, *call.seq(), call.hub.now());
  if (!replayed) return refused(replayed.error());
  return AdminResponse{200, dump(to_json(*replayed))};
}

AdminReply replay_letters(const Call& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  if (!after) return call.wrong("after", "a dead letter's seq");
  const auto report = replay_dead_letters(call.store, *after, call.hub.now());
  if (!report) return refused(report.error());
  Json replayed = Json::array();
  for (const Replayed& one : report->replayed) replayed.push_back(to_json(one));
  Json stay = Json::array();
  for (const auto& [letter, error] : report->refused) stay.push_back({{"letter", letter}, {"error", error}});
  return AdminResponse{
      200, dump({{"replayed", std::move(replayed)}, {"refused", std::move(stay)}, {"next", report->next}})};
}

AdminReply purge_letter(const Call& call) {
  if (!call.seq()) return no_seq(call);
  const core::Status purged = purge_dead_letter(call.store, *call.seq(), call.hub.now());
  if (!purged) return refused(purged.error());
  return AdminResponse{200, dump({{"purged", 1}})};
}

AdminReply purge_letters(const Call& call) {
  const auto purged = hub::purge_queue(call.store, store::kDeadQueue);
  if (!purged) return refused(purged.error());
  return AdminResponse{200, dump({{"purged", *purged}})};
}

AdminReply get_clients(const Call& call) {
  Json clients = Json::array();
  for (const ClientInfo& client : call.hub.clients()) clients.push_back(to_json(client));
  return AdminResponse{200, dump({{"clients", std::move(clients)}})};
}

AdminReply get_routes(const Call& call) {
  Json routes = Json::array();
  for (const RouteInfo& route : call.hub.routes()) routes.push_back(to_json(route));
  return AdminResponse{200, dump({{"routes", std::move(routes)}})};
}

AdminReply check_routes(const Call& call) {
  const auto report = routing::check_routes(routing::parse_route_file(call.request.body, "request"));
  return AdminResponse{200, routing::to_json(report)};
}

AdminReply reload_routes(const Call& call) {
  const ReloadReport report = call.hub.reload();
  return AdminResponse{200, dump({{"active", report.active}, {"errors", report.errors}})};
}

AdminReply tail(const Call& call) {
  const auto found = call.query.find("filter");
  const std::string filter = found == call.query.end() ? "#" : found->second;
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  if (filter.size() > kFilterBytesMax || !core::is_valid_topic_filter(filter)) {
    return failed(
        400, "filter is \"" + filter + "\"; allowed: an MQTT topic filter such as plant/+/temperature or #");
  }
  return AdminStream{[&hub = call.hub, filter, with_payload = *payload == 1](LineSink sink) {
    return hub.subscribe_tail(filter,
                              [sink = std::move(sink), with_payload](const core::MessagePtr& message) {
                                sink(store::message_json(*message, with_payload));
                              });
  }};
}

// Paths after /v1; "*" is {name}.
struct Endpoint {
  std::string_view method;
  std::vector<std::string_view> path;
  std::vector<std::string_view> parameters;
  AdminReply (*handle)(const Call& call);
};

const std::vector<Endpoint>& endpoints() {
  static const std::vector<Endpoint> kEndpoints = {
      {"GET", {"status"}, {}, get_status},
      {"GET", {"queues"}, {}, get_queues},
      {"GET", {"queues", "*"}, {}, get_queue},
      {"GET", {"queues", "*", "peek"}, {"lane", "after", "count", "payload"}, get_peek},
      {"GET", {"queues", "*", "tail"}, {"payload"}, tail_queue},
      {"POST", {"queues", "*", "purge"}, {}, purge_queue},
      {"GET", {"dlq"}, {"after", "count"}, get_dead_letters},
      {"GET", {"dlq", "*"}, {"payload"}, get_dead_letter},
      {"POST", {"dlq", "replay"}, {"after"}, replay_letters},
      {"POST", {"dlq", "purge"}, {}, purge_letters},
      {"POST", {"dlq", "*", "replay"}, {}, replay_letter},
      {"POST", {"dlq", "*", "purge"}, {}, purge_letter},
      {"GET", {"clients"}, {}, get_clients},
      {"GET", {"routes"}, {}, get_routes},
      {"POST", {"routes", "check"}, {}, check_routes},
      {"POST", {"routes", "reload"}, {}, reload_routes},
      {"GET", {"store"}, {}, get_store},
      {"POST", {"store", "backup"}, {"dir"}, back_up_store},
      {"GET", {"tail"}, {"filter", "payload"}, tail},
  };
  return kEndpoints;
}

bool matches(const Endpoint& endpoint, const Url& url) {
  if (url.path.size() != endpoint.path.size() + 1 || url.path[0] != "v1") return false;
  return std::equal(
      endpoint.path.begin(), endpoint.path.end(), url.path.begin() + 1,
      [](std::string_view pattern, const std::string& part) { return pattern == "*" || pattern == part; });
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

}  // namespace

AdminReply AdminApi::handle(const AdminRequest& request) {
  const auto url = parse_url(request.target);
  if (!url) return failed(400, "\"" + request.target + "\" is not a path");
  std::string_view other_method;
  for (const Endpoint& endpoint : endpoints()) {
    if (!matches(endpoint, *url)) continue;
    other_method = endpoint.method;
    if (endpoint.method != request.method) continue;
    if (auto wrong = unknown_parameter(endpoint, *url)) return *std::move(wrong);
    return endpoint.handle({hub_, store_, request, url->query, url->path.size() > 2 ? url->path[2] : ""});
  }
  if (other_method.empty()) return failed(404, "there is nothing at \"" + request.target + "\"");
  return failed(405, "\"" + request.target + "\" takes " + std::string(other_method) + " only");
}

std::string error_json(std::string_view what) { return dump({{"error", what}}); }

}  // namespace headgate::hub
