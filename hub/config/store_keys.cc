// `store`: the store's options, and the limits of queues about which no route says more.
#include "core/topic.h"
#include "hub/config/key_tables.h"

namespace headgate::hub {
namespace {

using store::QueuePolicy;
using store::StoreOptions;

constexpr uint64_t kMessagesMax = 1'000'000'000'000;

// Leaves out `reject`: a client that is away must not hold back everybody who publishes.
bool is_for_sessions(std::string_view text) {
  return text != core::to_string(core::OnFull::reject) && text != core::to_string(core::OnFull::thin);
}

bool is_visible_filter(std::string_view text) {
  return core::is_valid_topic_filter(text) && !text.starts_with('$');
}

constexpr TextRule kKeptTopics = {
    is_visible_filter,
    "an MQTT topic filter such as \"plant/#\" that does not begin with $, or a list of up to 64 of them"};

constexpr TextRule kSessionOnFull = {is_for_sessions, "\"drop-newest\", \"drop-oldest\" or \"dilute\""};

auto queue(auto member) { return at(&Config::queues, &StoreLimits::queue, member); }
auto of_session(auto member) { return at(&Config::queues, &StoreLimits::session, member); }

Keys disk_keys() {
  return {
      {"store.durability", at(&Config::store, &StoreOptions::durability),
       "When a publish is acknowledged: `sync` after it is on disk, `interval:<ms>` with a sync that often "
       "(1 to 60000 ms), `memory` without one: a power cut loses what the system had not written."},
      {"store.cache_bytes", at(&Config::store, &StoreOptions::cache_bytes),
       "Memory for blocks read back from disk.", Unit::bytes, 64 * kKiB, kTiB},
      {"store.tail_bytes", at(&Config::store, &StoreOptions::tail_bytes),
       "Memory for messages just appended, from which consumers that keep up are served.", Unit::bytes, 0,
       kTiB},
      {"store.lane_mode", at(&Config::lane_mode),
       "Which priority goes out next, to modules and upstream: `strict` the best that has anything; "
       "`weighted` all in turn, priority 0 with 11 parts to 1 of messages without a priority. See "
       "configuration.md#priorities."},
      {"store.min_free_bytes", at(&Config::store, &StoreOptions::space, &store::SpaceLimits::min_free_bytes),
       "Free space on the store's file system below which no publisher's message is stored, at most an "
       "eighth of it; what sessions alone want stops before, outputs of modules later; 0 is no limit. See "
       "operations.md#the-disk.",
       Unit::bytes, 0, kTiB},
      {"store.reserve_bytes", at(&Config::store, &StoreOptions::space, &store::SpaceLimits::reserve_bytes),
       "Space set aside beside the store, at most a sixteenth of its file system, to go on with when "
       "somebody else has filled it; 0 for none.",
       Unit::bytes, 0, kTiB},
  };
}

Keys queue_keys() {
  return {
      {"store.bytes_max", at(&Config::queues, &StoreLimits::bytes_max),
       "What may wait in all queues together, counted once a queue; what a queue does then is as if it were "
       "full itself; 0 is no limit.",
       Unit::bytes, 0, kPiB},
      {"store.queue_bytes_max", queue(&QueuePolicy::bytes_max),
       "What may wait in a queue that routes lead to and give no `maxBytes`; 0 is no limit.", Unit::bytes, 0,
       kPiB},
      {"store.queue_messages_max", queue(&QueuePolicy::messages_max),
       "The same in messages, for `maxMessages`.", Unit::none, 0, kMessagesMax},
      {"store.queue_age_max_s", in_seconds(queue(&QueuePolicy::age_max_ms)),
       "How old a message may become in such a queue before it expires, for `maxAge`; 0 is no limit.",
       Unit::seconds, 0, kU32Max},
      {"store.on_full", queue(&QueuePolicy::on_full),
       "What such a queue does when it is full, for `onFull`: `reject` refuses the message, `drop-oldest` "
       "and `dilute` make room for it, `drop-newest` drops it, `thin` folds old readings of `$upstream` "
       "into sums and extremes before it is full, and does as `dilute` elsewhere. See "
       "configuration.md#queues."},
      {"store.session_bytes_max", of_session(&QueuePolicy::bytes_max),
       "What may wait for one persistent session; 0 is no limit.", Unit::bytes, 0, kPiB},
      {"store.session_messages_max", of_session(&QueuePolicy::messages_max), "The same in messages.",
       Unit::none, 0, kMessagesMax},
      {.path = "store.session_on_full",
       .slot = of_session(&QueuePolicy::on_full),
       .doc = "What happens to a message for a session that has no room: `drop-newest`, `drop-oldest` or "
              "`dilute`; a publisher is never refused for it.",
       .rule = kSessionOnFull},
      {"store.dead_bytes_max", at(&Config::queues, &StoreLimits::dead_bytes_max),
       "What the queue of dead letters may hold, and at most one letter for each KiB of it; beyond that the "
       "oldest are dropped; 0 is no limit.",
       Unit::bytes, 0, kPiB},
  };
}

Keys history_keys() {
  return {
      {.path = "history.filter",
       .slot = at(&Config::history, &HistorySettings::filters),
       .doc = "Topic filter, or a list of them, of messages that are kept for `headgate route replay`; `[]` "
              "keeps none, and drops what was kept. See operations.md#history-and-replay.",
       .max = 64,
       .rule = kKeptTopics},
      {"history.maxBytes", at(&Config::history, &HistorySettings::bytes_max),
       "What is kept at most; beyond that the oldest go.", Unit::bytes, 64 * kKiB, kPiB},
  };
}

}  // namespace

Keys store_keys() { return joined({disk_keys(), at_once(queue_keys()), at_once(history_keys())}); }

}  // namespace headgate::hub
