#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "routing/files/route_record.h"
#include "routing/language/duration.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/past/commands.h"
#include "tools/headgate/route_texts.h"
#include "tools/headgate/trial_text.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string shown_body(const Json& it) {
  return it.contains("payload") ? trial_body_text(text_of(it, "payload")) : "(bytes)";
}

void show_told(const Json& it, std::ostream& out) {
  out << "  " << iso_time(static_cast<int64_t>(number_of(it, "at_ms"))) << "  "
      << printable(text_of(it, "topic")) << "  " << shown_body(it) << '\n';
  for (const Json& row : member_of(it, "rows"))
    out << "    -> " << printable(text_of(row, "to")) << "  " << printable(text_of(row, "topic")) << "  "
        << shown_body(row) << '\n';
  for (const Json& line : member_of(it, "trace"))
    out << std::string(4 + 2 * std::min<uint64_t>(number_of(line, "depth"), 64), ' ')
        << printable(text_of(line, "text")) << '\n';
}

void show_tried(const Json& route, std::ostream& out) {
  out << printable(text_of(route, "route")) << ": ";
  if (const std::string error = text_of(route, "error"); !error.empty()) {
    out << "left out\n" << printable(error, core::LineFeeds::kept) << '\n';
    return;
  }
  out << number_of(route, "matched") << " taken, " << number_of(route, "not_matched") << " left, "
      << number_of(route, "undefined") << " undefined, " << number_of(route, "other_source")
      << " of other sources\n";
  if (const std::string error = text_of(route, "type_error"); !error.empty())
    out << "  last type error: " << printable(error) << '\n';
  if (!member_of(route, "taken").empty()) out << "taken, the newest\n";
  for (const Json& it : member_of(route, "taken")) show_told(it, out);
  if (!member_of(route, "left").empty()) out << "left, the newest\n";
  for (const Json& it : member_of(route, "left")) show_told(it, out);
}

bool all_compile(const Json& json) {
  return std::ranges::all_of(member_of(json, "routes"),
                             [](const Json& it) { return text_of(it, "error").empty(); });
}

}  // namespace

int run_route_test_recorded(const Context& context, const RouteTestOptions& options) {
  const auto since_ms = routing::parse_duration(options.since);
  if (!since_ms || *since_ms < 1'000) {
    context.err << "headgate: --since is \"" << printable(options.since)
                << "\"; allowed: a time such as 90s, 30m, 1h\n";
    return kExitUsage;
  }
  routing::RouteFile file = read_routes(options.files);
  for (const auto& error : file.errors) context.err << printable(error.what, core::LineFeeds::kept) << '\n';
  if (!file.errors.empty()) return kExitFailed;
  for (routing::TableSource& table : file.tables)
    if (table.kind == routing::TableSource::Kind::file)
      table.from = std::filesystem::absolute(table.from).lexically_normal().string();
  const std::string target = "/v1/routes/test?since_s=" + std::to_string(*since_ms / 1'000) + "&payload=1";
  bool ok = true;
  const auto body = context.hub.post(target, routing::route_file_text(file.entries, file.tables));
  if (body) ok = all_compile(Json::parse(*body, nullptr, false));
  const int code = answer(context, body, [&](const Json& json) {
    for (const Json& route : member_of(json, "routes")) show_tried(route, context.out);
    context.out << number_of(json, "messages") << " messages were run; "
                << basis_text(member_of(json, "basis")) << '\n';
    if (!flag_of(json, "done")) context.out << "time was up before the newest: shorten --since\n";
    if (flag_of(json, "cut")) context.out << "some are left away: the answer had grown too long\n";
  });
  return code == kExitOk && !ok ? kExitFailed : code;
}

}  // namespace headgate::tools
