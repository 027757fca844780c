#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "store/report/inspect.h"
#include "store/report/whereabouts.h"
#include "tools/headgate/answers.h"
#include "tools/headgate/commands/past/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string step_time(const Json& json, std::string_view field) {
  return iso_time(static_cast<int64_t>(number_of(json, field)));
}

std::string share_text(uint64_t part, uint64_t of) {
  if (of == 0) return "-";
  const uint64_t tenths = part * 1000 / of;
  return tenths >= 10 || part == 0 ? std::to_string(tenths / 10) + " %" : "less than 1 %";
}

constexpr std::string_view kOfDirectory =
    "rests on what lies in the directory: what a hub had in memory (routes that matched, steps) is gone with it";

// Shows what the answer says, part by part.
class WhyTeller {
 public:
  WhyTeller(const Json& json, std::ostream& out, bool of_directory)
      : json_(json), out_(out), message_(member_of(json, "message")), of_directory_(of_directory) {}

  void tell() {
    tell_arrival();
    tell_routes();
    for (const Json& queue : member_of(json_, "queues")) tell_queue(queue);
    if (member_of(json_, "queues").empty()) line("queues", "none: no queue took it");
    line("", of_directory_ ? std::string(kOfDirectory) : basis_text(member_of(json_, "basis")));
  }

 private:
  void line(std::string_view name, const std::string& text) {
    out_ << name << std::string(name.size() < 10 ? 10 - name.size() : 1, ' ') << text << '\n';
  }

  void tell_arrival() {
    std::string name =
        number_of(message_, "seq") == 0 ? "" : "seq " + std::to_string(number_of(message_, "seq"));
    if (number_of(message_, "number") != 0)
      name += (name.empty() ? "r" : ", r") + std::to_string(number_of(message_, "number"));
    line("message",
         name + (text_of(json_, "id").empty() ? "" : ", upstream " + printable(text_of(json_, "id"))));
    const bool made = flag_of(message_, "made");
    std::string from = made                                  ? "a route"
                       : text_of(message_, "client").empty() ? "the hub"
                                                             : printable(text_of(message_, "client"));
    if (number_of(json_, "made_of") != 0)
      from += " (of r" + std::to_string(number_of(json_, "made_of")) + ")";
    line(made ? "made" : "arrived", step_time(message_, "arrived_ms") + " from " + from);
    line("topic", printable(text_of(message_, "topic")) + ", QoS " +
                      std::to_string(number_of(message_, "qos")) + ", " +
                      human_bytes(number_of(message_, "body_bytes")));
    if (const std::string payload = text_of(message_, "payload"); !payload.empty())
      line("payload", printable(payload));
    if (!text_of(json_, "refused").empty()) line("refused", printable(text_of(json_, "refused")));
    if (of_directory_) return;
    line("heard", flag_of(json_, "heard") ? "by clients that subscribe" : "by no subscriber that is known");
    if (flag_of(json_, "returned")) line("routes", "not asked: it is a batch of this hub that came back");
  }

  void tell_routes() {
    if (flag_of(json_, "returned") || of_directory_) return;
    if (flag_of(json_, "routes_changed") && !member_of(json_, "routes").empty())
      line("routes", "as they are now; others may have been in force when it came");
    for (const Json& route : member_of(json_, "routes")) tell_route(route);
    if (member_of(json_, "routes").empty()) line("routes", "there are none");
  }

  void tell_route(const Json& route) {
    const bool takes = text_of(route, "what") == "takes";
    std::string text = printable(text_of(route, "route")) + (takes ? " takes it: " : ": ");
    if (takes) {
      for (const Json& endpoint : member_of(route, "endpoints"))
        if (endpoint.is_string())
          text += (text.ends_with(": ") ? "" : ", ") + printable(endpoint.get<std::string>());
    } else {
      text += printable(text_of(route, "why"));
    }
    line("route", text);
    for (const Json& part : member_of(route, "parts"))
      line("", std::string(2 + 2 * number_of(part, "depth"), ' ') + printable(text_of(part, "text")));
  }

  void tell_queue(const Json& queue) {
    const std::string name = text_of(queue, "queue");
    std::string text = name.empty() ? "a queue that is gone" : printable(name);
    if (member_of(queue, "priority").is_number())
      text += ", priority " + std::to_string(number_of(queue, "priority"));
    const std::string state = text_of(queue, "state");
    text += ": " + (state == "ended"           ? "ended; how is not known any more"
                    : state == "being_written" ? "being written"
                                               : state);
    if (number_of(queue, "attempts") != 0)
      text += ", attempts " + std::to_string(number_of(queue, "attempts"));
    if (number_of(queue, "letter") != 0)
      text += "; headgate dlq show " + std::to_string(number_of(queue, "letter"));
    line("queue", text);
    if (const std::string blocked = text_of(queue, "blocked"); !blocked.empty())
      line("", "  does not go on: " + printable(blocked));
    for (const Json& step : member_of(queue, "steps")) tell_step(step);
    const Json& gap = member_of(queue, "gap");
    if (gap.is_object() && text_of(gap, "why") == "folded")
      line("", "  what it held goes on in " + std::to_string(number_of(gap, "into_from")) + " to " +
                   std::to_string(number_of(gap, "into_to")));
    else if (gap.is_object())
      line("", "  may be one of " + std::to_string(number_of(gap, "count")) + " that were lost (" +
                   printable(text_of(gap, "why")) + ") from " + std::to_string(number_of(gap, "from")) +
                   " to " + std::to_string(number_of(gap, "to")));
  }

  void tell_step(const Json& step) {
    std::string what = text_of(step, "what");
    for (char& c : what)
      if (c == '_') c = ' ';
    std::string text = "  " + step_time(step, "at_ms") + "  " + printable(what);
    if (number_of(step, "batch") != 0) text += ", batch " + std::to_string(number_of(step, "batch"));
    if (number_of(step, "code") != 0) text += ", code " + std::to_string(number_of(step, "code"));
    line("", text);
  }

  const Json& json_;
  std::ostream& out_;
  const Json& message_;
  const bool of_directory_;
};

// The shape that a hub's answer has (hub/admin/past/why.h); what only a hub knows is empty.
Json place_json(const store::Whereabouts& found, const store::Whereabouts::Place& place, core::Now now) {
  Json gap = nullptr;
  for (const auto& [queue, loss] : found.gaps)
    if (queue == place.queue && place.letter != 0)
      gap = {{"from", loss.from},           {"to", loss.to},
             {"count", loss.count},         {"why", store::fate_of(loss)},
             {"into_from", loss.into_from}, {"into_to", loss.into_to}};
  return {{"queue", place.queue},
          {"lane", place.lane},
          {"priority", place.lane == store::kDefaultLane ? Json(nullptr) : Json(place.lane)},
          {"state", place.letter == 0 ? "waiting" : "dead"},
          {"expires_ms", core::wall_time_of(place.expires_ms, now)},
          {"attempts", 0},
          {"letter", place.letter},
          {"gap", std::move(gap)},
          {"blocked", ""},
          {"steps", Json::array()}};
}

std::string why_nowhere(const store::Whereabouts& found) {
  std::string why = "it waits in no queue of this directory, and is no dead letter";
  for (const auto& [queue, gap] : found.gaps)
    why += "; it may be one of " + std::to_string(gap.count) + " that " + queue + " lost (" +
           std::string(store::fate_of(gap)) + ") from " + std::to_string(gap.from) + " to " +
           std::to_string(gap.to);
  return why;
}

core::Result<std::string> why_in_directory(const Context& context, const WhyOptions& options) {
  const store::Identity& own = context.reader->identity();
  const auto seq = store::seq_named(options.id, own);
  if (!seq) return core::fail(seq.error());
  if (*seq == 0)
    return core::fail(core::Errc::invalid,
                      "of a directory a message is asked for by its seq or upstream id (" + own.hub + "/" +
                          own.epoch + "/17): only a running hub remembers other ids");
  const auto found = store::find_message(*context.reader, *seq, context.now);
  if (!found) return core::fail(found.error());
  Json json = {{"asked", options.id},
               {"known", found->message ? "stored" : "no"},
               {"why_not", found->message ? "" : why_nowhere(*found)},
               {"basis", nullptr}};
  if (!found->message) return json.dump();
  json["id"] = own.hub + "/" + own.epoch + "/" + std::to_string(*seq);
  json["message"] = {{"number", 0}, {"seq", *seq}, {"made", false}, {"whole", true}};
  json["message"].update(Json::parse(store::message_json(*found->message, options.payload)));
  json["routes"] = Json::array();
  json["queues"] = Json::array();
  for (const auto& place : found->places) json["queues"].push_back(place_json(*found, place, context.now));
  return json.dump();
}

core::Result<std::string> why_of(const Context& context, const WhyOptions& options) {
  if (context.reader != nullptr) return why_in_directory(context, options);
  return context.hub.get("/v1/why/" + percent_encode(options.id) + (options.payload ? "?payload=1" : ""));
}

int list_recent(const Context& context, const WhyOptions& options) {
  if (context.reader != nullptr) {
    context.err
        << "headgate: a directory has no list of the last messages: name one by its seq, or ask the hub\n";
    return kExitUsage;
  }
  std::string target = "/v1/recent?newest=1&count=" + std::to_string(options.count);
  if (!options.filter.empty()) target += "&filter=" + percent_encode(options.filter);
  return answer(context, context.hub.get(target), [&](const Json& json) {
    Table table({{"ID"}, {"SEQ", Align::right}, {"ARRIVED"}, {"TOPIC"}, {"FROM"}, {"SIZE", Align::right}});
    for (const Json& message : member_of(json, "messages")) {
      const uint64_t seq = number_of(message, "seq");
      table.add({"r" + std::to_string(number_of(message, "number")), seq == 0 ? "-" : std::to_string(seq),
                 step_time(message, "arrived_ms"), text_of(message, "topic"),
                 flag_of(message, "made") ? "(a route)" : or_dash(text_of(message, "client")),
                 human_bytes(number_of(message, "body_bytes"))});
    }
    table.print(context.out);
    context.out << basis_text(member_of(json, "basis")) << '\n';
  });
}

}  // namespace

std::string basis_text(const Json& basis) {
  if (number_of(basis, "bytes_max") == 0)
    return "rests on what the store has: nothing is recorded (observe.history_bytes is 0)";
  const uint64_t messages = number_of(basis, "messages");
  const uint64_t arrived = number_of(basis, "arrived");
  if (messages == 0) return "rests on what the store has: nothing has been recorded yet";
  return "rests on " + std::to_string(messages) + " of " + std::to_string(arrived) + " messages (" +
         share_text(messages, arrived) + ") since " + step_time(basis, "since_ms") +
         ", and on what the store has";
}

int run_why(const Context& context, const WhyOptions& options) {
  if (options.id.empty()) return list_recent(context, options);
  const bool of_directory = context.reader != nullptr;
  const auto body = why_of(context, options);
  bool known = true;
  const int code = answer(context, body, [&](const Json& json) {
    known = text_of(json, "known") != "no";
    if (known) return WhyTeller(json, context.out, of_directory).tell();
    context.out << printable(text_of(json, "why_not")) << '\n'
                << (of_directory ? std::string(kOfDirectory) : basis_text(member_of(json, "basis"))) << '\n';
  });
  if (context.json && body) known = body->find("\"known\":\"no\"") == std::string::npos;
  return code == kExitOk && !known ? kExitFailed : code;
}

}  // namespace headgate::tools
