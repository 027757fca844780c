#include "hub/edge/twins/keeper.h"

#include <ctime>
#include <memory>
#include <utility>

#include "core/text.h"
#include "core/text/json_string.h"
#include "hub/edge/topics.h"
#include "hub/engine/durable_waits.h"
#include "routing/language/route_source.h"

namespace headgate::hub {
namespace {

constexpr unsigned kRefused = 400;
constexpr unsigned kTooMany = 429;
constexpr unsigned kUnavailable = 503;

// IoT Hub's numbers.
unsigned error_code_of(unsigned status) {
  switch (status) {
    case kRefused:
      return 400004;
    case kTooMany:
      return 429001;
    default:
      return 503001;
  }
}

std::string twin_key(const EdgeId& id) { return "twin/" + id.id(); }

std::string utc_text(int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1'000;
  std::tm time{};
  gmtime_r(&seconds, &time);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &time));
  return text;
}

}  // namespace

std::string twin_refusal(unsigned status, std::string_view why, uint64_t tracking, int64_t wall_ms) {
  std::string body = "{\"errorCode\":" + std::to_string(error_code_of(status)) + ",\"trackingId\":\"" +
                     std::to_string(tracking) + "\",\"message\":";
  core::append_json_string(body, why);
  return body.append(",\"timestampUtc\":\"").append(utc_text(wall_ms)).append("\"}");
}

core::MessagePtr twin_change(const EdgeId& from, std::string_view patch, core::Now now) {
  constexpr const char* kType = "twinChangeNotification";
  auto change = std::make_shared<core::Message>();
  change->topic = std::string(routing::kTwinChangePrefix) + from.id();
  change->body = patch;
  core::Properties with;
  with.content_type = "application/json";
  with.content_encoding = "utf-8";
  with.user = {{"messageType", kType}, {"$.schema", kType}};
  change->properties = std::make_shared<const core::Properties>(std::move(with));
  change->source = std::make_shared<const core::Source>(core::Source{from.id(), from.device, from.module});
  change->arrived_ms = now.wall_ms;
  change->arrived_hub_ms = now.hub_ms;
  change->qos = 1;
  return change;
}

// ---- of clients ----

void TwinKeeper::get(const EdgeId& from, std::string_view rid, core::Now now) {
  if (const auto open = open_.find(from); open != open_.end()) {
    if (open->second.waiting() >= kWaitingMax)
      return refuse(from, rid, kTooMany, "too many requests wait for this twin", now);
    // Waits for the client's own patches, and is told what they made.
    Open& twin = open->second;
    (twin.next.empty() ? twin.in_flight : twin.next).push_back({Waiting::Kind::get, std::string(rid)});
    return;
  }
  auto text = twin(from);
  if (!text) return refuse(from, rid, kUnavailable, text.error().what, now);
  ++counts_.reads;
  parts_.clients.send(from, twin_answer_topic(from, 200, rid), *std::move(text), now);
}

void TwinKeeper::report(const EdgeId& from, std::string_view rid, std::string_view patch, core::Now now) {
  const auto open = opened(from);
  if (!open) return refuse(from, rid, kUnavailable, open.error().what, now);
  Open& twin = (*open)->second;
  if (twin.waiting() >= kWaitingMax)
    return refuse(from, rid, kTooMany, "too many patches of this twin wait", now);
  if (const auto merged = twin.document.report(patch); !merged) {
    close_unless_written(*open);
    return refuse(from, rid, kRefused, merged.error().what, now);
  }
  const core::MessagePtr change = publish_ ? twin_change(from, patch, now) : nullptr;
  keep(*open, {Waiting::Kind::report, std::string(rid), twin.document.reported_version(), change});
}

void TwinKeeper::refuse(const EdgeId& from, std::string_view rid, unsigned status, std::string_view why,
                        core::Now now) {
  ++(status == kRefused ? counts_.refused : status == kTooMany ? counts_.throttled : counts_.failed);
  if (rid.empty()) return;
  const uint64_t tracking = counts_.refused + counts_.throttled + counts_.failed;
  parts_.clients.send(from, twin_answer_topic(from, status, rid),
                      twin_refusal(status, why, tracking, now.wall_ms), now);
}

// ---- of an operator ----

core::Result<std::string> TwinKeeper::twin(const EdgeId& id) const {
  auto text = parts_.store.get(twin_key(id));
  if (!text && text.error().code == core::Errc::not_found) return TwinDocument().text();
  return text;
}

void TwinKeeper::patch_desired(const EdgeId& id, std::string_view patch, EdgeVerbs::OnTwin done) {
  change_desired(id, std::move(done),
                 [patch](TwinDocument& twin) -> core::Result<std::optional<TwinDocument::Push>> {
                   auto push = twin.patch_desired(patch);
                   if (!push) return core::fail(push.error());
                   return std::optional(*std::move(push));
                 });
}

void TwinKeeper::set_desired(const EdgeId& id, std::string_view properties, EdgeVerbs::OnTwin done) {
  change_desired(id, std::move(done),
                 [properties](TwinDocument& twin) { return twin.set_desired(properties); });
}

void TwinKeeper::remove(const EdgeId& id,
                        const std::function<void(const core::Result<bool>& removed)>& done) {
  if (open_.contains(id))
    return done(core::fail(core::Errc::unavailable, "a change of the twin is being written; ask again"));
  const auto text = parts_.store.get(twin_key(id));
  if (!text && text.error().code == core::Errc::not_found) return done(false);
  const store::KeyValue value{twin_key(id), std::nullopt};
  const auto seq = parts_.store.commit({.values = {&value, 1}, .must_sync = true});
  if (!seq) return done(core::fail(seq.error()));
  parts_.waits.wait(*seq, [done](bool durable) {
    if (durable) return done(true);
    done(core::fail(core::Errc::unavailable, "the store takes no writes now; ask again"));
  });
}

void TwinKeeper::change_desired(
    const EdgeId& id, EdgeVerbs::OnTwin done,
    const std::function<core::Result<std::optional<TwinDocument::Push>>(TwinDocument&)>& change) {
  const auto open = opened(id);
  if (!open) return done(core::fail(open.error()));
  auto push = change((*open)->second.document);
  if (!push) {
    close_unless_written(*open);
    return done(core::fail(push.error()));
  }
  keep(*open, {Waiting::Kind::desired, {}, 0, nullptr, *std::move(push), std::move(done)});
}

// ---- of the hub itself ----

void TwinKeeper::set_reported(const EdgeId& id, std::string_view properties, EdgeVerbs::OnTwin done) {
  const auto open = opened(id);
  if (!open) return done(core::fail(open.error()));
  const auto changed = (*open)->second.document.set_reported(properties);
  if (changed && *changed) return keep(*open, {Waiting::Kind::own, {}, 0, nullptr, {}, std::move(done)});
  close_unless_written(*open);
  done(changed ? twin(id) : core::fail(changed.error()));
}

// ---- changes on their way ----

core::Result<TwinDocument> TwinKeeper::load(const EdgeId& id) const {
  const auto text = parts_.store.get(twin_key(id));
  if (text) return TwinDocument::read(*text);
  if (text.error().code == core::Errc::not_found) return TwinDocument();
  return core::fail(text.error());
}

core::Result<TwinKeeper::Twins::iterator> TwinKeeper::opened(const EdgeId& id) {
  if (const auto known = open_.find(id); known != open_.end()) return known;
  auto document = load(id);
  if (!document) return core::fail(document.error());
  return open_.emplace(id, Open{*std::move(document), {}, {}, {}}).first;
}

// Nothing came of what it was opened for.
void TwinKeeper::close_unless_written(Twins::iterator twin) {
  if (twin->second.waiting() == 0) open_.erase(twin);
}

void TwinKeeper::keep(Twins::iterator twin, Waiting waiting) {
  twin->second.next.push_back(std::move(waiting));
  if (twin->second.in_flight.empty()) write(EdgeId(twin->first));
}

void TwinKeeper::write(const EdgeId& id) {
  Open& twin = open_.find(id)->second;
  twin.in_flight = std::exchange(twin.next, {});
  twin.written = twin.document.text();
  const store::KeyValue value{twin_key(id), twin.written};
  const auto seq = store_changes(twin, value);
  if (!seq) return on_lost(id, seq.error());
  parts_.waits.wait(*seq, [this, id](bool durable) {
    if (durable) return on_written(id);
    on_lost(id, {core::Errc::unavailable, "the store takes no writes now; ask again"});
  });
}

// Undone if it is lost: whoever asked is told so, and asks again. The twin is stored with the last of the messages, so that
// routes may have had some of them before, but never miss one.
core::Result<store::Seq> TwinKeeper::store_changes(const Open& twin, const store::KeyValue& value) {
  std::vector<core::MessagePtr> changes;
  for (const Waiting& one : twin.in_flight)
    if (one.change) changes.push_back(one.change);
  if (changes.empty()) return parts_.store.commit({.values = {&value, 1}, .must_sync = true});
  for (size_t i = 0; i + 1 < changes.size(); ++i)
    if (auto seq = publish_(changes[i], {}); !seq) return seq;
  return publish_(changes.back(), {&value, 1});
}

void TwinKeeper::on_lost(const EdgeId& id, const core::Error& error) {
  const auto twin = open_.find(id);
  if (twin == open_.end()) return;
  const core::Now now = parts_.clock.now();
  Open lost = std::move(twin->second);
  open_.erase(twin);
  for (Waiting& one : lost.in_flight) fail(id, one, error, now);
  for (Waiting& one : lost.next) fail(id, one, error, now);
}

void TwinKeeper::on_written(const EdgeId& id) {
  const auto twin = open_.find(id);
  if (twin == open_.end()) return;
  const core::Now now = parts_.clock.now();
  std::vector<Waiting> told = std::exchange(twin->second.in_flight, {});
  const std::string text = twin->second.written;
  if (twin->second.next.empty()) {
    open_.erase(twin);
  } else {
    write(id);
  }
  for (Waiting& one : told) tell(id, one, text, now);
}

void TwinKeeper::tell(const EdgeId& id, Waiting& waiting, const std::string& text, core::Now now) {
  switch (waiting.kind) {
    case Waiting::Kind::get:
      ++counts_.reads;
      parts_.clients.send(id, twin_answer_topic(id, 200, waiting.rid), text, now);
      return;
    case Waiting::Kind::report:
      ++counts_.reports;
      if (!waiting.rid.empty())
        parts_.clients.send(id, reported_topic(id, waiting.rid, waiting.version), {}, now);
      return;
    case Waiting::Kind::own:
      return waiting.done(text);
    case Waiting::Kind::desired:
      break;
  }
  ++counts_.desired;
  if (waiting.push && parts_.clients.is_subscribed(id, desired_filter(id)) &&
      parts_.clients.send(id, desired_topic(id, waiting.push->version), std::move(waiting.push->body), now))
    ++counts_.pushed;
  waiting.done(text);
}

void TwinKeeper::fail(const EdgeId& id, Waiting& waiting, const core::Error& error, core::Now now) {
  const unsigned status = error.code == core::Errc::full ? kTooMany : kUnavailable;
  if (!waiting.done) return refuse(id, waiting.rid, status, error.what, now);
  ++counts_.failed;
  waiting.done(core::fail(error));
}

}  // namespace headgate::hub
