#include "store/report/inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base64.h"
#include "core/topic.h"
#include "store/dead_letter.h"

namespace headgate::store {
namespace {

using Json = nlohmann::ordered_json;

// Names and topics are UTF-8 by contract; a damaged store must not make inspection fail.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json priority_of(size_t lane) { return lane == kDefaultLane ? Json(nullptr) : Json(lane); }

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::delivered:
      return "delivered";
    case Outcome::expired:
      return "expired";
    case Outcome::dropped:
      return "dropped";
    case Outcome::dead:
      break;
  }
  return "dead";
}

Json limits_of(const QueuePolicy& policy) {
  return {{"messages_max", policy.messages_max},
          {"bytes_max", policy.bytes_max},
          {"age_max_ms", policy.age_max_ms},
          {"on_full", to_string(policy.on_full)}};
}

Json lanes_of(QueueReader& reader, const QueueStats& stats, core::Now now) {
  Json lanes = Json::array();
  for (size_t i = 0; i < stats.lanes.size(); ++i) {
    const LaneStats& lane = stats.lanes[i];
    if (lane.waiting == 0) continue;
    lanes.push_back(
        {{"lane", i},
         {"priority", priority_of(i)},
         {"waiting", lane.waiting},
         {"waiting_bytes", lane.waiting_bytes},
         {"oldest_ms", core::wall_time_of(reader.oldest_ms(stats.id, static_cast<uint8_t>(i)), now)}});
  }
  return lanes;
}

int64_t oldest_ms(const Json& lanes) {
  int64_t oldest = 0;
  for (const Json& lane : lanes) {
    const int64_t oldest_here = lane["oldest_ms"];
    if (oldest_here != 0 && (oldest == 0 || oldest_here < oldest)) oldest = oldest_here;
  }
  return oldest;
}

Json gaps_of(const QueueReader& reader, QueueId queue) {
  Json gaps = Json::array();
  for (const Gap& gap : reader.gaps(queue)) {
    gaps.push_back({{"from", gap.from},
                    {"to", gap.to},
                    {"count", gap.count},
                    {"why", gap.goes_on() ? "folded" : outcome_name(gap.why)}});
    if (gap.goes_on()) gaps.back()["into"] = {gap.into_from, gap.into_to};
  }
  return gaps;
}

Json queue_of(QueueReader& reader, QueueId queue, core::Now now) {
  const QueueStats& stats = reader.stats(queue);
  Json lanes = lanes_of(reader, stats, now);
  return {{"name", stats.name},
          {"id", stats.id},
          {"in", stats.in},
          {"delivered", stats.delivered},
          {"waiting", stats.waiting()},
          {"expired", stats.expired},
          {"dropped", stats.dropped},
          {"dead", stats.dead},
          {"waiting_bytes", stats.waiting_bytes()},
          {"oldest_ms", oldest_ms(lanes)},
          {"limits", limits_of(stats.policy)},
          {"refused", stats.refused},
          {"paused", stats.attributes.paused},
          {"lanes", std::move(lanes)},
          {"gaps", gaps_of(reader, queue)}};
}

void add_text(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

void add_base64(Json& json, const char* name, const std::string& bytes) {
  if (bytes.empty()) return;
  std::string base64;
  core::append_base64(base64, bytes);
  json[name] = std::move(base64);
}

void add_payload(Json& json, const std::string& body) {
  if (core::is_valid_utf8(body))
    json["payload"] = body;
  else
    add_base64(json, "payload_base64", body);
}

void add_message(Json& json, const core::Message& message, bool payload) {
  json["topic"] = message.topic;
  json["qos"] = message.qos;
  json["retain"] = message.retain;
  json["arrived_ms"] = message.arrived_ms;
  json["body_bytes"] = message.body.size();
  if (message.source) {
    add_text(json, "client", message.source->client_id);
    add_text(json, "device", message.source->device);
    add_text(json, "module", message.source->module);
  }
  const core::Properties& props = message.props();
  add_text(json, "content_type", props.content_type);
  add_text(json, "content_encoding", props.content_encoding);
  add_text(json, "response_topic", props.response_topic);
  for (const core::UserProperty& property : props.user) {
    json["properties"].push_back(Json::array({property.name, property.value}));
  }
  if (payload) add_payload(json, message.body);
}

Json entry_of(const Entry& entry, uint8_t lane, bool payload, core::Now now) {
  Json json = {{"seq", entry.seq},
               {"lane", lane},
               {"priority", priority_of(lane)},
               {"expires_ms", core::wall_time_of(entry.expires_ms, now)}};
  add_message(json, *entry.message, payload);
  return json;
}

Json letter_of(const Entry& entry, bool payload, core::Now now) {
  const auto known = decode_dead_letter(entry.tag);
  DeadLetter letter;
  letter.death.reason = known ? "" : known.error().what;
  if (known) letter = *known;
  const Death& death = letter.death;
  Json json = {{"seq", entry.seq},
               {"died_ms", death.at_ms},
               {"reason", death.reason},
               {"attempts", death.attempts},
               {"first_error", death.first_error},
               {"first_error_ms", death.first_error_ms},
               {"last_error", death.last_error},
               {"last_error_ms", death.last_error_ms},
               {"from",
                {{"queue", letter.queue},
                 {"lane", letter.lane},
                 {"priority", priority_of(letter.lane)},
                 {"seq", letter.seq},
                 {"expires_ms", core::wall_time_of(letter.expires_ms, now)}}}};
  add_message(json, *entry.message, payload);
  return json;
}

core::Result<std::vector<Entry>> letters_after(QueueReader& reader, Seq after, size_t count, core::Now now) {
  const auto dead = find_dead_queue(reader);
  if (!dead) return std::vector<Entry>();
  return reader.read(*dead, kDefaultLane, after, {count, kPeekBytesMax}, now);
}

core::Result<QueueId> find(const QueueReader& reader, std::string_view name) {
  if (const auto queue = reader.find_queue(name)) return *queue;
  return core::fail(core::Errc::not_found, "there is no queue \"" + std::string(name) + "\"");
}

// Adds up to `count` messages of a lane; takes what it added off the budgets.
core::Status peek_lane(QueueReader& reader, QueueId queue, uint8_t lane, const PeekRequest& request,
                       ReadLimit& budget, core::Now now, Json& messages) {
  const auto entries = reader.read(queue, lane, request.after, budget, now);
  if (!entries) return core::fail(entries.error());
  for (const Entry& entry : *entries) {
    messages.push_back(entry_of(entry, lane, request.payload, now));
    budget.bytes -= std::min(budget.bytes, entry.message->body.size());
  }
  budget.messages -= std::min(budget.messages, entries->size());
  return {};
}

}  // namespace

std::string queues_json(QueueReader& reader, core::Now now) {
  Json queues = Json::array();
  for (const QueueId queue : reader.queues()) queues.push_back(queue_of(reader, queue, now));
  std::sort(queues.begin(), queues.end(), [](const Json& a, const Json& b) { return a["name"] < b["name"]; });
  return dump({{"queues", std::move(queues)}});
}

core::Result<std::string> queue_json(QueueReader& reader, std::string_view name, core::Now now) {
  const auto queue = find(reader, name);
  if (!queue) return core::fail(queue.error());
  return dump(queue_of(reader, *queue, now));
}

core::Result<std::string> peek_json(QueueReader& reader, std::string_view name, const PeekRequest& request,
                                    core::Now now) {
  const auto queue = find(reader, name);
  if (!queue) return core::fail(queue.error());
  Json messages = Json::array();
  ReadLimit budget{std::min(request.count, kPeekCountMax), kPeekBytesMax};
  for (uint8_t lane = 0; lane < kLaneCount && budget.messages > 0 && budget.bytes > 0; ++lane) {
    if (request.lane.value_or(lane) != lane) continue;
    const core::Status peeked = peek_lane(reader, *queue, lane, request, budget, now, messages);
    if (!peeked) return core::fail(peeked.error());
  }
  return dump({{"queue", name}, {"messages", std::move(messages)}});
}

core::Result<std::string> dead_letters_json(QueueReader& reader, Seq after, size_t count, core::Now now) {
  const auto entries = letters_after(reader, after, std::min(count, kPeekCountMax), now);
  if (!entries) return core::fail(entries.error());
  Json letters = Json::array();
  for (const Entry& entry : *entries) letters.push_back(letter_of(entry, false, now));
  Seq next = entries->empty() ? 0 : entries->back().seq;
  if (next != 0) {
    const auto more = letters_after(reader, next, 1, now);
    if (more && more->empty()) next = 0;
  }
  return dump({{"dead_letters", std::move(letters)}, {"next", next}});
}

core::Result<std::string> dead_letter_json(QueueReader& reader, Seq seq, bool payload, core::Now now) {
  const auto entries = letters_after(reader, seq == 0 ? 0 : seq - 1, 1, now);
  if (!entries) return core::fail(entries.error());
  if (entries->empty() || entries->front().seq != seq)
    return core::fail(core::Errc::not_found, "there is no dead letter " + std::to_string(seq));
  return dump(letter_of(entries->front(), payload, now));
}

std::string letter_json(const Entry& entry, bool payload, core::Now now) {
  return dump(letter_of(entry, payload, now));
}

std::string entry_json(const Entry& entry, uint8_t lane, bool payload, core::Now now) {
  return dump(entry_of(entry, lane, payload, now));
}

std::string export_json(const Entry& entry, uint8_t lane, core::Now now) {
  const core::Message& message = *entry.message;
  Json json = entry_of(entry, lane, true, now);
  add_base64(json, "correlation_base64", message.props().correlation_data);
  if (message.props().payload_is_utf8) json["payload_utf8"] = true;
  add_base64(json, "tag_base64", entry.tag);
  if (message.hops != 0) json["hops"] = message.hops;
  if (message.expires_ms != 0) json["publisher_expires_ms"] = core::wall_time_of(message.expires_ms, now);
  return dump(json);
}

std::string message_json(const core::Message& message, bool payload) {
  Json json = Json::object();
  add_message(json, message, payload);
  return dump(json);
}

}  // namespace headgate::store
