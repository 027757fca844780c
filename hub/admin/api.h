// The admin API without its sockets: a request in, a JSON answer or a stream of JSON lines out.
//
//   GET  /healthz                      200 while the loop and the workers go on, else 503: {"stuck": [NAME…]}
//   GET  /readyz                       200 once messages are taken and stored, else 503: {"ready", "reasons": [{"reason",
//                                      "why"}…]}; a link upstream that is down is no reason
//   GET  /v1/session                   who asks: {"user", "role", "until_ms"}, null for a token and the socket
//   POST /v1/session                   begins a session of a browser, by a cookie that stands for the token that was sent
//   POST /v1/session/end               has the browser forget it: {}
//   GET  /v1/status                    the hub, its store and its link
//   GET  /v1/live                      stream: all of ?parts=status,queues,routes,upstream,forecast,clients,events at first, then about
//                                      once a second what has changed: see hub/admin/live/feed.h
//   GET  /v1/doctor                    what is wrong or will be, and what to do, a second later: see hub/admin/doctor/visit.h
//   GET  /v1/queues                    every queue with its accounts (fields: store/report/inspect.h), "consumer": {"kind", "name",
//                                      "connected"}, "blocked" (why what waits does not go on; empty: it does) and
//                                      "blocked_since_ms" (hub/admin/queue/blocked.h)
//   GET  /v1/queues/{name}             one of them
//   GET  /v1/queues/{name}/peek        ?lane=0–10 &after=SEQ &count=1–1000 &payload=1
//   GET  /v1/queues/{name}/messages    those that a filter takes, within a budget: see hub/admin/queue/messages.h
//   GET  /v1/queues/{name}/tail        stream of entries as they are appended; ?payload=1
//   POST /v1/queues/{name}/purge       drops what waits: {"queue", "purged"}; with a filter only what it takes, within a budget:
//                                      {"queue", "purged", "looked", "done", "next"}, see hub/admin/queue/messages.h
//   POST /v1/queues/{name}/import      lines of an export: see hub/admin/queue/import.h
//   POST /v1/queues/{name}/pause       it takes in and hands out nothing, over any restart: {"queue", "paused"}
//   POST /v1/queues/{name}/resume      it hands out again
//   GET  /v1/dlq                       dead letters, oldest first; ?after=SEQ &count=1–1000
//   GET  /v1/dlq/{seq}                 one of them, and the "routes" that lead to its queue; ?payload=1
//   POST /v1/dlq/{seq}/replay          puts it back where it came from: {"letter", "queue", "lane", "seq"}
//   POST /v1/dlq/{seq}/purge           {"purged"}
//   POST /v1/dlq/replay                those after ?after=SEQ, with ?queue=NAME only those of it, some hundred at a time: {"replayed": […],
//                                      "refused": [{"letter", "error"}…], "next"} (to go on after; 0: these
//                                      were all)
//   POST /v1/dlq/purge                 all of them: {"purged"}
//   GET  /v1/clients                   {"clients": […]}
//   GET  /v1/clients/{name}/rights     see hub/admin/rights.h
//   POST /v1/clients/{name}/kick       ends the connection of a client id: {"client_id"}
//   POST /v1/sessions/{name}/remove    ends a session with what waits for it: {"client_id", "was_connected",
//                                      "messages", "bytes"}
//   GET  /v1/routes                    {"routes": […]}; of each also "source" and "source_kind" (routing::kind_name())
//   GET  /v1/routes/{name}/windows     groups of a computing route, each with the first of its windows that is open; ?count=1–1000:
//                                      {"route", "windows": [{"group", "function", "start_ms", "end_ms", "messages",
//                                      "closes_ms"}…], "open"} (hub/admin/routes.h)
//   POST /v1/routes/check              body = a route file; compiles it and changes nothing
//   POST /v1/routes/reload             reads config, routes, users, certificates again: {"at_ms", "active", "took",
//                                      "kept", "left_out", "needs_restart"}
//   POST /v1/routes/apply              body = a route file; ?name=FILE.json &dry_run=1 &force=1; writes it to routes_dir
//                                      and puts it in force: {"file", "refused", "written", "active", "routes":
//                                      [{"route", "file", "what", "state", "why"}…]}
//   POST /v1/plan                      body = a configuration; what it would do in the place of the hub's own file, and changes
//                                      nothing (fields: docs/http.md, "A configuration")
//   POST /v1/apply                     body = a configuration; ?fingerprint=F &restart=1 &confirm_within_s=N; puts it in force
//                                      whole or not at all: {"applied", "refused", "rolled_back", "confirm_within_s",
//                                      "restart", "plan"}
//   POST /v1/apply/confirm             the change that waits for it stays
//   GET  /v1/remote                    the document that lies over the configuration (docs/remote-configuration.md)
//   POST /v1/remote/apply              body = a signed document; ?force=1: also of a version that is not higher; answers as
//                                      GET /v1/remote once it is in force
//   POST /v1/remote/forget             the hub's own files alone are in force: answers in the same way
//   POST /v1/routes/shadow             body = a route file; its routes count and deliver nothing, in the place of those
//                                      of the last such call: {"tried"}
//   POST /v1/routes/replay             body = a route file; ?since_s=SECONDS &whole=1: these are all routes; runs them over
//                                      what is recorded, and delivers nothing: {"basis", "from_ms", "messages", "left_out",
//                                      "routes": [{"route", "in_force", "in_file", "before", "after", "gained", "lost",
//                                      "undefined", "why_not"}…]}
//   POST /v1/routes/test               body = a route file, with "messages" of its own or over those that are recorded;
//                                      ?since_s=SECONDS &count=1–100 &payload=1: what each route takes, and what it leaves and
//                                      why; changes nothing: see hub/admin/past/trial.h
//   GET  /v1/why/{name}                the life of one message, by its seq, upstream id, number or message id; ?payload=1:
//                                      see hub/admin/past/why.h
//   GET  /v1/recent                    messages that are recorded, oldest first; ?after=NUMBER &count=1–1000 &newest=1: the
//                                      last &filter=TOPIC_FILTER &payload=1: {"basis", "messages": [message…], "next"}
//                                      (fields: hub/admin/past/basis.h)
//   GET  /v1/events                    lines of the log; ?after=NUMBER &count=1–1000 &level=debug|info|warn|error &event=NAME:
//                                      {"events": [{"number", "at_ms", "level", "event", "fields"}…], "next", "forgotten"}
//   GET  /v1/routes/file               those in force, as a route file
//   GET  /v1/routes/records            the same with their schemas and the tables that are declared: {"routes": {name:
//                                      record}, "tables": {name: record}} (docs/store-format.md, "Values of the hub")
//   GET  /v1/tables/{name}/rows        rows of a lookup table as they are now, in the order of their keys; ?after=KEY
//                                      &count=1–1000: {"rows": {key: JSON text}}, empty behind the last
//   GET  /v1/history                   messages that are kept for replays (fields: store/report/history.h)
//   GET  /v1/store                     what the store takes (fields: store/report/stats.h)
//   POST /v1/store/backup              ?dir=DIR, absolute; copies the store there, answers when it is done
//                                      (fields: store/report/backup.h)
//   POST /v1/publish/{topic}           a message, or many: see hub/admin/publish.h
//   GET  /v1/twins/{name}              {"desired", "reported"} of a device or module of IoT Edge, each with "$version"
//   POST /v1/twins/{name}/patch        body = JSON; merges it into what is desired, and answers with the twin
//   POST /v1/twins/{name}/set          the same, but replaces
//   POST /v1/methods/{name}/invoke     body = {"methodName", "payload", "responseTimeoutInSeconds",
//                                      "connectTimeoutInSeconds"}; answers {"status", "payload"} of the target
//   GET  /v1/devices/{name}/messages   messages that wait for a device; ?after=SEQ &count=1–1000 &payload=1: as peek
//   POST /v1/devices/{name}/messages   one message for it: see hub/admin/edge/devices.h
//   POST /v1/devices/{name}/purge      drops what waits for it: {"queue", "purged"}
//   GET  /metrics                      all metrics in Prometheus' text format (docs/operations.md, "Metrics")
//   GET  /v1/topics/{topic}            topics that messages came on and match the filter; ?depth=LEVELS &payload=1 &tree=1 (see
//                                      hub/admin/topics.h)
//   GET  /v1/topics                    the same of #
//   GET  /v1/tail/{topic}              stream of messages as they arrive whose topic matches the filter; ?payload=1
//   GET  /v1/tail                      the same; ?filter=TOPIC_FILTER &payload=1
//
// Streams are lines of JSON, or server-sent events for who accepts text/event-stream (hub/http/event_stream.h).
//
// {name} is percent-encoded. Errors are {"error": text} with 400 (the request is wrong), 401 (who asks?), 403 (not with that
// role), 404, 405, 500 or 503 (the store refuses). Everything but reload, apply, forget, shadow, purge, replay, kick and
// remove leaves the hub as it was, and each of those is logged with who asked. What a caller with a user may see of
// messages, the access rules say: of a tail those that it may receive, of queues and dead letters the payloads of those.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/log.h"
#include "hub/admin/caller.h"
#include "hub/admin/hub_view.h"

namespace headgate::hub {

class DoctorVisits;
class LiveFeed;

struct AdminRequest {
  std::string method;
  std::string target;  // path and query, as on the request line
  std::string body;
  Caller caller = {};
  // Content-Type, Idempotency-Key and those that begin with Headgate-, in lower case, as often as they are there.
  std::vector<std::pair<std::string, std::string>> fields = {};
};

// Becomes of the session that a browser has with the server (hub/admin/sign_in/session.h).
enum class SessionStep : uint8_t { none, begin, end };

struct AdminResponse {
  unsigned status = 200;
  std::string body;  // JSON, or as content_type says
  std::string content_type = "application/json";
  SessionStep session = SessionStep::none;
  int64_t session_until_ms = 0;  // Unix ms, of one that begins
};

// Takes one JSON line without its line end. Never blocks; called on the loop thread.
using LineSink = std::function<void(std::string line)>;

// Lines flow into the sink from open() until the subscription is destroyed.
struct AdminStream {
  std::function<std::unique_ptr<Subscription>(LineSink sink)> open;
};

// An answer that takes a while: start() begins the work, `done` is called with it, on the loop thread, if
// ever.
struct AdminLater {
  std::function<void(std::function<void(AdminResponse response)> done)> start;
  std::function<void()> stop = nullptr;  // nobody waits for it any more; null: it goes on all the same
};

using AdminReply = std::variant<AdminResponse, AdminStream, AdminLater>;

// Operation that can be asked for, for those who hold the description (conf/openapi.json) against it.
struct AdminOperation {
  std::string_view method;
  std::string path;  // "/v1/queues/{name}"
  std::vector<std::string_view> parameters;
  Role role = Role::read;
};
[[nodiscard]] std::vector<AdminOperation> admin_operations();

// Loop thread only. `hub` and `log` must outlive it and its streams; `store` is the hub's, for what changes queues.
class AdminApi {
 public:
  AdminApi(HubView& hub, store::QueueStore& store, core::Log& log);

  [[nodiscard]] AdminReply handle(const AdminRequest& request);
  [[nodiscard]] core::Now now() const { return hub_.now(); }
  // Called about once a second: live streams go on.
  void tick();

 private:
  HubView& hub_;
  store::QueueStore& store_;
  core::Log& log_;
  std::shared_ptr<LiveFeed> live_;
  std::shared_ptr<DoctorVisits> doctor_;
};

}  // namespace headgate::hub
