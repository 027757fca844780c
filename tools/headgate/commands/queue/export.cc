#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"

namespace headgate::tools {
namespace {

using ExportJson = nlohmann::ordered_json;

constexpr uint64_t kPage = 1'000;

int stopped_at(const Context& context, const SearchOptions& options, const std::string& why) {
  context.err << "headgate: " << printable(why, core::LineFeeds::kept) << '\n';
  if (!options.cursor.empty()) context.err << "headgate: go on with --cursor " << options.cursor << '\n';
  return kExitFailed;
}

}  // namespace

int run_queue_export(const Context& context, SearchOptions options, const std::function<bool()>& stop) {
  options.full = true;
  options.limit = kPage;
  uint64_t hidden = 0;
  uint64_t unreadable = 0;
  for (;;) {
    if (stop()) return stopped_at(context, options, "stopped");
    const auto page = search_queue(context, options);
    if (!page) return stopped_at(context, options, page.error().what);
    const ExportJson json = ExportJson::parse(*page, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object())
      return stopped_at(context, options, "the answer is not JSON: is that a hub's socket?");
    for (const ExportJson& message : member_of(json, "messages")) {
      context.out << message.dump(-1, ' ', false, ExportJson::error_handler_t::replace) << '\n';
      if (message.contains("payload") && message["payload"].is_null()) ++hidden;
    }
    unreadable += number_of(json, "unreadable");
    context.out.flush();
    if (!context.out) return stopped_at(context, options, "the output cannot be written");
    const std::string next = text_of(json, "next");
    if (flag_of(json, "done") || next.empty() || next == options.cursor) break;
    options.cursor = next;
  }
  if (unreadable > 0)
    context.err << "headgate: " << unreadable << " messages cannot be read, and are left out\n";
  if (hidden == 0) return unreadable == 0 ? kExitOk : kExitFailed;
  context.err << "headgate: " << hidden
              << " messages are without their payloads: the token's user may not see them\n";
  return kExitFailed;
}

}  // namespace headgate::tools
