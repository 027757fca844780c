#include "hub/admin/past/recent.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/log.h"
#include "core/topic.h"
#include "hub/admin/past/basis.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kRecentMax = 1'000;
constexpr size_t kRecentATurn = 64;                       // decoded in one turn of the loop: some 0.2 ms
constexpr uint64_t kRecentBytesMax = uint64_t{1} << 20U;  // of bodies in one answer
constexpr uint64_t kSinceMax = uint64_t{365} * 86'400;    // seconds

Json event_json(const LogEvent& event) {
  Json fields = Json::object();
  for (const auto& [key, value] : event.fields) fields[key] = value;
  return {{"number", event.number},
          {"at_ms", event.at_ms},
          {"level", core::name_of(event.level)},
          {"event", event.event},
          {"fields", std::move(fields)}};
}

AdminResponse replay_answer(const core::Result<RecordedMatches>& report) {
  if (!report) return refused(report.error());
  return answer_json(replayed_json(*report));
}

// Messages that are recorded, for one answer: gathered over some turns of the loop, written down elsewhere.
class RecentPage : public std::enable_shared_from_this<RecentPage> {
 public:
  struct Query {
    uint64_t after = 0;  // behind this number
    size_t count = 0;
    bool payload = false;
    bool newest = false;  // the last of those that were looked at; else the first
    std::optional<std::string> filter = {};
  };
  using Done = std::function<void(AdminResponse)>;

  RecentPage(HubView& hub, Sight sight, Query query, Done done)
      : hub_(hub), sight_(std::move(sight)), query_(std::move(query)), done_(std::move(done)) {
    left_ = query_.filter ? kRecentMax : query_.count;
    place_ = query_.newest ? hub_.recorder().before_newest(left_) : query_.after;
  }

  void go_on() {
    if (stopped_) return;
    const auto page = hub_.recorder().behind(place_, std::min(left_, kRecentATurn));
    for (const Recorded& one : page) {
      if (is_full()) return finish();
      look_at(one);
    }
    if (page.empty() || left_ == 0) return finish();
    hub_.later([self = shared_from_this()] { self->go_on(); });
  }
  void stop() { stopped_ = true; }

 private:
  struct Shown {
    Recorded recorded;
    bool with_payload = false;
    bool hidden = false;
  };

  [[nodiscard]] bool is_full() const {
    return bytes_ > kRecentBytesMax || (!query_.newest && shown_.size() == query_.count);
  }

  void look_at(const Recorded& one) {
    --left_;
    place_ = next_ = one.number;
    const std::string& topic = one.message->topic;
    if (query_.filter && !core::topic_matches(*query_.filter, topic)) return;
    const bool seen = sight_.topic(topic);
    shown_.push_back({one, query_.payload && seen, query_.payload && !seen});
    bytes_ += one.message->body.size();
    if (shown_.size() > query_.count) shown_.pop_front();
  }

  // `next` goes on behind the last that was looked at, also if the filter takes none of these.
  void finish() {
    stopped_ = true;
    hub_.elsewhere([shown = std::make_shared<const std::deque<Shown>>(std::move(shown_)),
                    basis = hub_.recorder().coverage(), next = next_] { return text(*shown, basis, next); },
                   [done = std::move(done_)](std::string text) {
                     done({200, std::move(text)});
                   });
  }

  static std::string text(const std::deque<Shown>& shown, const Coverage& basis, uint64_t next) {
    Json messages = Json::array();
    for (const Shown& one : shown) {
      messages.push_back(recorded_json(one.recorded, one.with_payload));
      if (one.hidden) messages.back()["payload"] = nullptr;
    }
    return answer_json({{"basis", basis_json(basis)}, {"messages", std::move(messages)}, {"next", next}})
        .body;
  }

  HubView& hub_;
  const Sight sight_;
  const Query query_;
  Done done_;
  size_t left_ = 0;     // to be looked at
  uint64_t place_ = 0;  // number of the last that was
  uint64_t next_ = 0;
  uint64_t bytes_ = 0;
  std::deque<Shown> shown_;
  bool stopped_ = false;
};

}  // namespace

AdminReply get_recent(const AdminCall& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", 20, kRecentMax);
  const auto payload = call.number("payload", 0, 1);
  const auto newest = call.number("newest", 0, 1);
  const auto filter = call.query.find("filter");
  if (!after) return call.wrong("after", "a message's number");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  if (!payload) return call.wrong("payload", "0 or 1");
  if (!newest) return call.wrong("newest", "0 or 1");
  if (filter != call.query.end() && !core::is_valid_topic_filter(filter->second))
    return call.wrong("filter", "an MQTT topic filter such as plant/+/temperature or #");
  RecentPage::Query query{*after, *count, *payload == 1, *newest == 1};
  if (filter != call.query.end()) query.filter = filter->second;
  const auto page = std::make_shared<std::shared_ptr<RecentPage>>();
  return AdminLater{[&hub = call.hub, sight = call.sight(), query = std::move(query), page](auto done) {
                      *page = std::make_shared<RecentPage>(hub, sight, query, std::move(done));
                      (*page)->go_on();
                    },
                    [page] {
                      if (*page) (*page)->stop();
                    }};
}

std::string events_text(const std::vector<LogEvent>& events) {
  Json list = Json::array();
  for (const LogEvent& event : events) list.push_back(event_json(event));
  return answer_json(list).body;
}

AdminReply get_events(const AdminCall& call) {
  EventFilter filter;
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", filter.count, kRecentMax);
  if (!after) return call.wrong("after", "an event's number");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  filter.after = *after;
  filter.count = *count;
  if (const auto event = call.query.find("event"); event != call.query.end()) filter.event = event->second;
  if (const auto level = call.query.find("level"); level != call.query.end()) {
    const auto known = core::log_level_named(level->second);
    if (!known) return call.wrong("level", "debug, info, warn or error");
    filter.level = *known;
  }
  const LogEvents found = call.hub.events(filter);
  Json events = Json::array();
  for (const LogEvent& event : found.events) events.push_back(event_json(event));
  return answer_json({{"events", std::move(events)}, {"next", found.next}, {"forgotten", found.forgotten}});
}

AdminReply post_replay_routes(const AdminCall& call) {
  const auto since_s = call.number("since_s", kSinceMax, kSinceMax);
  const auto whole = call.number("whole", 0, 1);
  if (!since_s) return call.wrong("since_s", "seconds up to a year");
  if (!whole) return call.wrong("whole", "0 or 1");
  RecordedRun request;
  if (!call.request.body.empty())
    request.routes = routing::parse_route_text(call.request.body, "request").routes;
  request.whole = *whole == 1;
  request.since_ms = call.hub.now().wall_ms - static_cast<int64_t>(*since_s) * 1000;
  request.user = call.request.caller.user;
  return AdminLater{[&hub = call.hub, request = std::move(request)](auto done) {
    hub.replay(request, [done = std::move(done)](const core::Result<RecordedMatches>& report) {
      done(replay_answer(report));
    });
  }};
}

}  // namespace headgate::hub
