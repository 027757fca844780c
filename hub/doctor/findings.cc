#include "hub/doctor/findings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text/human.h"
#include "core/time/iso8601.h"

namespace headgate::hub {
namespace {

using core::counted;
using core::human_bytes;

using Json = nlohmann::ordered_json;
using Findings = std::vector<Finding>;

constexpr int64_t kDayOfHubMs = 86'400'000;
constexpr int64_t kAwayDays = 7;
constexpr int64_t kStoppedMs = 10'000;   // a reader that took messages before has stopped
constexpr uint64_t kQuietAfterS = 3600;  // a route that is younger has had no chance
constexpr size_t kNamesShown = 5;

// A field that is missing, or of another type, is the empty value.
const Json& member_of(const Json& json, std::string_view field) {
  static const Json kNone;
  const auto found = json.is_object() ? json.find(field) : json.end();
  return json.is_object() && found != json.end() ? *found : kNone;
}

std::string text_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_string() ? value.get<std::string>() : std::string();
}

uint64_t number_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_number() ? value.get<uint64_t>() : 0;
}

bool flag_of(const Json& json, std::string_view field) {
  const Json& value = member_of(json, field);
  return value.is_boolean() && value.get<bool>();
}

int64_t wall_time_of(const Json& json, std::string_view field) {
  return static_cast<int64_t>(number_of(json, field));
}

std::string days(int64_t span_ms) { return std::to_string(span_ms / kDayOfHubMs) + " days"; }

void store(const Json& status, Findings& found) {
  const Json& store = member_of(status, "store");
  if (const std::string error = text_of(store, "error"); !error.empty())
    found.push_back({Severity::error, "store", text_of(status, "data_dir"),
                     "the store does not write: " + error,
                     "see The disk in docs/operations.md; publishers are refused until then"});
  if (flag_of(member_of(store, "disk"), "low"))
    found.push_back({Severity::error, "disk", text_of(status, "data_dir"),
                     "too little is free: " + human_bytes(number_of(member_of(store, "disk"), "free_bytes")) +
                         ", and messages are refused",
                     "make room; the hub goes on by itself at " +
                         human_bytes(number_of(member_of(store, "disk"), "resume_bytes"))});
}

// Without the text that it points at, which headgate route check shows.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void route(const Json& it, uint64_t uptime_s, Findings& found) {
  const std::string name = text_of(it, "name");
  if (const std::string error = text_of(it, "error"); !error.empty())
    return found.push_back(
        {Severity::error, "routes", name,
         (flag_of(it, "kept") ? "is wrong in its file, and the last good version is in force: "
                              : "is not in force: ") +
             first_line(error),
         "mend it in " + text_of(it, "file") + " and headgate reload"});
  const bool quiet = flag_of(it, "active") && number_of(it, "matched") == 0 && uptime_s >= kQuietAfterS;
  if (!quiet || !member_of(it, "shadow").is_null()) return;
  const uint64_t evaluated = number_of(it, "evaluated");
  const uint64_t undecided = number_of(it, "undefined") + number_of(it, "unreadable");
  found.push_back(
      {Severity::warning, "routes", name,
       evaluated == 0  ? "no message has come from where it takes them"
       : undecided > 0 ? "has matched none of " + std::to_string(evaluated) + " messages; for " +
                             std::to_string(undecided) + " its condition had no value"
                       : "has matched none of " + std::to_string(evaluated) + " messages",
       evaluated == 0 ? "compare its FROM with headgate tail"
                      : "headgate tail --payload --json > sample, and headgate route test FILE --in sample"});
}

const Json& named(const Json& list, const std::string& name) {
  static const Json kNone;
  const auto found = std::ranges::find_if(list, [&](const Json& it) { return text_of(it, "name") == name; });
  return found == list.end() ? kNone : *found;
}

// Grown between two looks, and nothing went out.
bool grows(const Json& before, const Json& after) {
  return number_of(after, "waiting") > number_of(before, "waiting") &&
         number_of(after, "delivered") == number_of(before, "delivered");
}

void queue(const Json& before, const Json& after, int64_t now_ms, Findings& found) {
  const std::string name = text_of(after, "name");
  if (flag_of(after, "paused"))
    return found.push_back(
        {Severity::warning, "queues", name,
         "is paused: it hands out nothing of its " + counted(number_of(after, "waiting"), "message"),
         "headgate queue resume " + name});
  if (name.starts_with("$dead") || name.starts_with("$history") || number_of(after, "waiting") == 0) return;
  const int64_t age_ms = now_ms - wall_time_of(after, "oldest_ms");
  const bool stale = wall_time_of(after, "oldest_ms") > 0 && age_ms > kDayOfHubMs;
  const bool unread = number_of(after, "delivered") == 0 || age_ms > kStoppedMs;
  if (!stale && !(grows(before, after) && unread)) return;
  const std::string waiting = std::to_string(number_of(after, "waiting")) + " messages, " +
                              human_bytes(number_of(after, "waiting_bytes")) + ", wait";
  const std::string todo =
      name.starts_with("$upstream")
          ? "headgate upstream status says why; headgate upstream forecast until when"
          : "see in headgate client ls whether its client or module is there; have it connect or read, or "
            "headgate client kick it; or end the queue: headgate queue purge, or take its route away";
  found.push_back({Severity::warning, "queues", name,
                   stale ? waiting + ", the oldest for " + days(age_ms)
                         : waiting + ", more each second, and nobody takes any",
                   todo});
}

void queues(const HubAnswers& hub, int64_t now_ms, Findings& found) {
  const Json& before = member_of(hub.queues, "queues");
  for (const Json& after : member_of(hub.queues_later, "queues"))
    queue(named(before, text_of(after, "name")), after, now_ms, found);
  const Json& dead = named(member_of(hub.queues_later, "queues"), "$dead");
  if (const uint64_t letters = number_of(dead, "waiting"); letters > 0)
    found.push_back({Severity::warning, "queues", "$dead",
                     counted(letters, "dead letter") + ", which nobody could take",
                     "headgate dlq ls; then dlq replay or dlq purge"});
}

void client(const Json& it, int64_t now_ms, Findings& found) {
  const int64_t since_ms = wall_time_of(it, "since_ms");
  const bool away = !flag_of(it, "connected") && flag_of(it, "persistent") && since_ms > 0;
  if (!away || now_ms - since_ms <= kAwayDays * kDayOfHubMs) return;
  const std::string id = text_of(it, "client_id");
  found.push_back({Severity::warning, "sessions", id,
                   "has been away for " + days(now_ms - since_ms) + ", and " +
                       std::to_string(number_of(it, "queued_messages")) + " messages wait for it",
                   "headgate session rm " + id + ", and limits.session_expiry_s_max for all"});
}

void link(const Json& it, Findings& found) {
  const std::string state = text_of(it, "state");
  const std::string error = text_of(it, "last_error");
  if (state == "connected" || error.empty()) return;
  found.push_back(
      {flag_of(it, "hopeless") ? Severity::error : Severity::warning, "link", text_of(it, "name"),
       "is not connected to " + text_of(it, "host") + ":" + std::to_string(number_of(it, "port")) +
           "; the last error: " + error,
       flag_of(it, "hopeless")
           ? "mend the user, the password or the certificate of the link; it is refused until then"
           : "see whether that address is up and can be reached from here; what waits is kept, and goes by itself "
             "then"});
}

void upstream(const HubAnswers& hub, Findings& found) {
  for (const Json& it : member_of(hub.upstream, "links")) link(it, found);
  const Json& up = member_of(hub.status, "upstream");
  if (number_of(up, "unheard_since_ms") > 0)
    found.push_back({Severity::warning, "link", text_of(up, "unheard_topic"),
                     "nobody subscribes to it at the broker, so that nothing is sent",
                     "start the consumer upstream, or upstream.no_subscriber \"deliver\""});
  if (const uint64_t again = number_of(up, "batches_sent_again"); again > 0)
    found.push_back({Severity::warning, "broker", text_of(up, "host"),
                     std::to_string(again) +
                         " batches that the broker had taken were missing at their consumer and sent again",
                     "the broker loses what it acknowledges: turn its persistence on"});
}

void refused_identity(const Json& it, Findings& found) {
  const std::string why = text_of(it, "last_refusal");
  if (why.empty() || flag_of(it, "connected")) return;
  const std::string id = text_of(it, "id");
  found.push_back(
      {Severity::warning, "identities", id,
       "is not let in: " + why + "; refused " + std::to_string(number_of(it, "refused")) +
           " times, the last " + core::iso8601_text(wall_time_of(it, "last_refused_ms")),
       "compare what it has with headgate identity connection-string " + id + " and headgate identity ls"});
}

// A list of names that fits into a line.
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    text.append(i == 0 ? "" : ", ").append(names[i]);
  if (names.size() > kNamesShown) text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  return text;
}

// Names them in one finding: refused ones have their own, and a hub that was just started has had no time to see them.
void unseen_identities(const Json& identities, uint64_t uptime_s, Findings& found) {
  std::vector<std::string> unseen;
  for (const Json& it : identities)
    if (flag_of(it, "enabled") && !flag_of(it, "seen") && text_of(it, "last_refusal").empty())
      unseen.push_back(text_of(it, "id"));
  if (unseen.empty() || uptime_s < kQuietAfterS) return;
  found.push_back(
      {Severity::warning, "identities",
       std::to_string(unseen.size()) + (unseen.size() == 1 ? " identity" : " identities"),
       "never came in: " + some_of(unseen),
       "start them with what headgate identity connection-string prints, or take them out: headgate "
       "identity rm"});
}

void identities(const HubAnswers& hub, Findings& found) {
  const Json& all = member_of(hub.identities, "identities");
  if (all.empty()) return;
  if (number_of(hub.status, "clock_unsynced") != 0)
    found.push_back(
        {Severity::warning, "clock", "tokens and certificates",
         "while the clock is not known to be right their ends are not enforced: who comes with one that has "
         "expired is let in, and logged (token_expiry_ignored)",
         "have a time service run: timedatectl set-ntp true"});
  for (const Json& it : all) refused_identity(it, found);
  unseen_identities(all, number_of(hub.status, "uptime_s"), found);
}

}  // namespace

std::vector<Finding> examine(const HubAnswers& hub) {
  Findings found;
  const int64_t now_ms = wall_time_of(hub.status, "now_ms");
  store(hub.status, found);
  upstream(hub, found);
  for (const Json& it : member_of(hub.routes, "routes")) route(it, number_of(hub.status, "uptime_s"), found);
  queues(hub, now_ms, found);
  for (const Json& it : member_of(hub.clients, "clients")) client(it, now_ms, found);
  identities(hub, found);
  return found;
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

}  // namespace headgate::hub
