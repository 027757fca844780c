#include "hub/admin/status.h"

#include <nlohmann/json.hpp>
#include <string>

#include "hub/observe/metric.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

// Null stands for a number, and for an object of them, in the place where people read it. Those without a
// place here come behind the others.
Json store_texts(const HubStatus& status, const std::string& damage) {
  const Json report = Json::parse(damage, nullptr, false);
  return {{"queues", nullptr},
          {"waiting", nullptr},
          {"waiting_bytes", nullptr},
          {"dead", nullptr},
          {"dead_letters", nullptr},
          {"bytes_max", nullptr},
          {"error", status.store_error},
          {"error_since_ms", status.store_error_since_ms},
          {"damage", report.is_discarded() ? Json() : report},
          {"memory", nullptr},
          {"disk",
           {{"free_bytes", nullptr},
            {"total_bytes", nullptr},
            {"min_free_bytes", nullptr},
            {"reserve_bytes", nullptr},
            {"low", status.disk_stopped != store::RoomFor::none},
            {"stopped", store::name_of(status.disk_stopped)},
            {"low_since_ms", status.disk_low_since_ms},
            {"resume_bytes", status.disk_resume_bytes}}}};
}

Json upstream_texts(const UpstreamStatus& up) {
  return {{"state", up.state},
          {"host", up.host},
          {"port", up.port},
          {"last_error", up.last_error},
          {"last_error_ms", up.last_error_ms},
          {"retry_in_ms", up.retry_in_ms},
          {"since_ms", up.since_ms},
          {"down_since_ms", up.down_since_ms},
          {"unheard_topic", up.unheard_topic},
          {"unheard_since_ms", up.unheard_since_ms}};
}

Json waiting_texts(const std::vector<WaitingClient>& waiting) {
  Json clients = Json::array();
  for (const WaitingClient& client : waiting) {
    clients.push_back({{"client_id", client.client_id},
                       {"publishes", client.publishes},
                       {"bytes", client.bytes},
                       {"paused", client.paused}});
  }
  return clients;
}

Json texts(const HubStatus& status, const std::string& damage) {
  return {{"version", status.version},
          {"hub_id", status.hub_id},
          {"epoch", status.epoch},
          {"data_dir", status.data_dir},
          {"durability", status.durability},
          {"started_ms", status.started_ms},
          {"uptime_s", nullptr},
          {"clock_unsynced", nullptr},
          {"listeners", status.listeners},
          {"connections", nullptr},
          {"sessions", nullptr},
          {"messages_in", nullptr},
          {"messages_out", nullptr},
          {"denied", nullptr},
          {"publishes", nullptr},
          {"clients", nullptr},
          {"waiting_clients", waiting_texts(status.waiting)},
          {"dropped", nullptr},
          {"lost", nullptr},
          {"routes", nullptr},
          {"reload", to_json(status.reload)},
          {"store", store_texts(status, damage)},
          {"upstream", upstream_texts(status.upstream)}};
}

Json& at(Json& json, std::string_view path) { return json[Json::json_pointer("/" + std::string(path))]; }

// A reason that did not occur is left out; the object of reasons is there.
void put(Json& json, const Reading& reading) {
  const Metric& metric = *reading.metric;
  const size_t star = metric.status.find('*');
  if (star == std::string_view::npos) {
    at(json, metric.status) = reading.sum();
    return;
  }
  Json& by_label = at(json, metric.status.substr(0, star - 1));
  if (by_label.is_null()) by_label = Json::object();
  for (const auto& [label, value] : reading.values) {
    if (value > 0 || metric.type != MetricType::counter) at(json, with_label(metric.status, label)) = value;
  }
}

}  // namespace

Json to_json(const ReloadReport& report) {
  return {{"at_ms", report.at_ms}, {"active", report.active},     {"took", report.took},
          {"kept", report.kept},   {"left_out", report.left_out}, {"needs_restart", report.needs_restart}};
}

std::string status_text(HubView& hub) {
  const HubStatus status = hub.status();
  Json json = texts(status, hub.store().damage());
  for (const Reading& reading : hub.status_readings()) put(json, reading);
  json["now_ms"] = hub.now().wall_ms;
  Json& last_ms = json["last_ms"] = Json::object();
  for (const auto& [path, at_ms] : status.last_ms) at(last_ms, path) = at_ms;
  return answer_json(json).body;
}

AdminReply get_status(const AdminCall& call) { return AdminResponse{200, status_text(call.hub)}; }

}  // namespace headgate::hub
