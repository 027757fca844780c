#include "hub/admin/past/recent.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/log.h"
#include "core/topic.h"
#include "hub/admin/past/basis.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kRecentMax = 1'000;
constexpr uint64_t kRecentBytesMax = uint64_t{1} << 20U;  // of bodies in one answer
constexpr uint64_t kSinceMax = uint64_t{365} * 86'400;    // seconds

Json event_json(const LogEvent& event) {
  Json fields = Json::object();
  for (const auto& [key, value] : event.fields) fields[key] = value;
  return {{"number", event.number},
          {"at_ms", event.at_ms},
          {"level", core::name_of(event.level)},
          {"event", event.event},
          {"fields", std::move(fields)}};
}

AdminResponse replay_answer(const core::Result<RecordedMatches>& report) {
  if (!report) return refused(report.error());
  return answer_json(replayed_json(*report));
}

}  // namespace

// `next` goes on behind the last that was looked at, also if the filter takes none of these.
AdminReply get_recent(const AdminCall& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", 20, kRecentMax);
  const auto payload = call.number("payload", 0, 1);
  const auto newest = call.number("newest", 0, 1);
  const auto filter = call.query.find("filter");
  if (!after) return call.wrong("after", "a message's number");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  if (!payload) return call.wrong("payload", "0 or 1");
  if (!newest) return call.wrong("newest", "0 or 1");
  if (filter != call.query.end() && !core::is_valid_topic_filter(filter->second))
    return call.wrong("filter", "an MQTT topic filter such as plant/+/temperature or #");
  const Recorder& recorder = call.hub.recorder();
  const bool filters = filter != call.query.end();
  const size_t looked_at = filters ? kRecentMax : *count;
  const auto page = *newest == 1 ? recorder.newest(looked_at) : recorder.behind(*after, looked_at);
  Json messages = Json::array();
  uint64_t next = 0;
  uint64_t bytes = 0;
  for (const Recorded& one : page) {
    if (bytes > kRecentBytesMax || (*newest == 0 && messages.size() == *count)) break;
    next = one.number;
    if (filters && !core::topic_matches(filter->second, one.message->topic)) continue;
    messages.push_back(recorded_json(one, *payload == 1));
    bytes += one.message->body.size();
    if (messages.size() > *count) messages.erase(messages.begin());  // the newest are wanted
  }
  const AdminResponse all = answer_json(
      {{"basis", basis_json(recorder.coverage())}, {"messages", std::move(messages)}, {"next", next}});
  return answer(without_hidden(all.body, call.sight()));
}

AdminReply get_events(const AdminCall& call) {
  EventFilter filter;
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", filter.count, kRecentMax);
  if (!after) return call.wrong("after", "an event's number");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  filter.after = *after;
  filter.count = *count;
  if (const auto event = call.query.find("event"); event != call.query.end()) filter.event = event->second;
  if (const auto level = call.query.find("level"); level != call.query.end()) {
    const auto known = core::log_level_named(level->second);
    if (!known) return call.wrong("level", "debug, info, warn or error");
    filter.level = *known;
  }
  const LogEvents found = call.hub.events(filter);
  Json events = Json::array();
  for (const LogEvent& event : found.events) events.push_back(event_json(event));
  return answer_json({{"events", std::move(events)}, {"next", found.next}, {"forgotten", found.forgotten}});
}

AdminReply post_replay_routes(const AdminCall& call) {
  const auto since_s = call.number("since_s", kSinceMax, kSinceMax);
  const auto whole = call.number("whole", 0, 1);
  if (!since_s) return call.wrong("since_s", "seconds up to a year");
  if (!whole) return call.wrong("whole", "0 or 1");
  RecordedRun request;
  if (!call.request.body.empty())
    request.routes = routing::parse_route_text(call.request.body, "request").routes;
  request.whole = *whole == 1;
  request.since_ms = call.hub.now().wall_ms - static_cast<int64_t>(*since_s) * 1000;
  request.user = call.request.caller.user;
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.replay(request, [done = std::move(done)](const core::Result<RecordedMatches>& report) {
      done(replay_answer(report));
    });
  }};
}

}  // namespace headgate::hub
