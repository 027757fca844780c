#include "hub/admin/live/tables.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "hub/admin/client/sessions.h"
#include "hub/admin/routes.h"

namespace headgate::hub {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kOfRoutes = "\0r"sv;
constexpr std::string_view kOfShadows = "\0s"sv;

// Names of routes are unique but for that of a shadow, which may be as one in force, and for those of two files, one of
// which is left out.
std::string key_begin(const std::string& name, std::string_view kind) { return name + std::string(kind); }

std::string key_of(const RouteInfo& route) {
  return key_begin(route.name, route.shadow ? kOfShadows : kOfRoutes) + route.file;
}

// Looks at some of `size`, from `next` on; `look` says whether it rendered one. True: at all.
template <typename Look>
bool look_at_some(size_t& next, size_t size, const Look& look) {
  size_t rendered = 0;
  const size_t end = std::min(size, next + kLiveLookedATurn);
  for (; next < end && rendered < kLiveRenderedATurn; ++next)
    if (look(next)) ++rendered;
  return next == size;
}

template <typename Mark, typename TextOf>
void append_changed(std::string& line, const LiveRows<Mark>& rows, bool all, const TextOf& text_of) {
  line.append(R"({"changed":[)");
  const size_t begin = line.size();
  rows.for_each(all,
                [&](const auto& row) { line.append(line.size() == begin ? "" : ",").append(text_of(row)); });
  line.append(R"(],"gone":)");
}

template <typename Mark>
void append_rows(std::string& line, const LiveRows<Mark>& rows, bool all) {
  append_changed(line, rows, all, [](const auto& row) -> const std::string& { return row.text; });
  append_names(line, rows.gone());
  line.push_back('}');
}

// Names of routes of a kind that have gone, so that none of that name is left.
std::vector<std::string> gone_of(const LiveRows<RouteInfo>& rows, std::string_view kind) {
  std::vector<std::string> names;
  for (const std::string& key : rows.gone()) {
    const size_t zero = key.find('\0');
    if (std::string_view(key).substr(zero, kind.size()) != kind) continue;
    std::string name = key.substr(0, zero);
    if (!rows.has_from(key_begin(name, kind))) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

void append_names(std::string& line, const std::vector<std::string>& names) {
  line.append(nlohmann::json(names).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// ---- queues ----

void LiveQueues::begin(HubView& hub) {
  rows_.begin();
  names_.clear();
  next_ = 0;
  now_.emplace(hub);
  for (const store::QueueId queue : hub.store().queues()) names_.push_back(hub.store().stats(queue).name);
  const core::Now now = hub.now();
  const int64_t offset_ms = now.wall_ms - now.hub_ms;
  if (std::abs(offset_ms - offset_ms_) < kClockStepMs) return;
  offset_ms_ = offset_ms;
  ++clock_steps_;
}

bool LiveQueues::go_on(HubView& hub) {
  if (!look_at_some(next_, names_.size(), [&](size_t i) { return look(hub, names_[i]); })) return false;
  rows_.end();
  now_.reset();
  return true;
}

// Passes over a queue that was removed since the round began.
bool LiveQueues::look(HubView& hub, const std::string& name) {
  const auto queue = hub.store().find_queue(name);
  if (!queue) return false;
  std::string* const text = rows_.look(name, {now_->signature(*queue), clock_steps_});
  if (text == nullptr) return false;
  *text = now_->row(*queue);
  return true;
}

void LiveQueues::append(std::string& line, bool all) const { append_rows(line, rows_, all); }

// ---- routes ----

void LiveRoutes::begin(HubView& hub) {
  rows_.begin();
  routes_ = hub.routes();
  next_ = 0;
  std::string tables = tables_text(hub);
  tables_changed_ = tables != tables_;
  tables_ = std::move(tables);
}

bool LiveRoutes::go_on() {
  const auto look = [this](size_t i) {
    std::string* const text = rows_.look(key_of(routes_[i]), routes_[i]);
    if (text != nullptr) *text = route_row(routes_[i]);
    return text != nullptr;
  };
  if (!look_at_some(next_, routes_.size(), look)) return false;
  rows_.end();
  return true;
}

void LiveRoutes::forget() { *this = LiveRoutes(); }

bool LiveRoutes::has_bodies() const {
  bool found = false;
  rows_.for_each(true, [&found](const auto& row) { found = found || row.mark.shadow.has_value(); });
  return found;
}

void LiveRoutes::append(std::string& line, bool all, const Sight& sight) const {
  append_changed(line, rows_, all, [&sight](const auto& row) {
    return row.mark.shadow ? *without_hidden(row.text, sight) : row.text;
  });
  append_names(line, gone_of(rows_, kOfRoutes));
  line.append(R"(,"gone_shadows":)");
  append_names(line, gone_of(rows_, kOfShadows));
  if (all || tables_changed_) line.append(R"(,"tables":)").append(tables_);
  line.push_back('}');
}

// ---- clients ----

void LiveClients::begin(HubView& hub) {
  rows_.begin();
  next_ = 0;
  const int64_t now_mono_ms = hub.now().mono_ms;
  looking_ = !looked_mono_ms_ || now_mono_ms - *looked_mono_ms_ >= kPeriodMs;
  if (!looking_) return;
  looked_mono_ms_ = now_mono_ms;
  clients_ = hub.clients();
}

bool LiveClients::go_on() {
  if (!looking_) return true;
  const auto look = [this](size_t i) {
    ClientInfo& client = clients_[i];
    const int64_t last_seen_ms = client.last_seen_ms;
    client.last_seen_ms -= last_seen_ms % kSeenStepMs;
    std::string* const text = rows_.look(client.client_id, client);
    client.last_seen_ms = last_seen_ms;
    if (text != nullptr) *text = client_row(client);
    return text != nullptr;
  };
  if (!look_at_some(next_, clients_.size(), look)) return false;
  rows_.end();
  clients_.clear();
  return true;
}

void LiveClients::forget() { *this = LiveClients(); }

void LiveClients::append(std::string& line, bool all) const { append_rows(line, rows_, all); }

}  // namespace headgate::hub
