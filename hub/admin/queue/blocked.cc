#include "hub/admin/queue/blocked.h"

#include <algorithm>
#include <utility>

#include "core/time/iso8601.h"
#include "hub/engine/computation/results/held_results.h"
#include "hub/engine/session_records.h"

namespace headgate::hub {
namespace {

using store::QueueKind;
using upstream::CarrierState;
using upstream::LinkReport;

// Words, and since when they hold.
struct Why {
  std::string text;
  int64_t since_ms = 0;
};

// "03:10:22Z" of today, "2026-11-30 03:10Z" of another day.
std::string moment(int64_t unix_ms, core::Now now) {
  const std::string text = core::iso8601_text(unix_ms);
  const bool today = text.substr(0, 10) == core::iso8601_text(now.wall_ms).substr(0, 10);
  return today ? text.substr(11, 8) + "Z" : text.substr(0, 10) + " " + text.substr(11, 5) + "Z";
}

std::string in_time(int64_t ms) {
  const int64_t seconds = std::max<int64_t>((ms + 999) / 1000, 1);
  if (seconds < 120) return "in " + std::to_string(seconds) + " s";
  if (seconds < 7'200) return "in " + std::to_string(seconds / 60) + " min";
  return "in " + std::to_string(seconds / 3'600) + " h";
}

std::string counted(uint64_t count, std::string_view one, std::string_view several) {
  return std::to_string(count).append(" ").append(count == 1 ? one : several);
}

// The level of a topic after its first: the module or the device of an input.
std::string consumer_in(std::string_view topic) {
  const size_t from = topic.find('/');
  if (from == std::string_view::npos) return std::string(topic);
  const std::string_view rest = topic.substr(from + 1);
  return std::string(rest.substr(0, rest.find('/')));
}

// ---- links ----

// Midnight of the place at the end of this day, or of the last day of this month.
int64_t period_ends_ms(const LinkReport& link, const DrainWorld& world) {
  constexpr int64_t kDayMs = 86'400'000;
  constexpr int64_t kMonthDaysMax = 31;
  const int64_t today = upstream::local_time(world.now.wall_ms, world.offset).day;
  int64_t day = today + 1;
  if (link.permit.spent == upstream::Spent::month) {
    const uint8_t first = link.named.terms.month_first_day;
    const int64_t month = upstream::month_of(today, first);
    while (day <= today + kMonthDaysMax && upstream::month_of(day, first) == month) ++day;
  }
  const int64_t midnight_ms = day * kDayMs;
  return midnight_ms - world.offset(midnight_ms / 1000) * 1000;
}

// Terms under which nothing of these lanes goes over the link now; empty: they let something go.
std::string terms_of(const LinkReport& link, uint16_t lanes, const DrainWorld& world) {
  const upstream::Permit& permit = link.permit;
  if (permit.spent != upstream::Spent::nothing)
    return permit.why + "; it goes on at " + moment(period_ends_ms(link, world), world.now) +
           ", or with a larger budget in the configuration";
  if (!permit.open && (permit.lanes & lanes) == 0)
    return permit.why + "; other times: \"open\" of the link in the configuration";
  if (permit.lanes != 0 && (permit.lanes & lanes) == 0)
    return "it takes only priorities 0 to " + std::to_string(link.named.terms.priority_max) +
           ", and what waits has others";
  const bool waits_long =
      permit.from_mono_ms != INT64_MAX && permit.from_mono_ms >= world.now.mono_ms + kShortPauseMs;
  return waits_long ? permit.why + "; it goes on " + in_time(permit.from_mono_ms - world.now.mono_ms) : "";
}

// A link that the queue is not on, or would be on.
std::string state_of(const LinkReport& link, uint16_t lanes, const DrainWorld& world) {
  const std::string& error = link.status.last_error;
  if (link.status.hopeless && link.status.state != CarrierState::up)
    return "refused: " + error +
           "; mend the user, the password or the certificate of the link, then headgate reload";
  if (std::string terms = terms_of(link, lanes, world); !terms.empty()) return terms;
  switch (link.status.state) {
    case CarrierState::backing_off:
      return (error.empty() ? "not connected" : error) + "; it tries again " +
             in_time(link.status.retry_in_ms);
    case CarrierState::connecting:
      return "it connects to " + link.named.connection.host + ":" +
             std::to_string(link.named.connection.port) + (error.empty() ? "" : "; the last error: " + error);
    case CarrierState::idle:
      return "not connected, as it is not needed yet";
    case CarrierState::up:
      break;
  }
  return "";
}

// Something of these lanes goes, or is about to: a link is up, and its terms allow it.
bool takes_some(const LinkReport& link, uint16_t lanes, const DrainWorld& world) {
  return link.status.state == CarrierState::up && terms_of(link, lanes, world).empty();
}

Why why_no_link(const DrainFacts& queue, const DrainWorld& world) {
  if (std::ranges::any_of(queue.links,
                          [&](const LinkReport* link) { return takes_some(*link, queue.lanes, world); }))
    return {};
  Why why;
  int64_t since_ms = 0;
  for (const LinkReport* const link : queue.links) {
    const std::string state = state_of(*link, queue.lanes, world);
    if (state.empty()) continue;
    why.text.append(why.text.empty() ? "" : "; ").append("link ").append(link->named.name).append(": ") +=
        state;
    if (link->status.state != CarrierState::up) since_ms = std::max(since_ms, link->status.since_ms);
  }
  if (!why.text.empty()) why.since_ms = world.links_down_since_ms != 0 ? world.links_down_since_ms : since_ms;
  return why;
}

// Judges a queue that is on a link which is up.
Why why_behind_link(const DrainFacts& queue, const LinkReport& link, const DrainWorld& world) {
  const upstream::ForwarderStatus& status = queue.up->status;
  const std::string name = "link " + link.named.name + ": ";
  if (std::string terms = terms_of(link, queue.lanes, world); !terms.empty()) return {name + terms};
  if (status.unheard_since_ms != 0) {
    const std::string& own = link.named.terms.topic;
    const std::string& topic = own.empty() ? world.unheard_topic : own;
    return {name + "nobody subscribes to " + (topic.empty() ? "the topic of the batches" : topic) +
                " at the broker; start the consumer upstream, or set upstream.no_subscriber to \"deliver\"",
            status.unheard_since_ms};
  }
  const upstream::EndToEndStatus& acks = status.end_to_end;
  const int64_t quiet_since_ms = std::max(acks.held_since_ms, acks.heard_ms);
  if (!acks.enabled || acks.held_batches == 0 || world.now.wall_ms - quiet_since_ms < kQuietConsumerMs)
    return {};
  return {
      name + counted(acks.held_batches, "batch", "batches") +
          " that the broker has taken wait for their consumer's acknowledgement; see that the consumer upstream runs",
      quiet_since_ms};
}

QueueDrain by_links(const DrainFacts& queue, const DrainWorld& world) {
  QueueDrain drain;
  if (queue.up == nullptr) {
    drain.blocked =
        "no link upstream is set up for it; set upstream.host, or links, in the configuration; or drop what waits: "
        "headgate queue purge ";
    drain.blocked += queue.name;
    return drain;
  }
  drain.kind = "link";
  const auto current = std::ranges::find_if(
      queue.links, [&](const LinkReport* link) { return link->named.name == queue.up->link; });
  const bool on_one = current != queue.links.end() && (*current)->status.state == CarrierState::up;
  for (const LinkReport* const link : queue.links)
    if (!on_one || link == *current)
      drain.name.append(drain.name.empty() ? "" : ", ").append(link->named.name);
  drain.connected = std::ranges::any_of(
      queue.links, [](const LinkReport* link) { return link->status.state == CarrierState::up; });
  Why why = on_one ? why_behind_link(queue, **current, world) : why_no_link(queue, world);
  drain.blocked = std::move(why.text);
  drain.blocked_since_ms = why.since_ms;
  return drain;
}

// ---- clients ----

Why why_client(const QueueClient& client, core::Now now) {
  const std::string name = "client " + client.client_id;
  if (!client.connected)
    return {name +
                (client.since_ms == 0 ? " has not come back since the hub's start"
                                      : " is away since " + moment(client.since_ms, now)) +
                (client.input.empty()
                     ? "; it gets what waits when it connects again; if it never will: headgate session rm " +
                           client.client_id
                     : "; it gets what waits when it connects again, or another that subscribes to " +
                           client.input),
            client.since_ms};
  if (client.held)
    return {
        name +
        " gets no more of its input while publishes of its own wait for room in a queue; headgate queue ls says "
        "which is full"};
  if (client.in_flight != 0 && now.wall_ms - client.unanswered_since_ms >= kQuietClientMs)
    return {
        name + " is connected and has acknowledged nothing since " + moment(client.unanswered_since_ms, now) +
            ": " + counted(client.in_flight, "message was", "messages were") +
            " sent to it without an answer; look at the client, or headgate client kick " + client.client_id,
        client.unanswered_since_ms};
  if (client.unsent_bytes != 0)
    return {name + " reads more slowly than messages come: " + std::to_string(client.unsent_bytes) +
            " bytes wait in its connection; look at the client and its network"};
  return {};
}

QueueDrain by_client(const DrainFacts& queue, const DrainWorld& world) {
  QueueDrain drain;
  if (queue.client == nullptr && queue.kind == QueueKind::session) {
    drain.kind = "client";
    drain.name =
        queue.name.starts_with(kSessionPrefix) ? queue.name.substr(kSessionPrefix.size()) : queue.name;
    drain.blocked = "no session of client " + drain.name +
                    " is known; drop what waits: headgate queue purge " + std::string(queue.name);
    return drain;
  }
  if (queue.client == nullptr) {
    drain.blocked =
        "no route in force leads to it, and it is kept as it is; put its route back, or drop what waits: "
        "headgate queue purge " +
        std::string(queue.name);
    return drain;
  }
  const QueueClient& client = *queue.client;
  const bool of_device = client.input.starts_with("devices/");
  drain.kind = client.input.empty() || of_device ? "client" : "module";
  drain.name = client.input.empty() ? client.client_id : consumer_in(client.input);
  drain.connected = client.connected;
  if (client.client_id.empty()) {
    drain.blocked = "no client subscribes to " + client.input + " by its name; start " +
                    (of_device ? "device " : "module ") + drain.name + ", and see headgate client ls";
    return drain;
  }
  Why why = why_client(client, world.now);
  drain.blocked = std::move(why.text);
  drain.blocked_since_ms = why.since_ms;
  return drain;
}

// ---- the hub's own ----

QueueDrain by_routes(const DrainFacts& queue, const DrainWorld& world) {
  QueueDrain drain{.kind = "routes", .connected = true};
  const char* const room =
      world.disk_low ? "; make room on the disk" : "; make room there, or let that queue drop (onFull)";
  if (queue.name.starts_with(kHeldResultsPrefix)) {
    drain.name = queue.name.substr(kHeldResultsPrefix.size());
    if (!queue.held_back_by.empty())
      drain.blocked = "results of route " + drain.name + " wait: " + std::string(queue.held_back_by) + room;
    return drain;
  }
  if (!world.computing_waits.empty())
    drain.blocked = "computing routes wait: " + world.computing_waits + room;
  return drain;
}

QueueDrain by_kind(const DrainFacts& queue, const DrainWorld& world) {
  switch (queue.kind) {
    case QueueKind::session:
    case QueueKind::input:
      return by_client(queue, world);
    case QueueKind::link:
      return by_links(queue, world);
    case QueueKind::computation:
      return by_routes(queue, world);
    case QueueKind::dead:
      return {
          .kind = "hub",
          .connected = true,
          .blocked =
              "dead letters wait for somebody to look at them: headgate dlq ls, then dlq replay or dlq purge"};
    case QueueKind::history:
      return {.kind = "hub", .connected = true};
    case QueueKind::plain:
      break;
  }
  QueueDrain nobody;
  nobody.blocked =
      "nobody reads this queue; drop what waits: headgate queue purge " + std::string(queue.name);
  return nobody;
}

}  // namespace

QueueDrain drain_of(const DrainFacts& queue, const DrainWorld& world) {
  QueueDrain drain = by_kind(queue, world);
  if (queue.lanes == 0) {
    drain.blocked.clear();
    drain.blocked_since_ms = 0;
  } else if (queue.paused) {
    drain.blocked = "paused by an operator; go on with: headgate queue resume " + std::string(queue.name);
    drain.blocked_since_ms = 0;
  } else if (!world.store_error.empty()) {
    drain.blocked = "the store does not write: " + world.store_error +
                    "; it is opened again by itself, see The disk in docs/operations.md";
    drain.blocked_since_ms = world.store_error_since_ms;
  }
  return drain;
}

}  // namespace headgate::hub
