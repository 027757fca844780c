// Verbs on queues that look for messages, move them, or stop what leaves. See commands.h beside this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>

#include "core/result.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Messages that are looked for in a queue (hub/admin/queue/messages.h has the names), and how far.
struct SearchOptions {
  std::string queue = {};
  std::map<std::string, std::string> filter = {};  // by the names of routing::MessageFilter
  std::optional<int> priority = {};                // 0 to 9; 10 = without priority; nullopt = all
  uint64_t limit = 10;
  uint64_t rows = 100'000;
  uint64_t time_ms = 2'000;
  std::string cursor = {};  // of an earlier answer
  bool payload = false;
  bool full = false;  // all that an import needs
};

// Asks the hub, or looks into the directory: the same JSON. Errors: those of AdminClient and of store::search_messages().
[[nodiscard]] core::Result<std::string> search_queue(const Context& context, const SearchOptions& options);
// The filter as parameters: "&topic=a%2F%2B".
[[nodiscard]] std::string filter_query(const std::map<std::string, std::string>& filter);

int run_queue_search(const Context& context, const SearchOptions& options);

// Prints a JSON object a line, with everything. `stop` is asked between two pages; whoever stops, or loses the hub, is told the
// cursor to go on from.
int run_queue_export(const Context& context, SearchOptions options, const std::function<bool()>& stop);

struct QueueImportOptions {
  std::string queue = {};
  std::string file = {};  // "-": standard input
  std::string id = {};    // names what is imported; empty: the hash of the file
};
// Sends the lines of an export, those that are in already left out. Exit code 1 if one was refused, or not all are in.
int run_queue_import(const Context& context, const QueueImportOptions& options, std::istream& in);

// Puts the dead letters of a queue back into it. Asks.
int run_queue_requeue(const Context& context, const std::string& queue, const Consent& consent);
int run_queue_pause(const Context& context, const std::string& queue, bool paused);
// Drops what a filter takes. Asks.
int run_queue_purge_some(const Context& context, const SearchOptions& options, const Consent& consent);

}  // namespace headgate::tools
