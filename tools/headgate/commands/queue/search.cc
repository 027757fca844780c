#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "routing/selection/message_filter.h"
#include "store/report/messages.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/queue/commands.h"

namespace headgate::tools {
namespace {

using SearchJson = nlohmann::ordered_json;

core::Result<store::MessageSearch> search_of(const SearchOptions& options, core::Now now) {
  store::MessageSearch what;
  what.request.queue = options.queue;
  what.request.budget = {
      .found = options.limit, .rows = options.rows, .time_ms = static_cast<int64_t>(options.time_ms)};
  if (options.priority) what.request.lane = static_cast<uint8_t>(*options.priority);
  if (!options.cursor.empty()) {
    const auto place = store::parse_place(options.cursor);
    if (!place)
      return core::fail(core::Errc::invalid, "the cursor is \"" + options.cursor +
                                                 "\"; allowed: what an answer before gave, such as 10.4711");
    what.request.from = *place;
  }
  auto filter = routing::MessageFilter::compile(options.filter, now.wall_ms);
  if (!filter) return core::fail(filter.error());
  if (!filter->empty()) {
    const auto shared = std::make_shared<routing::MessageFilter>(*std::move(filter));
    what.filter = [shared](const core::Message& message) { return shared->takes(message); };
  }
  if (options.payload) what.shown = store::MessageSearch::Shown::payloads;
  if (options.full) what.shown = store::MessageSearch::Shown::all;
  return what;
}

// The reader of a directory answers from within. Its time stands still, so rows alone end a search there.
core::Result<std::string> search_directory(const Context& context, const SearchOptions& options) {
  auto what = search_of(options, context.now);
  if (!what) return core::fail(what.error());
  core::Result<std::string> found = core::fail(core::Errc::io, "the search did not end");
  const auto done = [&found](const core::Result<std::string>& json) { found = json; };
  store::search_messages(
      *context.reader, [now = context.now] { return now; }, *std::move(what), done);
  return found;
}

std::string search_target(const SearchOptions& options) {
  std::string target =
      "/v1/queues/" + percent_encode(options.queue) + "/messages?limit=" + std::to_string(options.limit) +
      "&rows=" + std::to_string(options.rows) + "&time_ms=" + std::to_string(options.time_ms);
  if (options.priority) target += "&lane=" + std::to_string(*options.priority);
  if (!options.cursor.empty()) target += "&cursor=" + percent_encode(options.cursor);
  if (options.payload) target += "&payload=1";
  if (options.full) target += "&full=1";
  return target + filter_query(options.filter);
}

}  // namespace

std::string filter_query(const std::map<std::string, std::string>& filter) {
  std::string query;
  for (const auto& [name, value] : filter)
    query.append("&").append(name).append("=").append(percent_encode(value));
  return query;
}

core::Result<std::string> search_queue(const Context& context, const SearchOptions& options) {
  if (context.reader != nullptr) return search_directory(context, options);
  return context.hub.get(search_target(options));
}

int run_queue_search(const Context& context, const SearchOptions& options) {
  return answer(context, search_queue(context, options), [&](const SearchJson& json) {
    for (const SearchJson& message : member_of(json, "messages")) show_message(context.out, message);
    context.out << number_of(json, "looked") << " looked at";
    if (const uint64_t unreadable = number_of(json, "unreadable"); unreadable > 0)
      context.out << ", " << unreadable << " of them cannot be read";
    if (flag_of(json, "done"))
      context.out << ", which is all\n";
    else
      context.out << "; go on with --cursor " << printable(text_of(json, "next")) << '\n';
  });
}

}  // namespace headgate::tools
