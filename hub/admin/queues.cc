#include "hub/admin/queues.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hub/admin/queue/messages.h"
#include "hub/admin/queue/rows.h"
#include "hub/engine/queue_verbs.h"
#include "store/report/inspect.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

AdminResponse no_seq(const AdminCall& call) {
  return failed(400, "\"" + call.name + "\" is not the seq of a dead letter: a whole number");
}

// The routes in force that lead to a queue.
Json routes_to(const HubView& hub, const std::string& queue) {
  Json names = Json::array();
  for (const RouteInfo& route : hub.routes()) {
    const bool leads_there = std::ranges::find(route.endpoints, queue) != route.endpoints.end();
    if (route.active && !route.shadow && leads_there) names.push_back(route.name);
  }
  return names;
}

store::MessageSearch search_for(const AdminCall& call, const store::PeekRequest& peek) {
  store::MessageSearch what;
  what.request.queue = call.name;
  what.request.lane = peek.lane;
  what.request.after = peek.after;
  what.request.budget.found = peek.count;
  what.request.budget.found_bytes = store::kPeekBytesMax;
  what.shown = peek.payload ? store::MessageSearch::Shown::payloads : store::MessageSearch::Shown::heads;
  what.says_how_far = false;
  if (const Sight sight = call.sight(); !sight.user.empty())
    what.sees = [sight](std::string_view topic) { return sight.topic(topic); };
  return what;
}

// All queues by name, some in each turn of the loop: the accounts of one are of one moment, those of two need not be.
class QueueList : public std::enable_shared_from_this<QueueList> {
 public:
  explicit QueueList(HubView& hub) : hub_(hub), rows_(hub) {}

  void begin(std::function<void(AdminResponse)> done) {
    done_ = std::move(done);
    for (const store::QueueId queue : hub_.store().queues()) names_.push_back(hub_.store().stats(queue).name);
    std::ranges::sort(names_);
    go_on();
  }
  void stop() { done_ = nullptr; }

 private:
  static constexpr size_t kQueuesATurn = 32;

  void go_on() {
    if (!done_) return;
    const size_t end = std::min(names_.size(), next_ + kQueuesATurn);
    for (; next_ < end; ++next_) {
      const auto queue = hub_.store().find_queue(names_[next_]);
      if (queue)
        text_.append(text_.empty() ? "" : ",") += rows_.row(*queue);  // else it has been removed meanwhile
    }
    if (next_ == names_.size()) return std::exchange(done_, nullptr)({200, R"({"queues":[)" + text_ + "]}"});
    hub_.later([self = shared_from_this()] { self->go_on(); });
  }

  HubView& hub_;
  QueueRows rows_;
  std::function<void(AdminResponse)> done_;
  std::vector<std::string> names_;
  size_t next_ = 0;
  std::string text_;
};

Json to_json(const Replayed& replayed) {
  return {
      {"letter", replayed.letter}, {"queue", replayed.queue}, {"lane", replayed.lane}, {"seq", replayed.seq}};
}

}  // namespace

AdminReply get_queues(const AdminCall& call) {
  const auto list = std::make_shared<QueueList>(call.hub);
  return AdminLater{[list](auto done) { list->begin(std::move(done)); }, [list] { list->stop(); }};
}

AdminReply get_queue(const AdminCall& call) {
  const auto queue = call.hub.store().find_queue(call.name);
  if (!queue) return failed(404, "there is no queue \"" + call.name + "\"");
  return AdminResponse{200, QueueRows(call.hub).row(*queue)};
}

AdminReply peek_queue(const AdminCall& call) {
  store::PeekRequest request;
  const auto lane = call.number("lane", store::kLaneCount, store::kDefaultLane);
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", request.count, store::kPeekCountMax);
  const auto payload = call.number("payload", 0, 1);
  if (!lane) return call.wrong("lane", "0 to 9 for a priority, 10 for messages without one");
  if (!after) return call.wrong("after", "a message's seq");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  if (!payload) return call.wrong("payload", "0 or 1");
  if (*lane != store::kLaneCount) request.lane = static_cast<uint8_t>(*lane);
  request.after = *after;
  request.count = *count;
  request.payload = *payload == 1;
  return find_messages(call, search_for(call, request));
}

AdminReply tail_queue(const AdminCall& call) {
  const auto payload = call.number("payload", 0, 1);
  if (!payload) return call.wrong("payload", "0 or 1");
  const auto queue = call.hub.store().find_queue(call.name);
  if (!queue) return failed(404, "there is no queue \"" + call.name + "\"");
  return AdminStream{[queue = *queue, with_payload = *payload == 1, sees = call.sight()](LineSink sink) {
    return sees.hub->subscribe_queue(
        queue, [sink = std::move(sink), with_payload, sees](const store::Entry& entry, uint8_t lane) {
          const bool shown = with_payload && sees.topic(entry.message->topic);
          sink(store::entry_json(entry, lane, shown, sees.hub->now()));
        });
  }};
}

AdminReply post_purge_queue(const AdminCall& call) {
  if (!call.query.empty()) return purge_messages(call);
  const auto purged = purge_queue(call.store, call.name);
  if (!purged) return refused(purged.error());
  return answer_json({{"queue", call.name}, {"purged", *purged}});
}

AdminReply get_dead_letters(const AdminCall& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  const auto count = call.number("count", 100, store::kPeekCountMax);
  if (!after) return call.wrong("after", "a dead letter's seq");
  if (!count || *count == 0) return call.wrong("count", "1 to 1000");
  return answer_of_search([&hub = call.hub, after = *after, count = *count](store::OnSearchText found) {
    return store::search_letters(
        hub.store(), [&hub] { return hub.now(); }, after, count, std::move(found));
  });
}

AdminReply get_dead_letter(const AdminCall& call) {
  const auto payload = call.number("payload", 0, 1);
  if (!call.seq()) return no_seq(call);
  if (!payload) return call.wrong("payload", "0 or 1");
  const auto text = without_hidden(
      store::dead_letter_json(call.hub.store(), *call.seq(), *payload == 1, call.hub.now()), call.sight());
  if (!text) return answer(text);
  Json json = Json::parse(*text);
  json["routes"] = routes_to(call.hub, json["from"]["queue"].get<std::string>());
  return answer_json(json);
}

AdminReply post_replay_letter(const AdminCall& call) {
  if (!call.seq()) return no_seq(call);
  const auto replayed = replay_dead_letter(call.store, *call.seq(), call.hub.now());
  if (!replayed) return refused(replayed.error());
  return answer_json(to_json(*replayed));
}

AdminReply post_replay_letters(const AdminCall& call) {
  const auto after = call.number("after", 0, UINT64_MAX);
  if (!after) return call.wrong("after", "a dead letter's seq");
  const auto from = call.query.find("queue");
  const auto report = replay_dead_letters(call.store, *after, call.hub.now(),
                                          from == call.query.end() ? std::string_view() : from->second);
  if (!report) return refused(report.error());
  Json replayed = Json::array();
  for (const Replayed& one : report->replayed) replayed.push_back(to_json(one));
  Json stay = Json::array();
  for (const auto& [letter, error] : report->refused) stay.push_back({{"letter", letter}, {"error", error}});
  return answer_json(
      {{"replayed", std::move(replayed)}, {"refused", std::move(stay)}, {"next", report->next}});
}

AdminReply post_purge_letter(const AdminCall& call) {
  if (!call.seq()) return no_seq(call);
  const core::Status purged = purge_dead_letter(call.store, *call.seq(), call.hub.now());
  if (!purged) return refused(purged.error());
  return answer_json({{"purged", 1}});
}

AdminReply post_purge_letters(const AdminCall& call) {
  const auto purged = purge_dead_letters(call.store);
  if (!purged) return refused(purged.error());
  return answer_json({{"purged", *purged}});
}

}  // namespace headgate::hub
