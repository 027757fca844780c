#include "hub/change/plan.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "hub/admin/past/basis.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool says_nothing(const routing::RouteMatches& one) {
  return one.gained == 0 && one.lost == 0 && one.why_not.empty();
}

// Routes over messages of the past: what would have matched and did not, and the reverse.
Json routes_replayed(const ConfigPlan& plan) {
  if (!plan.replayed) return "not known: " + plan.not_replayed;
  RecordedMatches told = *plan.replayed;
  std::erase_if(told.routes, says_nothing);
  return replayed_json(told);
}

Json to_json(const KeyChange& change) {
  return {{"key", change.key},
          {"before", Json::parse(change.before, nullptr, false)},
          {"after", Json::parse(change.after, nullptr, false)},
          {"takes_effect", change.at_once ? "at once" : "by restart"}};
}

Json to_json(const QueueChange& change) {
  return {
      {"queue", change.queue}, {"what", change.what}, {"messages", change.messages}, {"bytes", change.bytes}};
}

Json to_json(const RouteOutcome& one) {
  return {
      {"route", one.route}, {"file", one.file}, {"what", one.what}, {"state", one.state}, {"why", one.why}};
}

Json to_json(const ClientChange& change) {
  return {{"client_id", change.client_id},
          {"user", change.user},
          {"disconnected", !change.let_in},
          {"lost", change.lost}};
}

template <class T>
Json list_of(const std::vector<T>& changes) {
  Json list = Json::array();
  for (const T& change : changes) list.push_back(to_json(change));
  return list;
}

// Only what was measured is told.
Json bytes_a_day(const ConfigPlan& plan) {
  const Json before = plan.bytes_a_day ? Json(*plan.bytes_a_day) : Json(nullptr);
  const std::string why = !plan.bytes_a_day   ? "not known: the hub has not sent for an hour yet"
                          : plan.same_traffic ? ""
                                              : "not known: it depends on the messages that come";
  return {{"before", before}, {"after", plan.same_traffic ? before : Json(nullptr)}, {"why", why}};
}

Json as_json(const ConfigPlan& plan) {
  return {{"file", plan.file},
          {"fingerprint", plan.fingerprint},
          {"ok", plan.problems.empty()},
          {"problems", plan.problems},
          {"keys", list_of(plan.keys)},
          {"needs_restart", keys_by_restart(plan)},
          {"queues", list_of(plan.queues)},
          {"routes", list_of(plan.routes)},
          {"routes_replayed", routes_replayed(plan)},
          {"clients", list_of(plan.clients)},
          {"clients_not_compared", plan.clients_not_compared},
          {"upstream_bytes_a_day", bytes_a_day(plan)}};
}

}  // namespace

std::vector<std::string> keys_by_restart(const ConfigPlan& plan) {
  std::vector<std::string> keys;
  for (const KeyChange& change : plan.keys)
    if (!change.at_once) keys.push_back(change.key);
  return keys;
}

std::string to_json(const ConfigPlan& plan) { return dumped(as_json(plan)); }

std::string to_json(const ConfigApplied& applied, const ConfigPlan& plan) {
  return dumped({{"applied", applied.applied},
                 {"refused", applied.refused},
                 {"rolled_back", applied.rolled_back},
                 {"confirm_within_s", applied.confirm_within_s},
                 {"restart", applied.restart},
                 {"starts_again", applied.starts_again},
                 {"plan", as_json(plan)}});
}

}  // namespace headgate::hub
