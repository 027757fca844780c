// The subcommands of `headgate`, each in its own file, callable in process. They print to `out`, complain to
// `err` in one readable text, and return the exit code. None changes the hub or its data, but purge, replay,
// client kick, session rm and route apply; store backup makes a copy.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "store/queue_store.h"
#include "tools/headgate/admin_client.h"
#include "tools/headgate/display.h"

namespace headgate::tools {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Context of every subcommand.
struct Context {
  AdminClient& hub;
  std::ostream& out;
  std::ostream& err;
  bool json = false;                     // print the JSON as it comes
  store::QueueReader* reader = nullptr;  // the directory of a stopped hub; null: ask the hub
  core::Now now = {};                    // used only with `reader`
  Display display = {};
};

struct PeekOptions {
  std::string queue;
  std::optional<int> priority = {};  // 0 to 9; 10 = without priority; nullopt = all
  uint64_t after = 0;
  uint64_t count = 10;
  bool payload = false;
};

struct QueueTailOptions {
  std::string queue;
  bool payload = false;
};

struct TailOptions {
  std::string filter = "#";
  bool payload = false;
  bool in_place = false;    // one line a topic, on a terminal
  std::string module = {};  // not empty: whatever it sends and gets, in the place of the filter
};

struct TopicsOptions {
  std::string filter = "#";
  uint32_t depth = 0;  // levels that are told apart; 0: all
  bool flat = false;   // a topic a line, no tree
  bool payload = false;
};

// The line that was typed in answer to a question; nullopt where there is no terminal.
[[nodiscard]] std::optional<std::string> ask_on_terminal(const std::string& question);

// Whether something that cannot be undone may be done.
struct Consent {
  bool yes = false;  // --yes: do not ask
  std::function<std::optional<std::string>(const std::string& question)> ask = ask_on_terminal;
};

struct LettersOptions {
  uint64_t after = 0;
  uint64_t count = 100;
};

// `dlq replay` and `dlq purge`: some letters, or all.
struct LetterChoice {
  std::vector<uint64_t> seqs = {};
  bool all = false;
};

int run_dlq_ls(const Context& context, const LettersOptions& options);
int run_dlq_show(const Context& context, uint64_t seq, bool payload);
// Asks before it takes all.
int run_dlq_replay(const Context& context, const LetterChoice& choice, const Consent& consent);
// Asks.
int run_dlq_purge(const Context& context, const LetterChoice& choice, const Consent& consent);
int run_queue_purge(const Context& context, const std::string& queue, const Consent& consent);

int run_status(const Context& context);
// Has the hub read its config, routes, users, rules and certificates again, as SIGHUP does, and says what it took
// and what needs a restart. Exit code 1 if something was kept as it was or left out: it is named on `err`.
int run_reload(const Context& context);
// Links upstream, what they cost and why they wait; and when what waits for them will be gone.
int run_upstream_status(const Context& context);
int run_upstream_forecast(const Context& context);
int run_queue_ls(const Context& context);
int run_queue_peek(const Context& context, const PeekOptions& options);
int run_queue_tail(const Context& context, const QueueTailOptions& options);
int run_client_ls(const Context& context);
// Ends a client's connection; its session stays.
int run_client_rights(const Context& context, const std::string& client_id);
int run_client_kick(const Context& context, const std::string& client_id);
// Ends a session with what waits for it. Asks.
int run_session_rm(const Context& context, const std::string& client_id, const Consent& consent);
int run_route_ls(const Context& context);
// Groups of a computing route and their open windows.
struct RouteWindowsOptions {
  std::string route;
  size_t count = 100;  // at most
};
int run_route_windows(const Context& context, const RouteWindowsOptions& options);
int run_tail(const Context& context, const TailOptions& options);
// The hub as it goes on, a line a second; `parts` as GET /v1/live takes them, empty: as they are by default.
int run_watch(const Context& context, const std::string& parts);
// Topics that messages came on, as a tree: how many, how fast, the last value.
int run_topics(const Context& context, const TopicsOptions& options);

// Shows the resources that the hub's store takes; `store_dir` not empty: a stopped hub's.
int run_store_stats(const Context& context, const std::string& store_dir);

// Copies the store of the hub, or of a stopped one, to `to`.
int run_store_backup(const Context& context, const std::string& store_dir, const std::string& to);

// Reads all of the store in `dir`, whose hub must be stopped. Exit code 1 if anything is wrong in it.
int run_store_check(const std::string& dir, bool json, std::ostream& out, std::ostream& err);

// Compiles the routes of route files, manifests and whole configurations; needs no hub. Exit code 1 if any route has an error.
int run_route_check(const std::vector<std::string>& files, bool json, std::ostream& out, std::ostream& err);

struct ExplainOptions {
  std::string file;
  std::string route;  // empty: all of the file
};

// Tells how routes are read, what they keep in memory and where they lead; needs no hub. Exit code 1 if one has an
// error, or there is none of that name.
int run_route_explain(const ExplainOptions& options, bool json, std::ostream& out, std::ostream& err);

struct RouteTestOptions {
  std::vector<std::string>
      files;                 // route files and the like; or case files (.rt), which bring their messages
  std::string sample;        // recorded messages, a JSON object a line
  bool recorded = false;     // over those that the running hub has recorded
  std::string since = "1h";  // and that came so long ago at most
};

// Runs recorded messages through routes, and tells of each message what matched, why the rest did not, and what came
// out; needs no hub. Of case files it tells which rows came out otherwise. Exit code 1 for those, and if a route has an
// error.
int run_route_test(const RouteTestOptions& options, bool json, std::ostream& out, std::ostream& err);
// Does that on the hub, over messages that it has recorded: of each route the newest that it takes and leaves.
int run_route_test_recorded(const Context& context, const RouteTestOptions& options);

struct ReplayOptions {
  std::string file = {};   // a route file or the like; empty: the routes in force
  std::string route = {};  // only rows of this route; empty: of all in the file
  std::string since =
      {};  // only rows from then on: how long ago, or an ISO time; empty: as far back as is known
  std::string until = {};    // only messages up to then; empty: now
  std::string last = {};     // over what is recorded, so long ago at most; empty: over the history
  bool diff = false;         // compare with the routes in force
  std::string against = {};  // or with those of this file
  int64_t now_ms = 0;        // Unix time
};

// Runs routes over the messages that the hub has kept (`history`), here and not in the hub, and tells what comes out, or in
// what it differs from what comes out of others. Exit code 1 without a history, and if a route has an error.
int run_route_replay(const Context& context, const ReplayOptions& options);

struct ShadowOptions {
  std::string file = {};  // a route file or the like
  bool stop = false;      // end what was begun
};

// Puts the routes of a file beside those of the hub, to count and deliver nothing, in the place of those that were tried
// before; or ends that. Exit code 1 if one does not compile.
int run_route_shadow(const Context& context, const ShadowOptions& options);

struct ImportOptions {
  std::string manifest;
  std::string out = ".";  // the directory for the file; "-": standard output
  bool force = false;     // overwrite a file that is there
};

// Writes the routes of a deployment manifest that compile as a route file, and names each part of the manifest that has
// no effect here; needs no hub. Exit code 1 if any route has an error, or nothing could be written.
int run_route_import(const ImportOptions& options, bool json, std::ostream& out, std::ostream& err);

struct ApplyOptions {
  std::string file = {};
  bool dry_run = false;  // only tell what would become of each route
  bool force = false;    // also if some of its routes are wrong
};

// Checks a route file, and has the hub write it to its routes_dir and put it in force; tells what became of each route.
// Exit code 1 if anything is wrong with it.
int run_route_apply(const Context& context, const ApplyOptions& options);

}  // namespace headgate::tools
