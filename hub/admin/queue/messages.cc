#include "hub/admin/queue/messages.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "routing/selection/message_filter.h"

namespace headgate::hub {
namespace {

constexpr uint64_t kFoundMax = 1'000;

struct Number {
  const char* name;
  uint64_t max;
  const char* allowed;
  uint64_t* into;
};

// The first that is wrong.
std::optional<AdminResponse> take_numbers(const AdminCall& call, std::initializer_list<Number> numbers) {
  for (const Number& number : numbers) {
    const auto value = call.number(number.name, *number.into, number.max);
    const bool is_switch = number.max == 1;
    if (!value || (*value == 0 && !is_switch)) return call.wrong(number.name, number.allowed);
    *number.into = *value;
  }
  return std::nullopt;
}

std::optional<AdminResponse> take_place(const AdminCall& call, store::SearchRequest& request) {
  const auto lane = call.number("lane", store::kLaneCount, store::kDefaultLane);
  if (!lane) return call.wrong("lane", "0 to 9 for a priority, 10 for messages without one");
  if (*lane != store::kLaneCount) request.lane = static_cast<uint8_t>(*lane);
  const auto cursor = call.query.find("cursor");
  if (cursor == call.query.end()) return std::nullopt;
  const auto place = store::parse_place(cursor->second);
  if (!place) return call.wrong("cursor", "what an answer before gave as next, such as 10.4711");
  request.from = *place;
  return std::nullopt;
}

std::optional<AdminResponse> take_budget(const AdminCall& call, store::MessageSearch& what) {
  store::SearchBudget& budget = what.request.budget;
  uint64_t time_ms = static_cast<uint64_t>(budget.time_ms);
  uint64_t payload = 0;
  uint64_t full = 0;
  auto wrong = take_numbers(call, {{"limit", kFoundMax, "1 to 1000", &budget.found},
                                   {"rows", store::kSearchRowsMax, "1 to 10000000", &budget.rows},
                                   {"time_ms", store::kSearchMsMax, "1 to 60000", &time_ms},
                                   {"payload", 1, "0 or 1", &payload},
                                   {"full", 1, "0 or 1", &full}});
  if (wrong) return wrong;
  budget.time_ms = static_cast<int64_t>(time_ms);
  if (payload == 1) what.shown = store::MessageSearch::Shown::payloads;
  if (full == 1) what.shown = store::MessageSearch::Shown::all;
  return std::nullopt;
}

std::optional<AdminResponse> take_filter(const AdminCall& call, store::MessageSearch& what) {
  auto filter = routing::MessageFilter::compile(call.query, call.hub.now().wall_ms);
  if (!filter) return failed(400, filter.error().what);
  what.looks_inside = filter->looks_inside();
  if (filter->empty()) return std::nullopt;
  const auto shared = std::make_shared<routing::MessageFilter>(*std::move(filter));
  what.filter = [shared](const core::Message& message) { return shared->takes(message); };
  return std::nullopt;
}

std::variant<store::MessageSearch, AdminResponse> parse_search(const AdminCall& call) {
  store::MessageSearch what;
  what.request.queue = call.name;
  if (auto wrong = take_place(call, what.request)) return *std::move(wrong);
  if (auto wrong = take_budget(call, what)) return *std::move(wrong);
  if (auto wrong = take_filter(call, what)) return *std::move(wrong);
  if (const Sight sight = call.sight(); !sight.user.empty())
    what.sees = [sight](std::string_view topic) { return sight.topic(topic); };
  return what;
}

AdminResponse purged_answer(const std::string& queue, uint64_t purged,
                            const core::Result<store::SearchReport>& report) {
  if (!report) return refused(report.error());
  using nlohmann::ordered_json;
  return answer_json({{"queue", queue},
                      {"purged", purged},
                      {"looked", report->looked},
                      {"done", report->done},
                      {"next", report->done ? ordered_json(nullptr) : ordered_json(to_text(report->next))}});
}

// Ends what is found in the turn of the loop that hears of it. Who may not see a body does not drop by it.
std::shared_ptr<store::Search> purge_found(HubView& hub, store::QueueStore& store,
                                           const store::MessageSearch& what,
                                           std::function<void(AdminResponse)> done) {
  const auto purged = std::make_shared<uint64_t>(0);
  const auto queue = store.find_queue(what.request.queue);
  return store::search(
      what.request,
      {store, [&hub] { return hub.now(); },
       [filter = what.filter](const store::Entry& entry, uint8_t) -> std::optional<store::SearchText> {
         if (filter && !filter(*entry.message)) return std::nullopt;
         return store::SearchText();
       },
       [&store, queue, purged, sees = what.sees, inside = what.looks_inside](const store::SearchHit& hit) {
         if (inside && sees && !sees(hit.message->topic)) return false;
         store.finish(*queue, hit.lane, hit.seq, store::Outcome::dropped);
         ++*purged;
         return true;
       }},
      [name = what.request.queue, purged, done = std::move(done)](
          const core::Result<store::SearchReport>& report) { done(purged_answer(name, *purged, report)); });
}

}  // namespace

const std::vector<std::string_view>& search_parameters() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names = routing::MessageFilter::names();
    names.insert(names.end(), {"lane", "limit", "rows", "time_ms", "cursor", "payload", "full"});
    return names;
  }();
  return kNames;
}

const std::vector<std::string_view>& purge_parameters() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names = routing::MessageFilter::names();
    names.insert(names.end(), {"lane", "rows", "time_ms", "cursor"});
    return names;
  }();
  return kNames;
}

AdminReply purge_messages(const AdminCall& call) {
  auto asked = parse_search(call);
  if (auto* wrong = std::get_if<AdminResponse>(&asked)) return std::move(*wrong);
  auto& what = std::get<store::MessageSearch>(asked);
  what.request.budget.found = UINT64_MAX;
  const auto running = std::make_shared<std::shared_ptr<store::Search>>();
  return AdminLater{[&hub = call.hub, &store = call.store, what = std::move(what), running](auto done) {
                      *running = purge_found(hub, store, what, std::move(done));
                    },
                    [running] {
                      if (*running) (*running)->stop();
                    }};
}

AdminReply get_messages(const AdminCall& call) {
  auto asked = parse_search(call);
  if (auto* wrong = std::get_if<AdminResponse>(&asked)) return std::move(*wrong);
  return find_messages(call, std::move(std::get<store::MessageSearch>(asked)));
}

AdminReply answer_of_search(BeginSearch begin) {
  const auto running = std::make_shared<std::shared_ptr<store::Search>>();
  return AdminLater{[begin = std::move(begin), running](auto done) {
                      *running = begin([done = std::move(done)](const core::Result<std::string>& json) {
                        done(answer(json));
                      });
                    },
                    [running] {
                      if (*running) (*running)->stop();
                    }};
}

AdminReply find_messages(const AdminCall& call, store::MessageSearch what) {
  return answer_of_search([&hub = call.hub, what = std::move(what)](store::OnSearchText found) {
    return store::search_messages(
        hub.store(), [&hub] { return hub.now(); }, what, std::move(found));
  });
}

}  // namespace headgate::hub
