// Facts of a running hub that the admin API may see, as plain values. Implemented by hub::Hub and, in tests,
// by a fake. Everything is called on, and calls back on, the loop thread; nothing here changes the hub except
// reload(), apply_routes(), apply_config(), confirm_config(), apply_remote(), forget_remote(), try_routes(), use_log_levels(),
// kick_client(), remove_session() and edge().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/session/rights.h"
#include "core/clock.h"
#include "core/message.h"
#include "hub/edge/verbs.h"
#include "hub/observe/history.h"
#include "hub/observe/log_options.h"
#include "hub/observe/metric.h"
#include "hub/observe/recorder/event_ring.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/observe/recorder/route_verdict.h"
#include "hub/observe/topics/topic_list.h"
#include "routing/compute/open_window.h"
#include "routing/compute/route_counts.h"
#include "routing/files/route_file.h"
#include "routing/trial/matches.h"
#include "store/durable_store.h"
#include "store/queue_store.h"
#include "upstream/links/report.h"

namespace headgate::hub {

struct UpstreamStatus {
  std::string state;  // "off" | "connecting" | "connected" | "waiting"
  std::string host;
  uint16_t port = 0;
  std::string last_error;
  int64_t retry_in_ms = 0;  // until the next attempt, when waiting
  // Unix times; 0: it was or is not so.
  int64_t since_ms = 0;  // of `state`
  int64_t last_error_ms = 0;
  int64_t down_since_ms = 0;
  // Topic that nobody subscribes to, so that what waits stays, and since when (Unix time); empty, 0: none is known.
  std::string unheard_topic;
  int64_t unheard_since_ms = 0;
};

// Denials for lack of a right, since start.
struct DeniedCounts {
  uint64_t publish = 0;
  uint64_t subscribe = 0;
  uint64_t receive = 0;  // messages not delivered that a subscription matches

  friend bool operator==(const DeniedCounts&, const DeniedCounts&) = default;
};

// A client whose publishes wait for room in a queue.
struct WaitingClient {
  std::string client_id;
  uint64_t publishes = 0;
  uint64_t bytes = 0;
  bool paused = false;  // it is not read
};

// Outcome of the last reload, and of the looks at route files since. Each text is for the operator.
struct ReloadReport {
  int64_t at_ms = 0;                  // Unix time; 0: nothing was reloaded since the start
  uint64_t active = 0;                // routes in force
  std::vector<std::string> took;      // what is in force now and was not before
  std::vector<std::string> kept;      // what stays in force as it was, because the new is broken or worse
  std::vector<std::string> left_out;  // what is broken, and there is none in force that could stay
  std::vector<std::string> needs_restart;  // keys whose new values are not in force
};

// Who the hub is and how it does, but for numbers: those are metrics (status_readings()).
struct HubStatus {
  std::string version;
  std::string hub_id;
  std::string epoch;
  std::string data_dir;
  std::string durability;              // as the config writes it
  int64_t started_ms = 0;              // Unix time
  std::vector<std::string> listeners;  // "127.0.0.1:1883"
  std::string store_error;             // empty: the store takes writes
  int64_t store_error_since_ms = 0;    // Unix time
  int64_t disk_low_since_ms = 0;       // Unix time
  uint64_t disk_resume_bytes = 0;      // DiskState::resume_bytes
  History::Times last_ms;              // when each counter of trouble last grew
  store::RoomFor disk_stopped = store::RoomFor::none;
  std::vector<WaitingClient> waiting;  // those that are not read first; no more than a person looks at
  UpstreamStatus upstream;
  ReloadReport reload;
};

struct ClientInfo {
  std::string client_id;
  std::string address;   // "127.0.0.1:40312"; empty while offline
  std::string protocol;  // "3.1" | "3.1.1" | "5"
  std::string username;  // that it has proved to have; empty: anonymous
  std::string device;    // of devices and modules
  std::string module;
  bool connected = false;
  bool persistent = false;
  int64_t since_ms = 0;      // Unix time of the last connect or disconnect
  int64_t last_seen_ms = 0;  // Unix time of the last packet, or of the disconnect
  uint64_t connects = 0;     // of the session, since the hub's start
  uint16_t keep_alive_s = 0;
  uint64_t subscriptions = 0;
  uint64_t in_flight = 0;
  uint64_t queued_messages = 0;
  uint64_t queued_bytes = 0;
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  uint64_t held = 0;     // publishes that wait for room in a queue
  bool paused = false;   // it is not read, as more may not wait
  uint64_t dropped = 0;  // not delivered: too much was waiting, too large, or expired
  DeniedCounts denied;

  friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

// Rights of a client, and its subscriptions.
struct ClientRights {
  std::string module;  // of the hub's own device that it is: its outputs and inputs are its own; empty: none
  std::vector<broker::Rights::Rule> rules;                     // those that deny first
  std::vector<std::pair<std::string, uint8_t>> subscriptions;  // filter and QoS
};

// A queue that is a session's own, or an input, and the session that reads it.
struct QueueClient {
  store::QueueId queue = 0;
  std::string client_id = {};  // empty: nobody reads this input
  std::string input = {};      // its topic; empty: the queue is the session's own
  bool connected = false;
  int64_t since_ms = 0;  // Unix time of the last connect or disconnect; 0: before the hub's start
  uint64_t in_flight = 0;
  int64_t unanswered_since_ms =
      0;                      // Unix time since when it acknowledges nothing of that; 0: nothing is in flight
  uint64_t unsent_bytes = 0;  // that wait in its connection, and are more than may; else 0
  bool held = false;          // publishes of it wait for room, so that it gets no more of its inputs
};

// Sessions and inputs that have queues, and what computing routes wait for.
struct QueueReaders {
  std::vector<QueueClient> clients;
  std::string computing_waits;  // why no step of them can be taken; empty: it can
};

// A registered module or device of IoT Edge.
struct EdgeIdentityInfo {
  EdgeId id;
  bool enabled = true;
  bool connected = false;
  bool seen = false;            // it has a session, or has come in since the hub's start
  uint64_t admitted = 0;        // since the hub's start
  uint64_t refused = 0;         // the same: connects under its name
  std::string last_refusal;     // why; empty: it has come in since, or never was refused
  int64_t last_refused_ms = 0;  // Unix time
};

// Work of a route that remembers, since start or since it was loaded.
struct ComputedInfo {
  routing::RouteCounts counts;
  uint64_t groups = 0;       // now
  uint64_t state_bytes = 0;  // the same, of memory
  uint64_t draining = 0;     // groups of earlier versions that have yet to give what they have
  std::string blocked_by;    // what its results wait for; empty: nothing

  friend bool operator==(const ComputedInfo&, const ComputedInfo&) = default;
};

// Work of a route that counts and delivers nothing, since it was put beside the others; its results are messages that
// would have come of it.
struct ShadowInfo {
  uint64_t missed = 0;  // messages that no shadow has seen, since the start
  // The last of its results, its body cut short; at 0 there was none:
  int64_t last_ms = 0;  // Unix time
  std::string last_to;
  std::string last_topic;
  std::string last_body;

  friend bool operator==(const ShadowInfo&, const ShadowInfo&) = default;
};

struct RouteInfo {
  std::string name;
  std::string file;
  std::string text;
  std::string source;       // where its messages come from, as the text has it; empty if it does not compile
  std::string source_kind;  // see routing::kind_name(); the same
  std::vector<std::string> endpoints;  // where it leads; empty if it does not compile
  std::optional<uint8_t> priority;
  uint32_t ttl_s = 0;  // 0 = for ever
  bool active = false;
  bool kept = false;  // active in an earlier version: the one that is written now is broken, see `error`
  routing::RouteCounts counts;           // since start or reload
  std::string type_error_last;           // the last of them, for people
  std::string undefined_last;            // why the condition could not be decided, the last time
  int64_t undefined_last_ms = 0;         // when that message arrived, Unix time
  std::optional<ComputedInfo> computed;  // of a route that remembers
  std::optional<ShadowInfo> shadow;      // of one that delivers nothing
  std::string error;                     // with place and caret; empty if active and not kept

  friend bool operator==(const RouteInfo&, const RouteInfo&) = default;
};

// Fate of a route, when a file is put in force.
struct RouteOutcome {
  std::string route;  // empty: of the file as a whole
  std::string file;
  std::string what;  // "added" | "changed" | "removed" | "unchanged" | "kept" (as it was) | "left out"
  std::string
      state;  // of what it remembers, for people: "keeps its state", "drains", "restarts", …; empty: nothing
  std::string why;  // of one that is kept or left out
};

// A route file that is to be written to routes_dir, and put in force.
struct ApplyRequest {
  std::string name;  // of the file
  std::string text;
  bool dry_run = false;  // only tell
  bool force = false;    // even if some of its routes are wrong
};
struct ApplyReport {
  std::string file;  // with its directory
  bool refused = false;
  bool written = false;
  uint64_t active = 0;  // routes in force, once it is written
  std::vector<RouteOutcome> routes;
};

// A lookup table that a file of routes declares.
struct LookupInfo {
  std::string name;
  std::string origin;       // its file, or its topic
  std::string declared_in;  // a file
  bool in_force = false;    // a route looks up in it
  uint64_t rows = 0;
  uint64_t bytes = 0;
  std::string hash;      // of a file's rows; empty: it has none, or is no file
  uint64_t refused = 0;  // retained messages that could not change it, since start
  std::string fault;     // why its file, or the last message, could not be taken; empty: nothing is wrong
};

// Rows of a lookup table: key and JSON text.
using LookupRows = std::vector<std::pair<std::string, std::string>>;

// Groups of a computing route.
struct RouteWindows {
  routing::OpenWindows shown;
  uint64_t open = 0;  // all of them
};

// A session that the operator has ended.
struct RemovedSession {
  bool was_connected = false;
  uint64_t messages = 0;  // that waited for it
  uint64_t bytes = 0;
};

// A message that comes in over HTTP: QoS 1, by the rights of a user.
struct PublishRequest {
  std::string user;
  std::string topic;
  std::string body;
  core::Properties properties;
  uint32_t expiry_s = 0;  // 0: it does not
  bool retain = false;
  std::string idempotency_key;  // empty: it has none
};
struct Published {
  unsigned status = 200;  // of HTTP
  uint64_t seq = 0;       // the last that it was stored as; 0: nobody keeps it, or it was stored before
  bool repeated = false;  // it was stored before, under the same key
  std::string why;        // of a status that is not 200
};

// Question for topics that messages came on.
struct TopicQuery {
  std::string filter;  // valid; topics under $SYS only if it names $SYS
  std::string user;    // whose rights to receive hold; empty: all
  size_t depth = 0;    // see TopicList
  bool with_values = false;
};

// Routes that are run over the messages that were recorded.
struct RecordedRun {
  routing::RouteFile routes;
  bool whole =
      false;  // these are all routes; else they are beside those in force, in the place of those of their names
  int64_t since_ms = 0;   // Unix time; only messages from then on
  std::string user = {};  // only messages that it may receive; empty: all
};
struct RecordedMatches {
  Coverage basis;         // of all that is recorded
  int64_t from_ms = 0;    // Unix time of the first message that was run; 0: there was none
  uint64_t messages = 0;  // that were run
  uint64_t left_out = 0;  // that were not: of their body only the beginning is kept
  std::vector<routing::RouteMatches> routes;  // compared with those in force
};

// Routes that are tried over messages, alone and from an empty state: what each takes, what it leaves and why.
struct TrialMessage {
  core::MessagePtr message;
  uint64_t number = 0;  // of the recorder; of one that was given its place among those, from 1
  store::Seq seq = 0;   // 0: no queue has it
  bool given = false;

  // By which GET /v1/why finds it; empty: it was given.
  [[nodiscard]] std::string id() const {
    return given ? std::string() : seq != 0 ? std::to_string(seq) : "r" + std::to_string(number);
  }
};
struct RouteTrial {
  routing::RouteFile routes;
  std::optional<std::vector<TrialMessage>> given;  // nullopt: those that are recorded
  int64_t since_ms = 0;                            // Unix time; only recorded messages from then on
  std::string user = {};                           // only recorded messages that it may receive; empty: all
  bool reads_tables = false;                       // those in force, of which rows and traces show values
  size_t count = 5;                                // messages that are told of each route, the newest
  bool payload = false;                            // and their payloads
};

// A reason that keeps the hub from taking messages and storing them.
struct Unready {
  std::string reason;  // "starting" | "stopping" | "not_writing" | "disk_low"
  std::string why;     // for the operator
};

// A configuration that is to be put in force.
struct ConfigPlanRequest {
  std::string text;
  std::string user = {};  // its routes are run over recorded messages that it may receive; empty: over all
};
struct ConfigApplyRequest {
  std::string text;
  std::string fingerprint = {};   // of the plan that it was judged by; empty: of any
  bool restart = false;           // also if it takes one
  uint32_t confirm_within_s = 0;  // rolled back without confirm_config() by then; 0: it stands
};

// Ends what it stands for when it is destroyed.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class HubView {
 public:
  using OnMessage = std::function<void(const core::MessagePtr& message)>;
  using OnEntry = std::function<void(const store::Entry& entry, uint8_t lane)>;

  virtual ~HubView() = default;

  [[nodiscard]] virtual core::Now now() const = 0;
  [[nodiscard]] virtual store::QueueReader& store() = 0;
  [[nodiscard]] virtual store::StoreStats store_stats() const = 0;
  [[nodiscard]] virtual HubStatus status() const = 0;
  // Nothing: it takes messages. A link upstream does not count.
  [[nodiscard]] virtual std::vector<Unready> unready() const = 0;
  // Threads that have been at one piece of work for ten seconds.
  [[nodiscard]] virtual std::vector<std::string> stuck_workers() const = 0;
  // Links upstream and the queues that go over them; nullopt: there is none.
  [[nodiscard]] virtual std::optional<upstream::UpstreamReport> upstream() const = 0;
  // Reads the metrics that status shows.
  [[nodiscard]] virtual Readings status_readings() const = 0;
  // Copies all metrics now; `done` is called with them as Prometheus reads them, now or later.
  using OnScraped = std::function<void(std::string text)>;
  virtual void scrape_metrics(OnScraped done) = 0;
  [[nodiscard]] virtual std::vector<ClientInfo> clients() const = 0;
  // Error: not_found.
  [[nodiscard]] virtual core::Result<ClientRights> client_rights(const std::string& client_id) const = 0;
  [[nodiscard]] virtual QueueReaders queue_readers() const = 0;
  [[nodiscard]] virtual std::vector<RouteInfo> routes() const = 0;
  // Routes in force as the text of a route file.
  [[nodiscard]] virtual std::string routes_in_force() const = 0;
  // Records of the same, with all that they name: {"routes": {name: record}, "tables": {name: record}}, see routing::route_record() and
  // routing::table_record().
  [[nodiscard]] virtual std::string route_records() const = 0;
  [[nodiscard]] virtual std::vector<LookupInfo> lookups() const = 0;
  // See Engine::lookup_rows(). Error: not_found.
  [[nodiscard]] virtual core::Result<LookupRows> lookup_rows(const std::string& table,
                                                             const std::string& after,
                                                             size_t count) const = 0;

  // See Computer::open_windows(). Error: not_found.
  [[nodiscard]] virtual core::Result<RouteWindows> open_windows(const std::string& route,
                                                                size_t count) const = 0;

  // Reads the config, the files of routes, of users and of certificates again. Worse never replaces better: of
  // what is broken the version in force stays. `done` is called once that is in force, now or later; of several reloads
  // each waits for its turn.
  using OnReloaded = std::function<void(const ReloadReport& report)>;
  virtual void reload(OnReloaded done) = 0;

  // Puts a route file in force; `done` is called with what becomes of each route, now or later. Errors: invalid, io.
  using OnApplied = std::function<void(const core::Result<ApplyReport>& report)>;
  virtual void apply_routes(ApplyRequest request, OnApplied done) = 0;

  // A text in the place of the hub's own file of configuration: what it would do, or what became of it, JSON (hub/change/plan.h).
  // `done` is called now or later. Errors: invalid, io.
  using OnPlanned = std::function<void(const core::Result<std::string>& json)>;
  virtual void plan_config(ConfigPlanRequest request, OnPlanned done) = 0;
  virtual void apply_config(ConfigApplyRequest request, OnPlanned done) = 0;
  // The change that waits for it stays. Error: invalid, if none does.
  virtual void confirm_config(OnPlanned done) = 0;

  // Documents of configuration, docs/remote-configuration.md: what is reported of them, JSON. Error: unavailable, if the hub
  // takes none.
  [[nodiscard]] virtual core::Result<std::string> remote_status() const = 0;
  // Puts a signed document in force, or takes the one in force away; `done` is called with what is reported then. Errors:
  // unavailable, invalid, io.
  using OnRemote = std::function<void(const core::Result<std::string>& report)>;
  virtual void apply_remote(std::string envelope, bool force, OnRemote done) = 0;
  virtual void forget_remote(OnRemote done) = 0;

  // Puts these routes beside those in force, to count and deliver nothing, until others are or the hub ends; none: ends
  // that. Returns how many. Error: invalid, for the operator to read.
  virtual core::Result<size_t> try_routes(const routing::RouteFile& routes) = 0;

  // Levels of the log: those in force, of every part, and those of the configuration, which a reload puts in force.
  [[nodiscard]] virtual LogLevels log_levels() const = 0;
  [[nodiscard]] virtual LogLevels configured_log_levels() const = 0;
  virtual void use_log_levels(const LogLevels& levels) = 0;

  // Ends a client's connection. Error: not_found, for the operator to read.
  virtual core::Status kick_client(const std::string& client_id) = 0;
  // Ends a session with what waits for it. Errors: not_found, unavailable.
  virtual core::Result<RemovedSession> remove_session(const std::string& client_id) = 0;

  // Who is registered, by id.
  [[nodiscard]] virtual std::vector<EdgeIdentityInfo> identities() const = 0;
  // Twins and methods of devices and modules.
  [[nodiscard]] virtual EdgeVerbs& edge() = 0;

  // Copies the store: see DurableStore::back_up().
  virtual void back_up_store(const std::string& dir, store::DurableStore::OnBackedUp done) = 0;

  // `done` is called once the message is durable or refused, from within or later; never, if the hub ends before.
  using OnPublished = std::function<void(const Published& published)>;
  virtual void publish(PublishRequest request, OnPublished done) = 0;

  // `done` is called with true once all up to that seq of the store is durable, with false if the store fails before; from
  // within or later.
  virtual void when_durable(store::Seq seq, std::function<void(bool durable)> done) = 0;

  // Does that in another turn of the loop.
  virtual void later(std::function<void()> work) = 0;
  // Does that so many milliseconds later, if the hub is there then.
  virtual void after(int64_t ms, std::function<void()> work) = 0;
  // Makes a text on another thread, with which `done` is called on this one.
  using MakeText = std::function<std::string()>;
  using OnText = std::function<void(std::string text)>;
  virtual void elsewhere(MakeText make, OnText done) = 0;

  // Gathers topics over some turns of the loop; `render` makes a text of them on another thread, with which `done` is
  // called on this one.
  using RenderTopics = std::function<std::string(const KnownTopics& known)>;
  using OnTopics = std::function<void(std::string text)>;
  virtual void find_topics(TopicQuery query, RenderTopics render, OnTopics done) = 0;

  // Asks the access rules. `user` is not empty.
  [[nodiscard]] virtual bool may_receive(const std::string& user, std::string_view topic) = 0;

  // Record of what has happened most recently.
  [[nodiscard]] virtual const Recorder& recorder() const = 0;
  // Asks routes in force about a message; see judge_message().
  [[nodiscard]] virtual std::vector<RouteVerdict> judge(const core::Message& message,
                                                        bool has_whole_body) const = 0;
  // Lines of the log.
  [[nodiscard]] virtual LogEvents events(const EventFilter& filter) const = 0;
  // Runs routes over what is recorded, on a worker; nothing is delivered or counted. `done` is called later. Errors:
  // invalid (of a file), unavailable (another runs; or nothing is recorded).
  using OnReplayed = std::function<void(const core::Result<RecordedMatches>& report)>;
  virtual void replay(RecordedRun request, OnReplayed done) = 0;
  // Tries routes, on a worker and for a bounded time; nothing is delivered or counted. `done` is called now or later, with
  // JSON (hub/admin/past/trial.h). Errors: as replay().
  using OnTried = std::function<void(const core::Result<std::string>& json)>;
  virtual void test_routes(RouteTrial request, OnTried done) = 0;

  // Every message that arrives from now on whose topic matches the (valid) filter. The callback must not
  // destroy the subscription from within.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe_tail(std::string filter,
                                                                     OnMessage on_message) = 0;

  // Every entry that is appended to the queue from now on, whoever consumes it. The same rule.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe_queue(store::QueueId queue,
                                                                      OnEntry on_entry) = 0;
};

}  // namespace headgate::hub
