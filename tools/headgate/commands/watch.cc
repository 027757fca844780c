#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/headgate/answers.h"

namespace headgate::tools {
namespace {

using WatchJson = nlohmann::ordered_json;

std::string per_second(uint64_t count, int64_t ms) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f/s", static_cast<double>(count) * 1000 / static_cast<double>(ms));
  return text;
}

// Counts what has come between two moments; nothing if the hub has begun anew.
uint64_t growth(uint64_t before, uint64_t after) { return after > before ? after - before : 0; }

std::string links_of(const WatchJson& upstream) {
  std::string text;
  for (const WatchJson& link : member_of(upstream, "links"))
    text += "  link " + printable(text_of(link, "name")) + " " + printable(text_of(link, "state"));
  return text;
}

// Lines for people, from lines of the hub. The first has no rates: those need two.
class Ticker {
 public:
  explicit Ticker(std::ostream& out) : out_(out) {}

  void show(const WatchJson& line) {
    const auto now_ms = static_cast<int64_t>(number_of(line, "now_ms"));
    const WatchJson& status = member_of(line, "status");
    const WatchJson& store = member_of(status, "store");
    const uint64_t in = number_of(status, "messages_in");
    const uint64_t out = number_of(status, "messages_out");
    out_ << iso_time(now_ms);
    if (status.is_object()) {
      const bool has_rates = now_ms_ != 0 && now_ms > now_ms_;
      out_ << "  in " << (has_rates ? per_second(growth(in_, in), now_ms - now_ms_) : "-") << "  out "
           << (has_rates ? per_second(growth(out_count_, out), now_ms - now_ms_) : "-") << "  waiting "
           << number_of(store, "waiting") << " (" << human_bytes(number_of(store, "waiting_bytes")) << ")"
           << "  clients " << number_of(status, "connections");
    }
    out_ << links_of(member_of(line, "upstream")) << std::endl;
    now_ms_ = now_ms;
    in_ = in;
    out_count_ = out;
  }

 private:
  std::ostream& out_;
  int64_t now_ms_ = 0;  // of the last line; 0: there was none
  uint64_t in_ = 0;
  uint64_t out_count_ = 0;
};

}  // namespace

int run_watch(const Context& context, const std::string& parts) {
  const std::string wanted = parts.empty() && !context.json ? "status,upstream" : parts;
  const std::string target = "/v1/live" + (wanted.empty() ? "" : "?parts=" + percent_encode(wanted));
  if (context.json) return follow(context, target);
  Ticker ticker(context.out);
  const core::Status ended = context.hub.stream(target, [&](std::string_view line) {
    const WatchJson json = WatchJson::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) ticker.show(json);
    return static_cast<bool>(context.out);
  });
  if (ended) return kExitOk;
  context.err << "headgate: " << printable(ended.error().what) << '\n';
  return kExitFailed;
}

}  // namespace headgate::tools
