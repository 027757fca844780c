#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"
#include "tools/headgate/confirm.h"

namespace headgate::tools {
namespace {

using PurgeJson = nlohmann::ordered_json;

}  // namespace

int run_queue_purge_some(const Context& context, const SearchOptions& options, const Consent& consent) {
  if (!confirmed(context, consent,
                 "Drop what the filter takes of " + printable(options.queue) + " for good?"))
    return kExitUsage;
  uint64_t purged = 0;
  std::string cursor = options.cursor;
  for (;;) {
    std::string target = "/v1/queues/" + percent_encode(options.queue) +
                         "/purge?rows=" + std::to_string(options.rows) + filter_query(options.filter);
    if (options.priority) target += "&lane=" + std::to_string(*options.priority);
    if (!cursor.empty()) target += "&cursor=" + percent_encode(cursor);
    const auto body = context.hub.post(target);
    if (!body) {
      context.err << "headgate: " << printable(body.error().what, core::LineFeeds::kept) << "; " << purged
                  << " are dropped\n";
      return kExitFailed;
    }
    const PurgeJson json = PurgeJson::parse(*body, nullptr, /*allow_exceptions=*/false);
    purged += number_of(json, "purged");
    const std::string next = text_of(json, "next");
    if (flag_of(json, "done") || next.empty() || next == cursor) break;
    cursor = next;
  }
  if (context.json)
    context.out << PurgeJson{{"queue", options.queue}, {"purged", purged}}.dump() << '\n';
  else
    context.out << "dropped " << purged << " of " << printable(options.queue) << '\n';
  return kExitOk;
}

}  // namespace headgate::tools
