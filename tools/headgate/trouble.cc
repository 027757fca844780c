#include "tools/headgate/trouble.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kRecentMs = 10 * 60 * 1000;

int64_t time_of(const Json& json, std::string_view field) {
  return static_cast<int64_t>(number_of(json, field));
}

std::string since(int64_t unix_ms) { return unix_ms == 0 ? "" : " since " + iso_time(unix_ms); }

void append(std::string& line, const std::string& item) {
  if (!item.empty()) line += (line.empty() ? "" : "; ") + item;
}

// Counts of one kind by reason, of those that are recent or of the others.
struct Tally {
  uint64_t sum = 0;
  std::string reasons;
  int64_t last_ms = 0;

  void add(std::string_view reason, uint64_t count, int64_t at_ms) {
    sum += count;
    last_ms = std::max(last_ms, at_ms);
    if (!reason.empty())
      reasons +=
          (reasons.empty() ? "" : ", ") + printable(reason_in_words(reason)) + " " + std::to_string(count);
  }
  // "2 connections refused (not authorized 2), last at 2026-11-22T12:47:30.158Z"; empty if there are none.
  [[nodiscard]] std::string text(std::string_view what) const {
    if (sum == 0) return "";
    return std::to_string(sum) + " " + std::string(what) + (reasons.empty() ? "" : " (" + reasons + ")") +
           (last_ms == 0 ? "" : ", last at " + iso_time(last_ms));
  }
};

class Collector {
 public:
  explicit Collector(const Json& status) : status_(status), now_ms_(time_of(status, "now_ms")) {}

  // `counts` by reason, and when each last grew.
  void add(const Json& counts, const Json& last_ms, std::string_view what) {
    if (!counts.is_object()) return;
    Tally recent;
    Tally past;
    for (const auto& [reason, unused] : counts.items()) add(reason, counts, reason, last_ms, recent, past);
    put(recent, past, what);
  }
  // Adds one number that has no reasons.
  void add_one(std::string_view group, std::string_view field, std::string_view what) {
    Tally recent;
    Tally past;
    add("", member_of(status_, group), field, member_of(member_of(status_, "last_ms"), group), recent, past);
    put(recent, past, what);
  }
  void add_now(const std::string& item) { append(trouble.now, item); }
  void add_past(const std::string& item) { append(trouble.past, item); }
  [[nodiscard]] bool is_recent(int64_t at_ms) const { return at_ms != 0 && now_ms_ - at_ms <= kRecentMs; }

  Trouble trouble;

 private:
  void add(std::string_view reason, const Json& counts, std::string_view field, const Json& last_ms,
           Tally& recent, Tally& past) const {
    const uint64_t count = number_of(counts, field);
    const int64_t at_ms = time_of(last_ms, field);
    if (count > 0) (is_recent(at_ms) ? recent : past).add(reason, count, at_ms);
  }
  void put(const Tally& recent, const Tally& past, std::string_view what) {
    add_now(recent.text(what));
    add_past(past.text(what));
  }

  const Json& status_;
  int64_t now_ms_;
};

// "2 clients wait for room in a queue: sensor-1 (64 publishes, not read), sensor-2 (3 publishes)"; empty: none.
std::string waiting_of(const Json& status) {
  const uint64_t waiting = number_of(member_of(status, "clients"), "waiting");
  if (waiting == 0) return "";
  const bool disk = flag_of(member_of(member_of(status, "store"), "disk"), "low");
  std::string text = counted(waiting, "client") + (waiting == 1 ? " waits" : " wait");
  text += disk ? " for room on the disk" : " for room in a queue";
  uint64_t named = 0;
  for (const Json& client : member_of(status, "waiting_clients")) {
    const bool paused = member_of(client, "paused") == true;
    const uint64_t publishes = number_of(client, "publishes");
    text += (named++ == 0 ? ": " : ", ") + printable(text_of(client, "client_id")) + " (" +
            std::to_string(publishes) + (publishes == 1 ? " publish" : " publishes") +
            (paused ? ", not read)" : ")");
  }
  if (named > 0 && named < waiting) text += " and others";
  return text;
}

// Empty if somebody subscribes upstream, as far as is known.
std::string unheard_of(const Json& upstream) {
  const std::string topic = text_of(upstream, "unheard_topic");
  if (topic.empty()) return "";
  return "since " + iso_time(static_cast<int64_t>(number_of(upstream, "unheard_since_ms"))) +
         " nobody subscribes to " + printable(topic) +
         " upstream, so messages wait: subscribe there, or set upstream.no_subscriber to \"deliver\" if rules "
         "consume there";
}

void add_conditions(Collector& found, const Json& status) {
  const Json& store = member_of(status, "store");
  if (!text_of(store, "error").empty())
    found.add_now("the store does not write" + since(time_of(store, "error_since_ms")));
  if (flag_of(member_of(store, "disk"), "low"))
    found.add_now("the disk is low" + since(time_of(member_of(store, "disk"), "low_since_ms")));
  const Json& upstream = member_of(status, "upstream");
  if (const int64_t down_ms = time_of(upstream, "down_since_ms"); down_ms != 0)
    found.add_now("the link is down" + since(down_ms));
  found.add_now(unheard_of(upstream));
  found.add_now(waiting_of(status));
  if (number_of(member_of(status, "thinning"), "short_of_room") > 0)
    found.add_now("$upstream is nearly full though old readings are folded: give it more room (maxBytes)");
  if (const uint64_t letters = number_of(store, "dead_letters"); letters > 0)
    found.add_now(counted(letters, "dead letter") + (letters == 1 ? " waits" : " wait") +
                  " (headgate dlq ls)");
  if (const uint64_t failed = number_of(member_of(status, "routes"), "failed"); failed > 0)
    found.add_now(counted(failed, "route") + (failed == 1 ? " is" : " are") +
                  " left out (headgate route ls)");
  if (const uint64_t kept = number_of(member_of(status, "routes"), "kept"); kept > 0)
    found.add_now(counted(kept, "route") + " kept in an earlier version: what is written now is broken");
}

void add_counts(Collector& found, const Json& status) {
  const Json& times = member_of(status, "last_ms");
  const Json& clients = member_of(status, "clients");
  const Json& client_times = member_of(times, "clients");
  found.add(member_of(clients, "refused"), member_of(client_times, "refused"), "connections refused");
  found.add(member_of(clients, "closed"), member_of(client_times, "closed"), "clients closed");
  found.add(member_of(status, "dropped"), member_of(times, "dropped"), "messages not delivered to clients");
  found.add(member_of(status, "lost"), member_of(times, "lost"), "messages lost in queues");
  found.add(member_of(status, "denied"), member_of(times, "denied"), "denied");
  found.add_one("upstream", "batches_returned", "own batches came back and were not routed");
  found.add_one("publishes", "refused", "publishes not stored");
  found.add_one("publishes", "not_retained", "not retained, as many are as may be");
  found.add_one("publishes", "dropped", "QoS 0 publishes without room in a queue");
}

// Takes the last error of a link that is up: it ended the connection before this one, or came on this one, such
// as a batch that was refused.
void add_error_of_link(Collector& found, const Json& upstream) {
  const std::string error = text_of(upstream, "last_error");
  if (text_of(upstream, "state") != "connected" || error.empty()) return;
  const int64_t at_ms = time_of(upstream, "last_error_ms");
  const std::string what = printable(error) + ", last at " + iso_time(at_ms);
  if (at_ms < time_of(upstream, "since_ms"))
    found.add_past("the link was down: " + what);
  else if (found.is_recent(at_ms))
    found.add_now("upstream: " + what);
  else
    found.add_past("upstream: " + what);
}

}  // namespace

std::string reason_in_words(std::string_view reason) {
  std::string words(reason);
  std::ranges::replace(words, '_', ' ');
  return words;
}

Trouble trouble_of(const Json& status) {
  Collector found(status);
  add_conditions(found, status);
  add_counts(found, status);
  add_error_of_link(found, member_of(status, "upstream"));
  return std::move(found.trouble);
}

}  // namespace headgate::tools
