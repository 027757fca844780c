#include "hub/admin/upstream.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "upstream/links/forecast.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using upstream::LinkReport;
using upstream::QueueReport;
using upstream::UpstreamReport;

// A batch of readings comes to about this much of what is stored, until batches have been sent and tell.
constexpr double kWirePerStored = 0.12;
// TLS, TCP and MQTT around the payload of a full batch.
constexpr double kWirePerPayload = 1.06;

std::string_view name_of(upstream::LinkCost cost) {
  switch (cost) {
    case upstream::LinkCost::free:
      return "free";
    case upstream::LinkCost::metered:
      return "metered";
    case upstream::LinkCost::expensive:
      return "expensive";
  }
  return "";
}

Json to_json(const upstream::DownstreamStatus& down) {
  return {{"topics", down.topics},
          {"not_granted", down.not_granted},
          {"received", down.counts.received},
          {"stored", down.counts.stored},
          {"repeated", down.counts.repeated},
          {"refused", down.counts.refused},
          {"own", down.counts.own},
          {"receipts", down.counts.receipts},
          {"receipts_dropped", down.counts.receipts_dropped},
          {"receipts_waiting", down.receipts_waiting}};
}

// Null where all goes under one device.
Json to_json(const std::optional<upstream::IdentitiesStatus>& identities) {
  if (!identities) return nullptr;
  return {{"open", identities->open},
          {"waiting", identities->waiting},
          {"refused", identities->refused},
          {"connects", identities->connects},
          {"rotated", identities->rotated},
          {"last_refused", identities->last_refused},
          {"last_refusal", identities->last_refusal}};
}

Json to_json(const LinkReport& link) {
  return {{"name", link.named.name},
          {"state", state_name(link.status.state)},
          {"since_ms", link.status.since_ms},
          {"host", link.named.connection.host},
          {"port", link.named.connection.port},
          {"why", link.permit.why},
          {"retry_in_ms", link.status.retry_in_ms},
          {"last_error", link.status.last_error},
          {"last_error_ms", link.status.last_error_ms},
          {"hopeless", link.status.hopeless},
          {"in_flight", link.status.in_flight},
          {"connects", link.status.connects},
          {"attempts", link.status.attempts},
          {"batches", link.status.batches},
          {"payload_bytes", link.status.payload_bytes},
          {"json_bytes", link.status.json_bytes},
          {"cost", name_of(link.named.terms.cost)},
          {"wire_bytes", link.counts.wire_bytes},
          {"day_bytes", link.counts.day_bytes},
          {"day_bytes_max", link.named.terms.day_bytes_max},
          {"month_bytes", link.counts.month_bytes},
          {"month_bytes_max", link.named.terms.month_bytes_max},
          {"downstream", to_json(link.downstream)},
          {"identities", to_json(link.identities)}};
}

const store::QueueStats* stats_of(const store::QueueReader& store, const std::string& queue) {
  const auto found = store.find_queue(queue);
  return found ? &store.stats(*found) : nullptr;
}

// Null where the broker's answer is enough.
Json to_json(const upstream::EndToEndStatus& acks) {
  if (!acks.enabled) return nullptr;
  return {{"batches", acks.held_batches},  {"since_ms", acks.held_since_ms},
          {"credit", acks.credit_batches}, {"number", acks.number},
          {"heard_ms", acks.heard_ms},     {"ignored", acks.ignored_notices}};
}

Json to_json(const QueueReport& queue, const store::QueueReader& store) {
  const store::QueueStats* const stats = stats_of(store, queue.queue);
  return {{"name", queue.queue},
          {"link", queue.link},
          {"links", queue.links},
          {"waiting", stats != nullptr ? stats->waiting() : 0},
          {"waiting_bytes", stats != nullptr ? stats->waiting_bytes() : 0},
          {"in_flight", queue.status.in_flight_batches},
          {"messages", queue.status.messages},
          {"batches", queue.status.batches},
          {"payload_bytes", queue.status.payload_bytes},
          {"json_bytes", queue.status.json_bytes},
          {"unacknowledged", to_json(queue.status.end_to_end)}};
}

// ---- forecast ----

// The link that a queue's backlog is taken to go over: where it is, or where it would rather be.
std::string link_for(const QueueReport& queue) {
  return queue.link.empty() && !queue.links.empty() ? queue.links.front() : queue.link;
}

double wire_per_stored(const upstream::ForwarderStatus& sent) {
  if (sent.json_bytes == 0) return kWirePerStored;
  return static_cast<double>(sent.payload_bytes) / static_cast<double>(sent.json_bytes);
}

struct Backlog {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t wire_bytes = 0;
};

Backlog backlog_of(const UpstreamReport& report, const std::string& link, const store::QueueReader& store) {
  Backlog backlog;
  for (const QueueReport& queue : report.queues) {
    const store::QueueStats* const stats = stats_of(store, queue.queue);
    if (stats == nullptr || link_for(queue) != link) continue;
    backlog.messages += stats->waiting();
    backlog.bytes += stats->waiting_bytes();
    backlog.wire_bytes += static_cast<uint64_t>(static_cast<double>(stats->waiting_bytes()) *
                                                wire_per_stored(queue.status) * kWirePerPayload);
  }
  return backlog;
}

std::optional<int64_t> gone_at(const UpstreamReport& report, const LinkReport& link, const Backlog& backlog,
                               core::Now now) {
  return upstream::gone_at({.wire_bytes = backlog.wire_bytes,
                            .bytes_per_s = link.status.busy_bytes_per_s,
                            .day_bytes = link.counts.day_bytes,
                            .month_bytes = link.counts.month_bytes,
                            .from_ms = now.wall_ms},
                           link.named.terms, report.offset);
}

// Hub time at which the head of a lane ends, by its own time or that of its queue; 0: never, or there is none.
int64_t head_ends_at_ms(store::QueueReader& store, store::QueueId queue, uint8_t lane, core::Now now) {
  if (store.stats(queue).lanes[lane].waiting == 0) return 0;
  const auto head = store.read(queue, lane, 0, {.messages = 1, .bytes = 1}, now);
  if (!head || head->empty()) return 0;
  const store::Entry& entry = head->front();
  return store::ends_at_ms(store.stats(queue).policy, entry.message->arrived_hub_ms, entry.expires_ms);
}

// Times of a lane are of one route or alike, so its head is the first to go.
struct FirstToExpire {
  std::string queue;
  std::string link;
  uint8_t lane = 0;
  int64_t expires_ms = 0;  // Unix time; 0: nothing expires
};

FirstToExpire first_to_expire(const UpstreamReport& report, store::QueueReader& store, core::Now now) {
  FirstToExpire first;
  for (const QueueReport& queue : report.queues) {
    const auto id = store.find_queue(queue.queue);
    for (uint8_t lane = 0; id && lane < store::kLaneCount; ++lane) {
      const int64_t ends_ms = head_ends_at_ms(store, *id, lane, now);
      if (ends_ms == 0) continue;
      const int64_t expires_ms = core::wall_time_of(ends_ms, now);
      if (first.expires_ms == 0 || expires_ms < first.expires_ms)
        first = {queue.queue, link_for(queue), lane, expires_ms};
    }
  }
  return first;
}

Json or_null(const std::optional<int64_t>& ms) { return ms ? Json(*ms) : Json(); }

}  // namespace

std::string upstream_text(HubView& hub) {
  const UpstreamReport report = hub.upstream().value_or(UpstreamReport());
  Json links = Json::array();
  for (const LinkReport& link : report.links) links.push_back(to_json(link));
  Json queues = Json::array();
  for (const QueueReport& queue : report.queues) queues.push_back(to_json(queue, hub.store()));
  return answer_json(
             {{"links", std::move(links)}, {"queues", std::move(queues)}, {"now_ms", hub.now().wall_ms}})
      .body;
}

std::string forecast_text(HubView& hub) {
  const UpstreamReport report = hub.upstream().value_or(UpstreamReport());
  const core::Now now = hub.now();
  const FirstToExpire first = first_to_expire(report, hub.store(), now);
  Json first_json;
  Json links = Json::array();
  for (const LinkReport& link : report.links) {
    const Backlog backlog = backlog_of(report, link.named.name, hub.store());
    const Json gone = or_null(gone_at(report, link, backlog, now));
    links.push_back({{"name", link.named.name},
                     {"state", state_name(link.status.state)},
                     {"messages", backlog.messages},
                     {"bytes", backlog.bytes},
                     {"wire_bytes", backlog.wire_bytes},
                     {"bytes_per_s", link.status.busy_bytes_per_s},
                     {"gone_ms", gone}});
    if (first.expires_ms == 0 || first.link != link.named.name) continue;
    first_json = {{"queue", first.queue},
                  {"priority", first.lane < store::kDefaultLane ? Json(first.lane) : Json()},
                  {"expires_ms", first.expires_ms},
                  {"gone_ms", gone}};
  }
  return answer_json({{"links", std::move(links)}, {"first_to_expire", first_json}, {"now_ms", now.wall_ms}})
      .body;
}

AdminReply get_upstream(const AdminCall& call) { return AdminResponse{200, upstream_text(call.hub)}; }

AdminReply get_upstream_forecast(const AdminCall& call) {
  return AdminResponse{200, forecast_text(call.hub)};
}

}  // namespace headgate::hub
