#include "hub/admin/past/trial.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/json_nesting.h"
#include "hub/admin/past/basis.h"
#include "routing/files/json_text.h"
#include "routing/files/route_check.h"
#include "routing/trial/sample.h"
#include "routing/trial/trial.h"
#include "store/report/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;
using routing::TrialRow;
using routing::TrialStep;
using routing::Truth;
using routing::Verdict;

constexpr uint64_t kTriedSinceMax = uint64_t{365} * 86'400;  // seconds
constexpr uint64_t kTriedSince = 3'600;
constexpr size_t kTriedBytesMax = size_t{1} << 20U;  // of an answer
constexpr size_t kTriedPayloadMax = 4'096;
constexpr size_t kTriedRowsMax = 20;  // of one message
constexpr size_t kTriedRoutesMax = 100;
constexpr size_t kTriedTextBytesMax = size_t{256} << 10U;  // of routes, which take long to compile
constexpr size_t kTriedStepBytesMax = size_t{64} << 20U;   // of what one message makes

// ---- messages that are given ----

// The fault; empty: there is none. Members that parse_sample() would pass over are held to be what they should be.
std::string fault_of(const Json& message) {
  if (!message.is_object()) return "it is no object";
  for (const char* key : {"topic", "payload", "payload_base64", "client", "device", "module", "content_type",
                          "content_encoding"}) {
    const auto found = message.find(key);
    if (found != message.end() && !found->is_string()) return std::string(key) + " is no text";
  }
  return message.contains("topic") ? "" : "there is no topic";
}

// `column` of a line that nobody wrote is of no use.
std::string without_place(const std::string& what) {
  const size_t end = what.find(": ");
  return end == std::string::npos ? what : what.substr(end + 2);
}

core::Result<std::vector<TrialMessage>> read_messages(const Json& list, int64_t now_ms) {
  if (!list.is_array()) return core::fail(core::Errc::invalid, "messages is no list");
  if (list.size() > kTrialMessagesMax)
    return core::fail(core::Errc::invalid, "messages are " + std::to_string(list.size()) +
                                               "; allowed: up to " + std::to_string(kTrialMessagesMax));
  std::vector<TrialMessage> messages;
  int64_t at_ms = now_ms;
  for (size_t i = 0; i < list.size(); ++i) {
    const auto fail = [i](const std::string& what) {
      return core::fail(core::Errc::invalid, "messages[" + std::to_string(i) + "]: " + what);
    };
    if (const std::string fault = fault_of(list[i]); !fault.empty()) return fail(fault);
    Json line = list[i];
    if (!line.contains("at") && !line.contains("arrived_ms")) line["at"] = at_ms;
    const auto read =
        routing::parse_sample(line.dump(-1, ' ', false, Json::error_handler_t::replace), "messages");
    if (!read) return fail(without_place(read.error().what));
    const routing::SampleLine& sample = read->front();
    if (i > 0 && sample.at_ms < at_ms) return fail("it is older than the one before");
    at_ms = sample.at_ms;
    messages.push_back({.message = sample.message, .number = i + 1, .given = true});
  }
  return messages;
}

// Takes `messages` out of the body, of which the rest is a route file.
core::Status read_request(const std::string& body, int64_t now_ms, RouteTrial& request) {
  if (!core::is_nested_within(body))
    return core::fail(core::Errc::invalid, "the body has too many levels within one another");
  std::string routes = body;
  auto json = routing::parse_json_text(body, "request");
  if (json && json->is_object() && json->contains("messages")) {
    auto given = read_messages((*json)["messages"], now_ms);
    if (!given) return core::fail(given.error());
    request.given = *std::move(given);
    json->erase("messages");
    routes = json->dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  request.routes = routing::parse_route_text(routes, "request").routes;
  if (request.routes.entries.size() > kTriedRoutesMax)
    return core::fail(core::Errc::invalid, "the body has " + std::to_string(request.routes.entries.size()) +
                                               " routes; allowed: up to " + std::to_string(kTriedRoutesMax));
  size_t bytes = 0;
  for (const auto& entry : request.routes.entries) bytes += entry.text.size();
  if (bytes > kTriedTextBytesMax)
    return core::fail(core::Errc::invalid, "the texts of the routes have " + std::to_string(bytes) +
                                               " bytes; allowed: up to " +
                                               std::to_string(kTriedTextBytesMax));
  return {};
}

// ---- the run ----

// A message that a route took or left.
struct Told {
  TrialMessage origin;  // the message that was run
  core::MessagePtr message;
  bool made = false;  // by a route, of that
  int64_t at_ms = 0;
  Truth truth = Truth::no;
  std::vector<routing::TraceLine> why;
  std::vector<TrialRow> rows;
  size_t bytes = 0;  // about
};

// The newest of those, within a number and some bytes.
class Newest {
 public:
  Newest(size_t count, size_t bytes_max) : count_(count), bytes_max_(bytes_max) {}

  void add(Told told) {
    for (const auto& line : told.why) told.bytes += line.text.size();
    bytes_ += told.bytes;
    all_.push_back(std::move(told));
    trim();
  }
  // Nothing is added if there is no message that it could stand at.
  void add_row(TrialRow row) {
    if (all_.empty()) return;
    Told& last = all_.back();
    const size_t bytes = std::min(row.body.size(), kTriedPayloadMax) + row.topic.size() + row.to.size();
    if (last.rows.size() >= kTriedRowsMax || last.bytes + bytes > bytes_max_) {
      is_cut_ = true;
      return;
    }
    last.rows.push_back(std::move(row));
    last.bytes += bytes;
    bytes_ += bytes;
    trim();
  }

  [[nodiscard]] const std::deque<Told>& all() const { return all_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  void trim() {
    while (all_.size() > count_ || (bytes_ > bytes_max_ && all_.size() > 1)) {
      is_cut_ = is_cut_ || all_.size() <= count_;
      bytes_ -= all_.front().bytes;
      all_.pop_front();
    }
  }

  size_t count_;
  size_t bytes_max_;
  std::deque<Told> all_;
  size_t bytes_ = 0;
  bool is_cut_ = false;
};

struct TriedRoute {
  TriedRoute(size_t count, size_t bytes_max) : taken(count, bytes_max), left(count, bytes_max) {}

  uint64_t seen = 0;  // messages that its source takes
  uint64_t matched = 0;
  uint64_t undefined = 0;
  Newest taken;
  Newest left;
};

Json payload_json(const std::string& body) {
  core::Message shown;
  shown.body = body.substr(0, kTriedPayloadMax);
  Json all = Json::parse(store::message_json(shown, true), nullptr, false);
  Json json = Json::object();
  for (const char* key : {"payload", "payload_base64"})
    if (all.is_object() && all.contains(key)) json[key] = std::move(all[key]);
  if (body.size() > kTriedPayloadMax) json["payload_bytes"] = body.size();
  return json;
}

Json row_of(const TrialRow& row, bool payload) {
  Json json = {{"to", row.to}, {"topic", row.topic}};
  if (payload) json.update(payload_json(row.body));
  json["start_ms"] = row.start_ms;
  json["end_ms"] = row.end_ms;
  return json;
}

Json told_json(const Told& told, bool payload) {
  const TrialMessage& origin = told.origin;
  Json json = {
      {"number", origin.number}, {"id", origin.id()}, {"at_ms", told.at_ms}, {"topic", told.message->topic}};
  if (payload) json.update(payload_json(told.message->body));
  json["made"] = told.made;
  if (told.truth == Truth::yes) {
    json["rows"] = Json::array();
    for (const TrialRow& row : told.rows) json["rows"].push_back(row_of(row, payload));
    return json;
  }
  json["truth"] = told.truth == Truth::no ? "no" : "undefined";
  json["trace"] = Json::array();
  for (const auto& line : told.why) json["trace"].push_back({{"depth", line.depth}, {"text", line.text}});
  return json;
}

std::string errors_of(const routing::RouteStatus& status) {
  std::string text;
  for (const routing::Diagnostic& found : status.diagnostics)
    if (found.severity == routing::Severity::error)
      text.append(text.empty() ? "" : "\n").append(routing::render(found, status.text));
  return text;
}

class TrialReport {
 public:
  explicit TrialReport(const TrialInput& input)
      : input_(input),
        trial_(routing::route_specs(input.routes.entries, input.default_ttl_s), input.routes.tables) {
    const size_t share = kTriedBytesMax / 2 / std::max<size_t>(trial_.table().routes().size(), 1) / 2;
    for (size_t i = 0; i < trial_.table().routes().size(); ++i) routes_.emplace_back(input.count, share);
  }

  void run(const std::function<bool()>& is_over) {
    trial_.keep_within({is_over, kTriedStepBytesMax});
    for (const TrialMessage& one : input_.messages) {
      if (is_over()) return;
      ++run_;
      take(trial_.take(one.message, one.seq != 0 ? one.seq : one.number), one);
      if (trial_.was_cut()) return;
    }
    if (!input_.messages.empty()) take(trial_.finish(), input_.messages.back());
    done_ = !trial_.was_cut();
  }

  // Leaves away the oldest of what is too long after all.
  [[nodiscard]] std::string json() {
    Json routes = Json::array();
    size_t left = kTriedBytesMax / 2;
    for (const routing::RouteStatus& status : trial_.statuses()) routes.push_back(route_json(status, left));
    Json all = {{"basis", basis_json(input_.basis)},
                {"messages", run_},
                {"from_ms", run_ == 0 ? 0 : input_.messages.front().message->arrived_ms},
                {"left_out", input_.left_out},
                {"done", done_},
                {"cut", is_cut_},
                {"routes", std::move(routes)}};
    return answer_json(all).body;
  }

 private:
  void take(std::vector<TrialStep> steps, const TrialMessage& origin) {
    for (TrialStep& step : steps) {
      if (step.message) ++offered_;
      for (Verdict& verdict : step.verdicts) take_verdict(verdict, step, origin);
      for (TrialRow& row : step.rows) routes_[row.route].taken.add_row(std::move(row));
    }
  }

  void take_verdict(Verdict& verdict, const TrialStep& step, const TrialMessage& origin) {
    TriedRoute& route = routes_[verdict.route];
    ++route.seen;
    if (verdict.truth == Truth::yes) ++route.matched;
    if (verdict.truth == Truth::undefined) ++route.undefined;
    Told told{origin, step.message, step.made_by_route, step.at_ms, verdict.truth, std::move(verdict.why),
              {}};
    told.bytes = step.message->topic.size() + std::min(step.message->body.size(), kTriedPayloadMax);
    (verdict.truth == Truth::yes ? route.taken : route.left).add(std::move(told));
  }

  Json list_json(const Newest& newest, size_t& left) {
    is_cut_ = is_cut_ || newest.is_cut();
    std::vector<Json> found;
    for (auto told = newest.all().rbegin(); told != newest.all().rend(); ++told) {
      Json one = told_json(*told, input_.payload);
      const size_t bytes = one.dump(-1, ' ', false, Json::error_handler_t::replace).size();
      if (bytes > left) {
        is_cut_ = true;
        break;
      }
      left -= bytes;
      found.push_back(std::move(one));
    }
    Json list = Json::array();
    for (auto one = found.rbegin(); one != found.rend(); ++one) list.push_back(std::move(*one));
    return list;
  }

  Json route_json(const routing::RouteStatus& status, size_t& left) {
    Json json = {{"route", status.name}, {"error", errors_of(status)}};
    static const TriedRoute kNothing(0, 0);
    const TriedRoute& route = status.ok() ? routes_[*status.route] : kNothing;
    json["matched"] = route.matched;
    json["not_matched"] = route.seen - route.matched - route.undefined;
    json["undefined"] = route.undefined;
    json["other_source"] = status.ok() ? offered_ - std::min(offered_, route.seen) : 0;
    json["type_error"] = status.ok() ? trial_.counts(*status.route).sample : std::string();
    json["taken"] = list_json(route.taken, left);
    json["left"] = list_json(route.left, left);
    return json;
  }

  const TrialInput& input_;
  routing::Trial trial_;
  std::vector<TriedRoute> routes_;
  uint64_t run_ = 0;
  uint64_t offered_ = 0;  // those, and what routes made of them
  bool done_ = false;
  bool is_cut_ = false;
};

}  // namespace

std::string tried_json(const TrialInput& input, const std::function<bool()>& is_over) {
  TrialReport report(input);
  report.run(is_over);
  return report.json();
}

AdminReply post_test_routes(const AdminCall& call) {
  const auto since_s = call.number("since_s", kTriedSince, kTriedSinceMax);
  const auto count = call.number("count", 5, kTrialMessagesMax);
  const auto payload = call.number("payload", 0, 1);
  if (!since_s) return call.wrong("since_s", "seconds up to a year");
  if (!count || *count == 0) return call.wrong("count", "1 to " + std::to_string(kTrialMessagesMax));
  if (!payload) return call.wrong("payload", "0 or 1");
  RouteTrial request;
  const int64_t now_ms = call.hub.now().wall_ms;
  if (const core::Status read = read_request(call.request.body, now_ms, request); !read)
    return refused(read.error());
  request.since_ms = now_ms - static_cast<int64_t>(*since_s) * 1000;
  request.user = call.request.caller.user;
  request.reads_tables = call.request.caller.role == Role::admin;
  request.count = *count;
  request.payload = *payload == 1;
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.test_routes(request, [done = std::move(done)](const core::Result<std::string>& json) {
      done(json ? AdminResponse{200, *json} : refused(json.error()));
    });
  }};
}

}  // namespace headgate::hub
