#include "hub/metrics.h"

#include <algorithm>
#include <array>

#include "broker/net/admission.h"
#include "core/enum_count.h"
#include "hub/edge/workload/desk.h"
#include "hub/engine/engine.h"

namespace headgate::hub {
namespace {

constexpr MetricType kCounter = MetricType::counter;
constexpr MetricType kGauge = MetricType::gauge;

WorkloadCounts workload_of(const Sources& sources) {
  return sources.workload == nullptr ? WorkloadCounts() : *sources.workload;
}

constexpr SysPlace load(std::string_view topic) { return {topic, SysForm::load}; }

enum class StoreState : uint8_t { writing, disk_low, failed };
constexpr std::string_view name_of(StoreState state) {
  switch (state) {
    case StoreState::writing:
      return "writing";
    case StoreState::disk_low:
      return "disk_low";
    case StoreState::failed:
      return "failed";
  }
  return {};
}

// ---- values by label ----

// 1 at what is, 0 at what else could be.
template <typename State>
LabelledValues state_set(State current) {
  LabelledValues values;
  for (size_t i = 0; i < core::enum_count<State>(); ++i) {
    const auto state = static_cast<State>(i);
    values.emplace_back(name_of(state), state == current ? 1 : 0);
  }
  return values;
}

LinkState state_of(upstream::CarrierState state) {
  switch (state) {
    case upstream::CarrierState::up:
      return LinkState::connected;
    case upstream::CarrierState::connecting:
      return LinkState::connecting;
    case upstream::CarrierState::backing_off:
      return LinkState::waiting;
    case upstream::CarrierState::idle:
      break;
  }
  return LinkState::idle;
}

// In the order of the labels.
LabelledValues by_reason(const broker::ReasonCounts& counts) {
  LabelledValues values;
  for (const auto& [reason, count] : counts) values.emplace_back(label_of(reason), count);
  std::ranges::sort(values);
  return values;
}

LabelledValues by_reason(const broker::DropCounts& counts) {
  LabelledValues values;
  for (size_t i = 0; i < counts.size(); ++i)
    values.emplace_back(label_of(name_of(static_cast<broker::DropReason>(i))), counts[i]);
  std::ranges::sort(values);
  return values;
}

// Before CONNECT at the door, and by the answer to CONNECT.
LabelledValues refused_connections(const Sources& s) {
  broker::ReasonCounts refused = s.engine.broker().stats().refused;
  if (s.admission) s.admission->add_refusals(refused);
  return by_reason(refused);
}

StoreState store_state(const Sources& s) {
  if (!s.engine.store_error().empty()) return StoreState::failed;
  return s.disk.stopped == store::RoomFor::none ? StoreState::writing : StoreState::disk_low;
}

LabelledValues by_part(const store::StoreMemory& memory, uint64_t store::MemoryPart::*number) {
  return {{"cache", memory.cache.*number},
          {"memtables", memory.memtables.*number},
          {"tail", memory.tail.*number},
          {"index", memory.index.*number},
          {"in_flight", memory.in_flight.*number}};
}

uint64_t count_held(const Sources& s, bool paused) {
  uint64_t clients = 0;
  s.engine.held().for_each([&](const HeldClient& client) { clients += !paused || client.paused ? 1 : 0; });
  return clients;
}

const broker::Broker& broker_of(const Sources& s) { return s.engine.broker(); }
const broker::Traffic& traffic_of(const Sources& s) { return s.engine.broker().traffic(); }
IngestStats ingest_of(const Sources& s) { return s.engine.ingest_stats(); }
upstream::ForwarderStatus link_of(const Sources& s) {
  return s.upstream ? upstream::sum_of(*s.upstream) : upstream::ForwarderStatus();
}

// A number of each link upstream, by its name.
LabelledValues by_link(const Sources& s, uint64_t (*number)(const upstream::LinkReport& link)) {
  LabelledValues values;
  if (!s.upstream) return values;
  for (const upstream::LinkReport& link : s.upstream->links)
    values.emplace_back(link.named.name, number(link));
  std::ranges::sort(values);
  return values;
}

upstream::DownstreamCounts down_of(const Sources& s) {
  return s.upstream ? upstream::downstream_of(*s.upstream) : upstream::DownstreamCounts();
}

// Walks all sessions, so it is only called when it is asked for.
uint64_t buffered_bytes(const broker::Broker& broker) {
  uint64_t bytes = 0;
  broker.for_each([&bytes](const broker::Session& session) {
    bytes += session.waiting_bytes() + (session.channel() ? session.channel()->unsent_bytes() : 0);
  });
  return bytes;
}

// Walks them, too.
uint64_t in_flight(const broker::Broker& broker) {
  uint64_t messages = 0;
  broker.for_each([&messages](const broker::Session& session) { messages += session.in_flight(); });
  return messages;
}

// ---- the table ----
//
// Rows that share an object of the status stand in the order in which it shows them. Names are for ever:
// dashboards and alerts know them.
constexpr std::array kMetrics = std::to_array<Metric>({
    // ---- the process ----
    {.name = "headgate_build_info",
     .help = "The version that runs, as a label.",
     .label = "version",
     .sys = {SysPlace{"broker/version", SysForm::version}},
     .read =
         [](const Sources& s) {
           return LabelledValues{{s.version, 1}};
         }},
    {.name = "headgate_uptime_seconds",
     .unit = MetricUnit::seconds,
     .help = "Time since the hub started.",
     .sys = {SysPlace{"broker/uptime"}},
     .status = "uptime_s",
     .read = [](const Sources& s) { return static_cast<uint64_t>(s.uptime_s); }},
    {.name = "headgate_clock_unsynced",
     .help = "1 while the wall clock is not known to be right: stamps may be wrong, deadlines are not.",
     .sys = {SysPlace{"headgate/clock/unsynced"}},
     .status = "clock_unsynced",
     .read = [](const Sources& s) { return uint64_t{s.clock_right ? 0u : 1u}; }},
    {.name = "headgate_heap_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory allocated from the heap.",
     .sys = {SysPlace{"broker/heap/current"}, SysPlace{"broker/heap/maximum", SysForm::maximum}},
     .read = [](const Sources& s) { return s.heap_bytes(); }},
    {.name = "headgate_log_lines_dropped_total",
     .type = kCounter,
     .help = "Log lines that are lost, because nobody reads the log fast enough or its file refuses them.",
     .sys = {SysPlace{"headgate/log/dropped"}},
     .status = "log/dropped",
     .read = [](const Sources& s) { return s.log.dropped; }},
    {.name = "headgate_log_lines_left_out_total",
     .type = kCounter,
     .help =
         "Log lines that were left out and are in a sum, because there were enough like them in a minute.",
     .sys = {SysPlace{"headgate/log/left_out"}},
     .status = "log/left_out",
     .read = [](const Sources& s) { return s.log.left_out; }},

    // ---- clients ----
    {.name = "headgate_connections",
     .help = "Network connections that are open, also before CONNECT.",
     .status = "connections",
     .read = [](const Sources& s) { return broker_of(s).connections(); }},
    {.name = "headgate_clients_buffered_bytes",
     .unit = MetricUnit::bytes,
     .help =
         "Memory that messages for clients take, waiting and being sent, without what queues in the store hold.",
     .sys = {SysPlace{"headgate/clients/buffered_bytes"}},
     .status = "clients/buffered_bytes",
     .read = [](const Sources& s) { return buffered_bytes(broker_of(s)); }},
    {.name = "headgate_clients_in_flight_messages",
     .help = "Messages that clients were sent and have not acknowledged.",
     .sys = {SysPlace{"broker/messages/inflight"}},
     .read = [](const Sources& s) { return in_flight(broker_of(s)); }},
    {.name = "headgate_clients_buffered_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that messages for all sessions that there are may take by their limits.",
     .status = "clients/buffered_bytes_max",
     .read = [](const Sources& s) { return broker_of(s).sessions() * s.buffered_bytes_max; }},
    {.name = "headgate_sessions",
     .help = "Sessions, their clients connected or away.",
     .sys = {SysPlace{"broker/clients/total"}},
     .status = "sessions",
     .read = [](const Sources& s) { return broker_of(s).sessions(); }},
    {.name = "headgate_sessions_away",
     .help = "Sessions whose clients are not connected.",
     .sys = {SysPlace{"broker/clients/disconnected"}, SysPlace{"broker/clients/inactive"}},  // its old name
     .read = [](const Sources& s) { return broker_of(s).sessions() - broker_of(s).clients_connected(); }},
    {.name = "headgate_sessions_expired_total",
     .type = kCounter,
     .help = "Sessions that ended because their clients stayed away too long.",
     .sys = {SysPlace{"broker/clients/expired"}},
     .read = [](const Sources& s) { return broker_of(s).stats().sessions_expired; }},
    {.name = "headgate_clients_connected",
     .help = "Clients that are connected.",
     .sys = {SysPlace{"broker/clients/connected"}, SysPlace{"broker/clients/active"}},  // its old name
     .read = [](const Sources& s) { return broker_of(s).clients_connected(); }},
    {.name = "headgate_clients_connected_peak",
     .help = "Most clients that were connected at a time.",
     .sys = {SysPlace{"broker/clients/maximum"}},
     .status = "clients/maximum",
     .read = [](const Sources& s) { return broker_of(s).stats().clients_max; }},
    {.name = "headgate_clients_waiting",
     .help = "Clients with publishes that wait for room in a queue.",
     .status = "clients/waiting",
     .read = [](const Sources& s) { return count_held(s, false); }},
    {.name = "headgate_clients_paused",
     .help =
         "Of the waiting clients, those that are not read: as many of their publishes wait as may be held.",
     .status = "clients/paused",
     .read = [](const Sources& s) { return count_held(s, true); }},
    {.name = "headgate_connections_accepted_total",
     .type = kCounter,
     .help = "Network connections that were let in.",
     .sys = {load("broker/load/sockets")},
     .status = "clients/accepted",
     .read = [](const Sources& s) { return broker_of(s).stats().connections_accepted; }},
    {.name = "headgate_connections_refused_total",
     .type = kCounter,
     .help = "Connections that never were a client's, by reason.",
     .label = "reason",
     .sys = {SysPlace{"headgate/refused/*"}},
     .status = "clients/refused/*",
     .read = refused_connections},
    {.name = "headgate_clients_closed_total",
     .type = kCounter,
     .help = "Connections of clients that the hub ended, by reason.",
     .label = "reason",
     .sys = {SysPlace{"headgate/closed/*"}},
     .status = "clients/closed/*",
     .read = [](const Sources& s) { return by_reason(broker_of(s).stats().closed); }},
    {.name = "headgate_clients_left_total",
     .type = kCounter,
     .help = "Connections of clients that the clients ended, or that broke, by reason.",
     .label = "reason",
     .read = [](const Sources& s) { return by_reason(broker_of(s).stats().left); }},
    {.name = "headgate_subscriptions",
     .help = "Subscriptions, shared ones among them.",
     .sys = {SysPlace{"broker/subscriptions/count"}},
     .read = [](const Sources& s) { return broker_of(s).subscriptions().size(); }},
    {.name = "headgate_shared_subscriptions",
     .help = "Subscriptions to a share, each member's.",
     .sys = {SysPlace{"broker/shared_subscriptions/count"}},
     .read = [](const Sources& s) { return broker_of(s).subscriptions().shared(); }},

    // ---- traffic ----
    {.name = "headgate_received_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Bytes of MQTT that came, without what TLS and WebSocket add.",
     .sys = {SysPlace{"broker/bytes/received"}, load("broker/load/bytes/received")},
     .read = [](const Sources& s) { return traffic_of(s).bytes_in; }},
    {.name = "headgate_sent_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Bytes of MQTT that went, without what TLS and WebSocket add.",
     .sys = {SysPlace{"broker/bytes/sent"}, load("broker/load/bytes/sent")},
     .read = [](const Sources& s) { return traffic_of(s).bytes_out; }},
    {.name = "headgate_packets_received_total",
     .type = kCounter,
     .help = "MQTT packets of every type that came.",
     .sys = {SysPlace{"broker/messages/received"}, load("broker/load/messages/received")},
     .read = [](const Sources& s) { return traffic_of(s).packets_in; }},
    {.name = "headgate_packets_sent_total",
     .type = kCounter,
     .help = "MQTT packets of every type that went.",
     .sys = {SysPlace{"broker/messages/sent"}, load("broker/load/messages/sent")},
     .read = [](const Sources& s) { return traffic_of(s).packets_out; }},
    {.name = "headgate_connect_packets_received_total",
     .type = kCounter,
     .help = "CONNECT packets that came.",
     .sys = {load("broker/load/connections")},
     .read = [](const Sources& s) { return traffic_of(s).connects_in; }},
    {.name = "headgate_publish_packets_received_total",
     .type = kCounter,
     .help = "PUBLISH packets that came.",
     .sys = {SysPlace{"broker/publish/messages/received"}, load("broker/load/publish/received")},
     .read = [](const Sources& s) { return traffic_of(s).publishes_in; }},
    {.name = "headgate_publish_packets_sent_total",
     .type = kCounter,
     .help = "PUBLISH packets that went, repetitions aside.",
     .sys = {SysPlace{"broker/publish/messages/sent"}, load("broker/load/publish/sent")},
     .status = "messages_out",
     .read = [](const Sources& s) { return traffic_of(s).publishes_out; }},
    {.name = "headgate_publish_received_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Payload bytes of PUBLISH packets that came.",
     .sys = {SysPlace{"broker/publish/bytes/received"}},
     .read = [](const Sources& s) { return traffic_of(s).publish_bytes_in; }},
    {.name = "headgate_publish_sent_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Payload bytes of PUBLISH packets that went.",
     .sys = {SysPlace{"broker/publish/bytes/sent"}},
     .read = [](const Sources& s) { return traffic_of(s).publish_bytes_out; }},
    {.name = "headgate_messages_dropped_total",
     .type = kCounter,
     .help = "Messages that a client did not get although it had subscribed to them, by reason.",
     .label = "reason",
     .sys = {SysPlace{"broker/publish/messages/dropped"}, load("broker/load/publish/dropped"),
             SysPlace{"headgate/dropped/*"}},
     .status = "dropped/*",
     .read = [](const Sources& s) { return by_reason(broker_of(s).drops()); }},

    // ---- rights ----
    {.name = "headgate_publishes_denied_total",
     .type = kCounter,
     .help = "Publishes refused for lack of the right.",
     .sys = {SysPlace{"headgate/publish/denied"}},
     .status = "denied/publish",
     .read = [](const Sources& s) { return broker_of(s).denied().publish; }},
    {.name = "headgate_subscribes_denied_total",
     .type = kCounter,
     .help = "Subscriptions refused for lack of the right.",
     .status = "denied/subscribe",
     .read = [](const Sources& s) { return broker_of(s).denied().subscribe; }},
    {.name = "headgate_receives_denied_total",
     .type = kCounter,
     .help = "Messages not delivered to a subscriber for lack of the right.",
     .status = "denied/receive",
     .read = [](const Sources& s) { return broker_of(s).denied().receive; }},
    {.name = "headgate_connects_denied_total",
     .type = kCounter,
     .help = "CONNECT packets refused for who the client is, or could not prove to be.",
     .status = "denied/connect",
     .read = [](const Sources& s) { return broker_of(s).stats().connects_denied; }},
    {.name = "headgate_workload_signatures_total",
     .type = kCounter,
     .help = "Tokens of modules that the workload API has signed.",
     .read = [](const Sources& s) { return workload_of(s).signatures; }},
    {.name = "headgate_workload_refused_total",
     .type = kCounter,
     .help = "Requests by a module's socket for another module, or another generation of it.",
     .read = [](const Sources& s) { return workload_of(s).refused; }},

    // ---- taking messages in ----
    {.name = "headgate_messages_taken_total",
     .type = kCounter,
     .help = "Messages that clients have published, and wills.",
     .status = "messages_in",
     .read = [](const Sources& s) { return ingest_of(s).messages; }},
    {.name = "headgate_publishes_stored_total",
     .type = kCounter,
     .help = "Messages written to at least one queue, what routes republish included.",
     .status = "publishes/stored",
     .read = [](const Sources& s) { return ingest_of(s).stored; }},
    {.name = "headgate_publish_acknowledgement_seconds",
     .type = MetricType::histogram,
     .unit = MetricUnit::seconds,
     .help = "Time from taking a publish that has to be stored until its PUBACK or PUBREC leaves.",
     .read = [](const Sources& s) { return s.engine.accept_times(); }},
    {.name = "headgate_publishes_not_retained_total",
     .type = kCounter,
     .help = "Publishes, and what routes republish, that were not retained because as many are as may be.",
     .sys = {SysPlace{"headgate/publish/not_retained"}},
     .status = "publishes/not_retained",
     .read = [](const Sources& s) { return ingest_of(s).not_retained; }},
    {.name = "headgate_publishes_refused_total",
     .type = kCounter,
     .help = "Publishes that the store could not take.",
     .sys = {SysPlace{"headgate/publish/refused"}},
     .status = "publishes/refused",
     .read = [](const Sources& s) { return ingest_of(s).refused; }},
    {.name = "headgate_publishes_held_total",
     .type = kCounter,
     .help = "Publishes of MQTT 3.1.1 clients that had to wait for room in a queue.",
     .sys = {SysPlace{"headgate/publish/held"}},
     .status = "publishes/held",
     .read = [](const Sources& s) { return ingest_of(s).held; }},
    {.name = "headgate_publishes_held_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory of the publishes that wait for room in a queue.",
     .status = "publishes/held_bytes",
     .read = [](const Sources& s) { return s.engine.held().bytes(); }},
    {.name = "headgate_publishes_dropped_total",
     .type = kCounter,
     .help = "QoS 0 publishes dropped, once for each queue that had no room.",
     .status = "publishes/dropped",
     .read = [](const Sources& s) { return ingest_of(s).dropped; }},
    {.name = "headgate_routes_active",
     .help = "Routes in force.",
     .status = "routes/active",
     .read = [](const Sources& s) { return s.engine.routes().active(); }},
    {.name = "headgate_routes_kept",
     .help = "Routes in force in an earlier version, because what is written now is broken.",
     .status = "routes/kept",
     .read = [](const Sources& s) { return s.engine.routes().kept(); }},
    {.name = "headgate_routes_failed",
     .help = "Routes left out, because they do not compile.",
     .status = "routes/failed",
     .read = [](const Sources& s) { return s.engine.routes().failed(); }},
    {.name = "headgate_routes_shadow",
     .help = "Routes that count and deliver nothing.",
     .status = "routes/shadow",
     .read = [](const Sources& s) { return s.engine.shadows().count(); }},
    {.name = "headgate_routes_undefined_total",
     .type = kCounter,
     .help = "Messages that a route did not take because its condition had no value.",
     .status = "routes/undefined",
     .read = [](const Sources& s) { return s.engine.routes().counts().undefined; }},
    {.name = "headgate_routes_unreadable_total",
     .type = kCounter,
     .help = "Messages that a route did not take because their bodies are no JSON that $body can read.",
     .status = "routes/unreadable",
     .read = [](const Sources& s) { return s.engine.routes().counts().unreadable; }},
    {.name = "headgate_routes_unchecked_total",
     .type = kCounter,
     .help = "Times that conforms() gave no verdict, because a body met a limit of checks.",
     .status = "routes/unchecked",
     .read = [](const Sources& s) { return s.engine.routes().counts().unchecked; }},
    {.name = "headgate_routes_evaluated_total",
     .type = kCounter,
     .help = "Messages that a route's source takes, once for each route.",
     .read = [](const Sources& s) { return s.engine.route_counts().evaluated; }},
    {.name = "headgate_routes_matched_total",
     .type = kCounter,
     .help = "Messages for which a route's condition holds, once for each route.",
     .read = [](const Sources& s) { return s.engine.route_counts().matched; }},
    {.name = "headgate_routes_results_total",
     .type = kCounter,
     .help = "Messages that routes have passed on or made.",
     .read = [](const Sources& s) { return s.engine.route_counts().results; }},
    {.name = "headgate_routes_type_errors_total",
     .type = kCounter,
     .help = "Values that a result of a route could not take, and topics that it may not have.",
     .read = [](const Sources& s) { return s.engine.route_counts().type_errors; }},
    {.name = "headgate_routes_late_total",
     .type = kCounter,
     .help = "Messages for windows that had given their result.",
     .read = [](const Sources& s) { return s.engine.route_counts().late; }},
    {.name = "headgate_route_evaluated_total",
     .type = kCounter,
     .help = "Messages that the source of the route takes, since it is in force.",
     .read = [](const RouteSample& route) { return route.counts.evaluated; }},
    {.name = "headgate_route_matched_total",
     .type = kCounter,
     .help = "Messages for which the condition of the route holds.",
     .read = [](const RouteSample& route) { return route.counts.matched; }},
    {.name = "headgate_route_results_total",
     .type = kCounter,
     .help = "Messages that the route has passed on or made.",
     .read = [](const RouteSample& route) { return route.counts.results; }},
    {.name = "headgate_route_undefined_total",
     .type = kCounter,
     .help = "Messages that the route did not take because its condition had no value.",
     .read = [](const RouteSample& route) { return route.counts.undefined; }},
    {.name = "headgate_route_unreadable_total",
     .type = kCounter,
     .help = "Messages that the route did not take because their bodies are no JSON that $body can read.",
     .read = [](const RouteSample& route) { return route.counts.unreadable; }},
    {.name = "headgate_route_type_errors_total",
     .type = kCounter,
     .help = "Values that a result of the route could not take, and topics that it may not have.",
     .read = [](const RouteSample& route) { return route.counts.type_errors; }},
    {.name = "headgate_route_late_total",
     .type = kCounter,
     .help = "Messages for windows of the route that had given their result.",
     .read = [](const RouteSample& route) { return route.counts.late; }},
    {.name = "headgate_route_late_dropped_total",
     .type = kCounter,
     .help = "Of the late messages, those that count nowhere.",
     .read = [](const RouteSample& route) { return route.counts.late_dropped; }},
    {.name = "headgate_route_evicted_total",
     .type = kCounter,
     .help = "Groups of the route that were closed before their time for lack of room.",
     .read = [](const RouteSample& route) { return route.counts.evicted; }},
    {.name = "headgate_lookup_rows",
     .help = "Rows of all tables that routes look up in.",
     .status = "lookup/rows",
     .read = [](const Sources& s) { return s.engine.computer().lookup_totals().rows; }},
    {.name = "headgate_lookup_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory of these rows, by estimate.",
     .status = "lookup/bytes",
     .read = [](const Sources& s) { return s.engine.computer().lookup_totals().bytes; }},
    {.name = "headgate_lookup_refused_total",
     .type = kCounter,
     .help = "Retained messages that could not change a table: no row, or no room for it.",
     .status = "lookup/refused",
     .read = [](const Sources& s) { return s.engine.computer().lookup_totals().refused; }},

    // ---- queues ----
    {.name = "headgate_queues",
     .help = "Queues, those of sessions among them.",
     .sys = {SysPlace{"headgate/queues/count"}},
     .status = "store/queues",
     .read = [](const Sources& s) { return s.queues.queues; }},
    {.name = "headgate_queues_waiting_messages",
     .help = "Messages that wait, once for each queue; those of the history wait for nobody.",
     .sys = {SysPlace{"headgate/queues/waiting"}},
     .status = "store/waiting",
     .read = [](const Sources& s) { return s.queues.waiting; }},
    {.name = "headgate_queues_waiting_bytes",
     .unit = MetricUnit::bytes,
     .help = "Size of the messages that wait, once for each queue.",
     .sys = {SysPlace{"broker/store/messages/bytes"}, SysPlace{"headgate/queues/waiting_bytes"}},
     .status = "store/waiting_bytes",
     .read = [](const Sources& s) { return s.queues.waiting_bytes; }},
    {.name = "headgate_queues_dead_messages",
     .help = "Messages that ended as dead, of the queues that there are.",
     .sys = {SysPlace{"headgate/queues/dead"}},
     .status = "store/dead",
     .read = [](const Sources& s) { return s.queues.dead; }},
    {.name = "headgate_dead_letters",
     .help = "Dead letters that wait to be replayed or purged.",
     .status = "store/dead_letters",
     .read = [](const Sources& s) { return s.queues.dead_letters; }},
    {.name = "headgate_queues_messages_expired_total",
     .type = kCounter,
     .help = "Messages that expired in queues, once for each queue.",
     .status = "lost/expired",
     .read = [](const Sources& s) { return s.engine.losses().total().expired; }},
    {.name = "headgate_queues_messages_dropped_total",
     .type = kCounter,
     .help = "Messages that queues dropped: full, purged, or of a session that ended; none that was folded.",
     .status = "lost/dropped",
     .read = [](const Sources& s) { return s.engine.losses().total().dropped; }},
    {.name = "headgate_thinning_active",
     .help = "1 while old readings for upstream are folded, because their queue is nearly full.",
     .status = "thinning/active",
     .read = [](const Sources& s) { return uint64_t{s.engine.thinners().status().active ? 1u : 0u}; }},
    {.name = "headgate_thinning_short_of_room",
     .help = "1 while folding frees too little, so that the oldest messages for upstream are dropped.",
     .status = "thinning/short_of_room",
     .read = [](const Sources& s) { return uint64_t{s.engine.thinners().status().short_of_room ? 1u : 0u}; }},
    {.name = "headgate_thinning_messages_folded_total",
     .type = kCounter,
     .help = "Messages for upstream that were folded into rows; their queue counts them as dropped.",
     .status = "thinning/folded",
     .read = [](const Sources& s) { return s.engine.thinners().status().folded; }},
    {.name = "headgate_thinning_rows_total",
     .type = kCounter,
     .help = "Rows that stand for messages that were folded.",
     .status = "thinning/rows",
     .read = [](const Sources& s) { return s.engine.thinners().status().rows; }},
    {.name = "headgate_thinning_messages_diluted_total",
     .type = kCounter,
     .help = "Messages without numbers that were dropped, one in two of each source.",
     .status = "thinning/diluted",
     .read = [](const Sources& s) { return s.engine.thinners().status().diluted; }},
    {.name = "headgate_queues_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Limit for all queues together; 0 is none.",
     .status = "store/bytes_max",
     .read = [](const Sources& s) { return s.queued_bytes_max; }},
    {.name = "headgate_history_messages",
     .help = "Messages that are kept for replays of routes.",
     .sys = {SysPlace{"headgate/history/messages"}},
     .status = "history/messages",
     .read = [](const Sources& s) { return s.engine.history().stats().messages; }},
    {.name = "headgate_history_bytes",
     .unit = MetricUnit::bytes,
     .help = "Size of the messages that are kept for replays.",
     .sys = {SysPlace{"headgate/history/bytes"}},
     .status = "history/bytes",
     .read = [](const Sources& s) { return s.engine.history().stats().bytes; }},
    {.name = "headgate_history_oldest_age_seconds",
     .unit = MetricUnit::seconds,
     .help = "Age of the oldest message that is kept for replays, ten seconds ago at most; 0: there is none.",
     .sys = {SysPlace{"headgate/history/oldest_age"}},
     .status = "history/oldest_age_s",
     .read = [](const Sources& s) { return s.engine.history().stats().oldest_age_s; }},
    {.name = "headgate_history_left_out_total",
     .type = kCounter,
     .help = "Messages that should have been kept for replays and that the store could not take.",
     .status = "history/left_out",
     .read = [](const Sources& s) { return s.engine.history().stats().left_out; }},
    {.name = "headgate_kept_messages",
     .help = "Messages that wait in queues, and retained ones.",
     .sys = {SysPlace{"broker/messages/stored"}, SysPlace{"broker/store/messages/count"}},
     .read = [](const Sources& s) { return s.queues.waiting + s.engine.retained().size(); }},
    {.name = "headgate_retained_messages",
     .help = "Retained messages.",
     .sys = {SysPlace{"broker/retained messages/count"}},
     .read = [](const Sources& s) { return s.engine.retained().size(); }},

    // ---- each queue ----
    //
    // in = delivered + undelivered (all reasons) + waiting (all lanes), in every scrape.
    {.name = "headgate_queue_messages_in_total",
     .type = kCounter,
     .help = "Messages that were put into the queue, ever, over restarts.",
     .read = [](const QueueSample& queue) { return queue.in; }},
    {.name = "headgate_queue_messages_delivered_total",
     .type = kCounter,
     .help = "Messages that the consumer of the queue has acknowledged.",
     .read = [](const QueueSample& queue) { return queue.delivered; }},
    {.name = "headgate_queue_messages_undelivered_total",
     .type = kCounter,
     .help =
         "Messages that ended in the queue without being delivered, by reason; the dead ones are dead letters.",
     .label = "reason",
     .read =
         [](const QueueSample& queue) {
           return LabelledValues{
               {"dead", queue.dead}, {"dropped", queue.dropped}, {"expired", queue.expired}};
         }},
    {.name = "headgate_queue_messages_refused_total",
     .type = kCounter,
     .help = "Messages that the queue had no room for, since the start; they are not in it.",
     .read = [](const QueueSample& queue) { return queue.refused; }},
    {.name = "headgate_queue_paused",
     .help = "1: an operator has stopped what leaves the queue; it takes in.",
     .read = [](const QueueSample& queue) { return queue.paused; }},
    {.name = "headgate_queue_max_messages",
     .help = "Limit of messages in the queue; 0 is none.",
     .read = [](const QueueSample& queue) { return queue.messages_max; }},
    {.name = "headgate_queue_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Limit of the size of the messages in the queue; 0 is none.",
     .read = [](const QueueSample& queue) { return queue.bytes_max; }},
    {.name = "headgate_queue_waiting_messages",
     .help = "Messages that wait in a lane of the queue; 0 to 9 are priorities, 10 is without one.",
     .read = [](const LaneSample& lane) { return static_cast<double>(lane.stats.waiting); }},
    {.name = "headgate_queue_waiting_bytes",
     .unit = MetricUnit::bytes,
     .help = "Size of the messages that wait in a lane of the queue.",
     .read = [](const LaneSample& lane) { return static_cast<double>(lane.stats.waiting_bytes); }},
    {.name = "headgate_queue_waiting_peak_messages",
     .help = "Most messages that waited in a lane at a time since the start.",
     .read = [](const LaneSample& lane) { return static_cast<double>(lane.stats.waiting_peak); }},
    {.name = "headgate_queue_waiting_peak_bytes",
     .unit = MetricUnit::bytes,
     .help = "Greatest size of what waited in a lane at a time since the start.",
     .read = [](const LaneSample& lane) { return static_cast<double>(lane.stats.waiting_bytes_peak); }},
    {.name = "headgate_queue_oldest_age_seconds",
     .unit = MetricUnit::seconds,
     .help = "Time since the oldest message of a lane arrived; 0: none waits.",
     .read = [](const LaneSample& lane) { return lane.oldest_age_s; }},

    // ---- the store ----
    {.name = "headgate_store_state",
     .help = "1 at the state that the store is in: writing, refusing for lack of disk, or unable to write.",
     .label = "state",
     .sys = {SysPlace{"headgate/store/state", SysForm::state}},
     .read = [](const Sources& s) { return state_set(store_state(s)); }},
    {.name = "headgate_store_durability_info",
     .help = "When the store syncs, as a label.",
     .label = "durability",
     .sys = {SysPlace{"headgate/durability", SysForm::state}},
     .read =
         [](const Sources& s) {
           return LabelledValues{{s.durability, 1}};
         }},
    {.name = "headgate_store_memory_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that the store takes.",
     .sys = {SysPlace{"headgate/store/memory/bytes"}},
     .status = "store/memory/bytes",
     .read = [](const Sources& s) { return s.memory.bytes(); }},
    {.name = "headgate_store_memory_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that the store may take.",
     .sys = {SysPlace{"headgate/store/memory/bytes_max"}},
     .status = "store/memory/bytes_max",
     .read = [](const Sources& s) { return s.memory.bytes_max(); }},
    {.name = "headgate_store_memory_part_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that the store takes, by part.",
     .label = "part",
     .sys = {SysPlace{"headgate/store/memory/*"}},
     .status = "store/memory/*/bytes",
     .read = [](const Sources& s) { return by_part(s.memory, &store::MemoryPart::bytes); }},
    {.name = "headgate_store_memory_part_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that the store may take, by part; caches and memtables share theirs.",
     .label = "part",
     .status = "store/memory/*/bytes_max",
     .read = [](const Sources& s) { return by_part(s.memory, &store::MemoryPart::bytes_max); }},
    {.name = "headgate_store_sync_seconds",
     .type = MetricType::histogram,
     .unit = MetricUnit::seconds,
     .help = "Time that the disk takes for a sync, and the write with it.",
     .read = [](const Sources& s) { return s.sync_times ? *s.sync_times : core::Histogram(); }},
    {.name = "headgate_disk_free_bytes",
     .unit = MetricUnit::bytes,
     .help = "Space that is free on the file system of the store.",
     .status = "store/disk/free_bytes",
     .read = [](const Sources& s) { return s.disk.free_bytes; }},
    {.name = "headgate_disk_size_bytes",
     .unit = MetricUnit::bytes,
     .help = "Size of the file system of the store; 0: nobody looks at it.",
     .status = "store/disk/total_bytes",
     .read = [](const Sources& s) { return s.disk.total_bytes; }},
    {.name = "headgate_disk_min_free_bytes",
     .unit = MetricUnit::bytes,
     .help = "Free space below which no publisher's message is stored.",
     .status = "store/disk/min_free_bytes",
     .read = [](const Sources& s) { return s.disk.min_free_bytes; }},
    {.name = "headgate_disk_reserve_bytes",
     .unit = MetricUnit::bytes,
     .help = "Space set aside to go on with when the disk is full.",
     .status = "store/disk/reserve_bytes",
     .read = [](const Sources& s) { return s.disk.reserve_bytes; }},

    // ---- the link upstream ----
    {.name = "headgate_upstream_state",
     .help = "1 at the state that the link upstream is in.",
     .label = "state",
     .sys = {SysPlace{"headgate/link/state", SysForm::state}},
     .read = [](const Sources& s) { return state_set(link_state(s.upstream)); }},
    {.name = "headgate_upstream_batches_acked_total",
     .type = kCounter,
     .help = "Batches that the upstream broker has acknowledged.",
     .status = "upstream/batches_acked",
     .read = [](const Sources& s) { return link_of(s).batches; }},
    {.name = "headgate_upstream_messages_acked_total",
     .type = kCounter,
     .help = "Messages in the batches that the upstream broker has acknowledged.",
     .status = "upstream/messages_acked",
     .read = [](const Sources& s) { return link_of(s).messages; }},
    {.name = "headgate_upstream_acked_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Size of the batches that the upstream broker has acknowledged, compressed.",
     .status = "upstream/bytes_acked",
     .read = [](const Sources& s) { return link_of(s).payload_bytes; }},
    {.name = "headgate_upstream_batches_unheard_total",
     .type = kCounter,
     .help =
         "Batches that the upstream broker took and had no subscriber for, those that are sent again included.",
     .status = "upstream/batches_unheard",
     .read = [](const Sources& s) { return link_of(s).unheard_batches; }},
    {.name = "headgate_upstream_batches_returned_total",
     .type = kCounter,
     .help = "Batches of this hub that came back to it and were not routed.",
     .status = "upstream/batches_returned",
     .read = [](const Sources& s) { return s.engine.returned_batches(); }},
    {.name = "headgate_upstream_batches_repeated_total",
     .type = kCounter,
     .help = "Batches that were sent again as they had been planned, after a lost link or a restart.",
     .status = "upstream/batches_repeated",
     .read = [](const Sources& s) { return link_of(s).repeated_batches; }},
    {.name = "headgate_upstream_batches_abandoned_total",
     .type = kCounter,
     .help =
         "Batches that could not be sent again as they had been planned: later ones say that they stand for them.",
     .status = "upstream/batches_abandoned",
     .read = [](const Sources& s) { return link_of(s).abandoned_batches; }},
    {.name = "headgate_upstream_batches_held",
     .help = "Batches that the upstream broker has taken and their consumer has not acknowledged.",
     .status = "upstream/batches_held",
     .read = [](const Sources& s) { return link_of(s).end_to_end.held_batches; }},
    {.name = "headgate_upstream_batches_sent_again_total",
     .type = kCounter,
     .help = "Batches that were sent again because the broker may have lost them, or the consumer wished it.",
     .status = "upstream/batches_sent_again",
     .read = [](const Sources& s) { return link_of(s).end_to_end.sent_again_batches; }},
    {.name = "headgate_upstream_acknowledgements_total",
     .type = kCounter,
     .help = "Acknowledgements of consumers upstream that counted.",
     .status = "upstream/acknowledgements",
     .read = [](const Sources& s) { return link_of(s).end_to_end.notices; }},
    {.name = "headgate_upstream_acknowledgements_ignored_total",
     .type = kCounter,
     .help = "Acknowledgements of consumers upstream that could not be true.",
     .status = "upstream/acknowledgements_ignored",
     .read = [](const Sources& s) { return link_of(s).end_to_end.ignored_notices; }},
    {.name = "headgate_upstream_batches_refused_by_consumer_total",
     .type = kCounter,
     .help = "Batches of several messages that their consumer refused.",
     .status = "upstream/batches_refused_by_consumer",
     .read = [](const Sources& s) { return link_of(s).end_to_end.refused_batches; }},
    {.name = "headgate_upstream_messages_refused_by_consumer_total",
     .type = kCounter,
     .help = "Messages that their consumer refused, which are dead letters.",
     .status = "upstream/messages_refused_by_consumer",
     .read = [](const Sources& s) { return link_of(s).end_to_end.refused_messages; }},
    {.name = "headgate_upstream_batches_in_flight",
     .help = "Batches that were sent and are not acknowledged yet.",
     .status = "upstream/batches_in_flight",
     .read = [](const Sources& s) { return link_of(s).in_flight_batches; }},
    {.name = "headgate_link_state",
     .help = "1 at the state that a link upstream is in.",
     .label = "state",
     .read = [](const LinkSample& link) { return link.states; }},
    {.name = "headgate_link_connected",
     .help = "1 for each link upstream that is connected, 0 for the others.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) -> uint64_t {
             return link.status.state == upstream::CarrierState::up ? 1 : 0;
           });
         }},
    {.name = "headgate_link_connects_total",
     .type = kCounter,
     .help = "Times that a link upstream was connected.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.status.connects; });
         }},
    {.name = "headgate_link_wire_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Bytes of a link on the wire, both ways, with headers, handshakes and repetitions.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.counts.wire_bytes; });
         }},
    {.name = "headgate_link_day_bytes",
     .unit = MetricUnit::bytes,
     .help = "Bytes of a link on the wire today.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.counts.day_bytes; });
         }},
    {.name = "headgate_link_month_bytes",
     .unit = MetricUnit::bytes,
     .help = "Bytes of a link on the wire in the month of its bill.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.counts.month_bytes; });
         }},
    {.name = "headgate_link_day_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Bytes that a link may have on the wire in a day; 0 is no limit.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.named.terms.day_bytes_max; });
         }},
    {.name = "headgate_link_month_max_bytes",
     .unit = MetricUnit::bytes,
     .help = "Bytes that a link may have on the wire in the month of its bill; 0 is no limit.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s,
                          [](const upstream::LinkReport& link) { return link.named.terms.month_bytes_max; });
         }},
    {.name = "headgate_link_batches_acked_total",
     .type = kCounter,
     .help = "Batches that the broker at the end of a link has acknowledged.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.status.batches; });
         }},
    {.name = "headgate_link_acked_bytes_total",
     .type = kCounter,
     .unit = MetricUnit::bytes,
     .help = "Size of the batches that were acknowledged over a link, compressed.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) { return link.status.payload_bytes; });
         }},
    {.name = "headgate_link_identities",
     .help = "Identities that are connected beside the device of a link upstream.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) -> uint64_t {
             return link.identities ? link.identities->open : 0;
           });
         }},
    {.name = "headgate_link_identities_refused",
     .help = "Identities that the cloud at the end of a link refuses; their messages wait.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) -> uint64_t {
             return link.identities ? link.identities->refused : 0;
           });
         }},
    {.name = "headgate_link_identities_rotated_total",
     .type = kCounter,
     .help = "Times that an identity gave its connection over a link to one that waited.",
     .label = "link",
     .read =
         [](const Sources& s) {
           return by_link(s, [](const upstream::LinkReport& link) -> uint64_t {
             return link.identities ? link.identities->rotated : 0;
           });
         }},
    {.name = "headgate_downstream_messages_total",
     .type = kCounter,
     .help = "Messages that came down from upstream, by what became of them.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const upstream::DownstreamCounts down = down_of(s);
           return LabelledValues{{"own", down.own},
                                 {"refused", down.refused},
                                 {"repeated", down.repeated},
                                 {"stored", down.stored}};
         }},
    {.name = "headgate_twin_requests_total",
     .type = kCounter,
     .help = "Requests of devices and modules of IoT Edge about their twins, by what became of them.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const TwinCounts& twins = s.engine.edge().twins().counts();
           return LabelledValues{{"failed", twins.failed},
                                 {"read", twins.reads},
                                 {"refused", twins.refused},
                                 {"reported", twins.reports},
                                 {"throttled", twins.throttled}};
         }},
    {.name = "headgate_twin_desired_changes_total",
     .type = kCounter,
     .help = "Changes of desired properties that are durable.",
     .read = [](const Sources& s) { return s.engine.edge().twins().counts().desired; }},
    {.name = "headgate_twin_desired_pushed_total",
     .type = kCounter,
     .help = "Changes of desired properties that a connected client was told.",
     .read = [](const Sources& s) { return s.engine.edge().twins().counts().pushed; }},
    {.name = "headgate_method_calls_total",
     .type = kCounter,
     .help = "Direct methods that were called, by what became of them.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const MethodCounts& calls = s.engine.edge().methods().counts();
           return LabelledValues{{"answered", calls.answered},       {"invalid", calls.invalid},
                                 {"throttled", calls.throttled},     {"timed_out", calls.timed_out},
                                 {"unreachable", calls.unreachable}, {"unreadable", calls.unreadable}};
         }},
    {.name = "headgate_method_calls_under_way",
     .help = "Direct methods that wait for their target or its answer.",
     .read = [](const Sources& s) { return s.engine.edge().methods().under_way(); }},
    {.name = "headgate_method_answers_stray_total",
     .type = kCounter,
     .help = "Answers to direct methods that nobody waited for.",
     .read = [](const Sources& s) { return s.engine.edge().methods().counts().stray; }},
    {.name = "headgate_door_requests_total",
     .type = kCounter,
     .help = "Requests over HTTPS at listeners of IoT Edge's dialect, by what was answered.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const DoorCounts& door = s.engine.edge().door();
           return LabelledValues{{"answered", door.answered},
                                 {"invalid", door.invalid},
                                 {"not_found", door.not_found},
                                 {"other", door.other},
                                 {"unauthorized", door.unauthorized}};
         }},
    {.name = "headgate_device_messages_total",
     .type = kCounter,
     .help = "Messages to devices that an operator has sent, by what became of them here.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const DeviceMessageCounts& devices = s.engine.edge().devices().counts();
           return LabelledValues{
               {"failed", devices.failed}, {"refused", devices.refused}, {"stored", devices.sent}};
         }},
    {.name = "headgate_seen_ids",
     .help = "Ids of commands and idempotency keys that are known again.",
     .read = [](const Sources& s) { return s.engine.commands().seen().size(); }},
    {.name = "headgate_seen_ids_left_early_total",
     .type = kCounter,
     .help = "Ids of commands and idempotency keys that made room for others before their hour was over.",
     .read = [](const Sources& s) { return s.engine.commands().seen().left_early(); }},
    {.name = "headgate_topics",
     .help = "Topics with their last values, as headgate topics shows them.",
     .read = [](const Sources& s) { return s.engine.tails().topics().size(); }},
    {.name = "headgate_topics_bytes",
     .unit = MetricUnit::bytes,
     .help = "Memory that they take; its bound is observe.topics_bytes.",
     .read = [](const Sources& s) { return s.engine.tails().topics().bytes(); }},
    {.name = "headgate_topics_forgotten_total",
     .type = kCounter,
     .help = "Topics that made room for others, since the start or the last change of the bound.",
     .read = [](const Sources& s) { return s.engine.tails().topics().forgotten(); }},
    {.name = "headgate_receipts_total",
     .type = kCounter,
     .help = "Receipts for commands: sent, or dropped for lack of room or because the broker refused them.",
     .label = "result",
     .read =
         [](const Sources& s) {
           const upstream::DownstreamCounts down = down_of(s);
           return LabelledValues{{"dropped", down.receipts_dropped}, {"sent", down.receipts}};
         }},
});

bool is_of_the_hub(const Metric& metric) {
  return std::holds_alternative<ReadNumber>(metric.read) || std::holds_alternative<ReadByLabel>(metric.read);
}

LabelledValues values_of(const Metric& metric, const Sources& sources) {
  if (const auto* const number = std::get_if<ReadNumber>(&metric.read)) return {{"", (*number)(sources)}};
  return std::get<ReadByLabel>(metric.read)(sources);
}

std::vector<RouteSample> sample_routes(const Engine& engine) {
  std::vector<RouteSample> routes;
  engine.for_each_route([&routes](const std::string& name, const routing::RouteCounts& counts) {
    add_route(routes, name, counts);
  });
  return routes;
}

std::vector<LinkSample> sample_links(const std::optional<upstream::UpstreamReport>& report) {
  std::vector<LinkSample> links;
  if (!report) return links;
  for (const upstream::LinkReport& link : report->links)
    links.push_back({link.named.name, state_set(state_of(link.status.state))});
  return links;
}

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

Readings read_metrics(const Sources& sources, bool (*wanted)(const Metric&)) {
  Readings readings;
  for (const Metric& metric : kMetrics) {
    if (is_of_the_hub(metric) && wanted(metric)) readings.push_back({&metric, values_of(metric, sources)});
  }
  return readings;
}

Scrape scrape(const Sources& sources) {
  Scrape copy;
  copy.readings = read_metrics(sources, [](const Metric&) { return true; });
  for (const Metric& metric : kMetrics) {
    if (const auto* const read = std::get_if<ReadHistogram>(&metric.read))
      copy.times.emplace_back(&metric, (*read)(sources));
  }
  if (sources.store != nullptr) copy.queues = sample_queues(*sources.store, sources.now);
  copy.routes = sample_routes(sources.engine);
  copy.links = sample_links(sources.upstream);
  return copy;
}

QueueTotals queue_totals(const store::QueueReader& store) {
  QueueTotals totals;
  for (const store::QueueId queue : store.queues()) {
    const store::QueueStats& stats = store.stats(queue);
    ++totals.queues;
    if (stats.attributes.kind == store::QueueKind::history) continue;  // its messages wait for nobody
    totals.waiting += stats.waiting();
    totals.waiting_bytes += stats.waiting_bytes();
    totals.dead += stats.dead;
    if (stats.attributes.kind == store::QueueKind::dead) totals.dead_letters += stats.waiting();
  }
  return totals;
}

LinkState link_state(const std::optional<upstream::UpstreamReport>& upstream) {
  if (!upstream) return LinkState::off;
  return state_of(upstream::main_link(*upstream).status.state);
}

}  // namespace headgate::hub
