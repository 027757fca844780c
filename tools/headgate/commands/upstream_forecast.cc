#include <nlohmann/json.hpp>

#include "tools/headgate/answers.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

// Minutes in which everything passes, if nobody knows how fast the link is.
constexpr uint64_t kAtOnceMs = 120'000;

std::string gone_of(const Json& link, uint64_t now_ms) {
  if (number_of(link, "messages") == 0) return "nothing waits";
  if (!member_of(link, "gone_ms").is_number()) return "not within a year";
  const uint64_t gone_ms = number_of(link, "gone_ms");
  const bool by_speed = number_of(link, "bytes_per_s") == 0 && gone_ms < now_ms + kAtOnceMs;
  std::string text = by_speed ? "as fast as the link is"
                              : iso_time(static_cast<int64_t>(gone_ms)) + ", in " +
                                    human_duration(static_cast<int64_t>((gone_ms - now_ms) / 1000));
  if (text_of(link, "state") != "connected") text += ", once it is connected";
  return text;
}

void show_first(std::ostream& out, const Json& first) {
  if (!first.is_object()) {
    out << "nothing that waits expires\n";
    return;
  }
  const uint64_t expires_ms = number_of(first, "expires_ms");
  const bool late = !member_of(first, "gone_ms").is_number() || number_of(first, "gone_ms") > expires_ms;
  out << "first to expire: " << printable(text_of(first, "queue"));
  if (member_of(first, "priority").is_number()) out << ", priority " << number_of(first, "priority");
  out << ", from " << iso_time(static_cast<int64_t>(expires_ms)) << " on"
      << (late ? ": SOME OF IT WILL EXPIRE BEFORE IT IS SENT\n" : ", after it is sent\n");
}

void show_forecast(std::ostream& out, const Json& json) {
  if (member_of(json, "links").empty()) {
    out << "there is no link: $upstream only queues (set upstream.host, or links)\n";
    return;
  }
  const uint64_t now_ms = number_of(json, "now_ms");
  Table table({{"LINK"},
               {"WAITING", Align::right},
               {"BYTES", Align::right},
               {"ON THE WIRE", Align::right},
               {"SPEED", Align::right},
               {"GONE"}});
  for (const Json& link : member_of(json, "links")) {
    const uint64_t speed = number_of(link, "bytes_per_s");
    table.add({text_of(link, "name"), std::to_string(number_of(link, "messages")),
               human_bytes(number_of(link, "bytes")), human_bytes(number_of(link, "wire_bytes")),
               speed == 0 ? "not known" : human_bytes(speed) + "/s", gone_of(link, now_ms)});
  }
  table.print(out);
  out << "if nothing more comes; ";
  show_first(out, member_of(json, "first_to_expire"));
}

}  // namespace

int run_upstream_forecast(const Context& context) {
  return answer(context, context.hub.get("/v1/upstream/forecast"),
                [&](const Json& json) { show_forecast(context.out, json); });
}

}  // namespace headgate::tools
