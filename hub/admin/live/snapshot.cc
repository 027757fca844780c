#include "hub/admin/live/snapshot.h"

#include <array>
#include <utility>

#include "hub/admin/past/recent.h"
#include "hub/admin/status.h"
#include "hub/admin/upstream.h"

namespace headgate::hub {

void LiveSnapshot::begin(LiveParts parts) {
  parts_ = parts;
  step_ = 0;
  step_begun_ = false;
  now_ms_ = hub_.now().wall_ms;
  if (!parts.has(LivePart::queues)) queues_.forget();
  if (!parts.has(LivePart::routes)) routes_.forget();
  if (!parts.has(LivePart::clients)) clients_.forget();
  if (!parts.has(LivePart::forecast)) forecast_mono_ms_.reset();
  if (!parts.has(LivePart::events)) last_event_ = 0;
}

bool LiveSnapshot::go_on() {
  static constexpr std::array kSteps = {&LiveSnapshot::take_texts, &LiveSnapshot::take_upstream,
                                        &LiveSnapshot::take_queues, &LiveSnapshot::take_routes,
                                        &LiveSnapshot::take_clients};
  if (step_ < kSteps.size() && (this->*kSteps[step_])()) {
    ++step_;
    step_begun_ = false;
  }
  return step_ == kSteps.size();
}

bool LiveSnapshot::take_texts() {
  if (parts_.has(LivePart::status)) status_ = status_text(hub_);
  if (parts_.has(LivePart::events)) take_events();
  return true;
}

bool LiveSnapshot::take_upstream() {
  if (parts_.has(LivePart::upstream)) upstream_ = upstream_text(hub_);
  const int64_t now_mono_ms = hub_.now().mono_ms;
  forecast_new_ = parts_.has(LivePart::forecast) &&
                  (!forecast_mono_ms_ || now_mono_ms - *forecast_mono_ms_ >= kForecastPeriodMs);
  if (!forecast_new_) return true;
  forecast_ = forecast_text(hub_);
  forecast_mono_ms_ = now_mono_ms;
  return true;
}

bool LiveSnapshot::take_queues() {
  if (!parts_.has(LivePart::queues)) return true;
  if (!std::exchange(step_begun_, true)) queues_.begin(hub_);
  return queues_.go_on(hub_);
}

bool LiveSnapshot::take_routes() {
  if (!parts_.has(LivePart::routes)) return true;
  if (!std::exchange(step_begun_, true)) routes_.begin(hub_);
  return routes_.go_on();
}

bool LiveSnapshot::take_clients() {
  if (!parts_.has(LivePart::clients)) return true;
  if (!std::exchange(step_begun_, true)) clients_.begin(hub_);
  return clients_.go_on();
}

// At the first look those of before count as taken: first lines have the last of them.
void LiveSnapshot::take_events() {
  const LogEvents found =
      hub_.events({.after = last_event_, .count = last_event_ == 0 ? kFirstEvents : kEventsARound});
  last_event_ = found.next;
  events_ = events_text(found.events);
}

// None that the next line has, too: another thread may log meanwhile.
std::string LiveSnapshot::first_events() const {
  LogEvents found = hub_.events({.after = 0, .count = kFirstEvents});
  std::erase_if(found.events, [this](const LogEvent& event) { return event.number > last_event_; });
  return events_text(found.events);
}

std::string LiveSnapshot::line(LiveParts parts, bool first, const Sight& sight) const {
  std::string line = R"({"now_ms":)" + std::to_string(now_ms_) + R"(,"first":)" + (first ? "true" : "false");
  if (parts.has(LivePart::status)) line.append(R"(,"status":)").append(status_);
  if (parts.has(LivePart::queues)) queues_.append(line.append(R"(,"queues":)"), first);
  if (parts.has(LivePart::routes)) routes_.append(line.append(R"(,"routes":)"), first, sight);
  if (parts.has(LivePart::clients)) clients_.append(line.append(R"(,"clients":)"), first);
  if (parts.has(LivePart::upstream)) line.append(R"(,"upstream":)").append(upstream_);
  if (parts.has(LivePart::forecast) && (first || forecast_new_))
    line.append(R"(,"forecast":)").append(forecast_);
  if (parts.has(LivePart::events)) line.append(R"(,"events":)").append(first ? first_events() : events_);
  line.push_back('}');
  return line;
}

}  // namespace headgate::hub
