#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

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

// Shows what the answer says, part by part.
class WhyTeller {
 public:
  WhyTeller(const Json& json, std::ostream& out)
      : json_(json), out_(out), message_(member_of(json, "message")) {}

  void tell() {
    tell_arrival();
    tell_routes();
    for (const Json& queue : member_of(json_, "queues")) tell_queue(queue);
    if (member_of(json_, "queues").empty()) line("queues", "none: no queue took it");
    line("", basis_text(member_of(json_, "basis")));
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
    line("heard", flag_of(json_, "heard") ? "by clients that subscribe" : "by no subscriber that is known");
    if (flag_of(json_, "returned")) line("routes", "not asked: it is a batch of this hub that came back");
  }

  void tell_routes() {
    if (flag_of(json_, "returned")) return;
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
};

int list_recent(const Context& context, const WhyOptions& options) {
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
  const auto body =
      context.hub.get("/v1/why/" + percent_encode(options.id) + (options.payload ? "?payload=1" : ""));
  bool known = true;
  const int code = answer(context, body, [&](const Json& json) {
    known = text_of(json, "known") != "no";
    if (known) return WhyTeller(json, context.out).tell();
    context.out << printable(text_of(json, "why_not")) << '\n'
                << basis_text(member_of(json, "basis")) << '\n';
  });
  if (context.json && body) known = body->find("\"known\":\"no\"") == std::string::npos;
  return code == kExitOk && !known ? kExitFailed : code;
}

}  // namespace headgate::tools
