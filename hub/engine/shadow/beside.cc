#include "hub/engine/shadow/beside.h"

#include <algorithm>
#include <utility>

#include "hub/engine/computation/lookups.h"
#include "routing/files/route_check.h"
#include "upstream/payload/origin.h"

namespace headgate::hub {
namespace {

constexpr size_t kShadowMessagesATurn = 64;
constexpr size_t kShadowResultsATurn = 256;

size_t kept_bytes(const core::Message& message) {
  return message.topic.size() + message.body.size() + sizeof(core::Message);
}

// Errors, or nothing.
std::string mistakes_in(const routing::RouteStatus& status) {
  std::string text;
  for (const routing::Diagnostic& found : status.diagnostics) {
    if (found.severity != routing::Severity::error) continue;
    text.append(text.empty() ? "" : "\n").append("route '").append(status.name).append("': ");
    text.append(routing::render(found, status.text));
  }
  return text;
}

std::string mistakes_in(const routing::RouteFile& routes, const std::vector<routing::RouteStatus>& statuses) {
  std::string text;
  const auto add = [&text](const std::string& lines) {
    if (!lines.empty()) text.append(text.empty() ? "" : "\n").append(lines);
  };
  for (const routing::RouteFileError& error : routes.errors) add(error.what);
  for (const routing::TableSource& table : routes.tables) add(table.fault);
  for (const routing::RouteStatus& status : statuses) add(mistakes_in(status));
  return text;
}

std::vector<routing::TableSource> without_rows(std::vector<routing::TableSource> tables) {
  for (routing::TableSource& table : tables) table.rows = nullptr;
  return tables;
}

bool declare_the_same(const std::vector<routing::TableSource>& a,
                      const std::vector<routing::TableSource>& b) {
  return std::ranges::equal(a, b, [](const routing::TableSource& one, const routing::TableSource& other) {
    return one.name == other.name && one.limits == other.limits && routing::is_same_table(one, other);
  });
}

// `own`, and behind them those of `others` that have other names.
std::vector<routing::TableSource> with_others(std::vector<routing::TableSource> own,
                                              const std::vector<routing::TableSource>& others) {
  const size_t count = own.size();
  for (const routing::TableSource& other : others) {
    const auto has_its_name = [&other](const routing::TableSource& one) { return one.name == other.name; };
    if (std::none_of(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(count), has_its_name))
      own.push_back(other);
  }
  return own;
}

}  // namespace

// ---- which they are ----

void ShadowRoutes::use(std::vector<routing::RouteFileEntry> entries,
                       const std::vector<routing::TableSource>& tables) {
  for (const Set* const set : {&of_files_, &tried_})
    if (set->run) set->run->use_tables(tables);
  if (entries == of_files_.entries && (entries.empty() || declare_the_same(tables, of_files_.tables))) return;
  auto built = routing::RouteTable::build(routing::route_specs(entries, 0), tables);
  put(of_files_, std::move(entries), std::move(built));
  of_files_.tables = without_rows(tables);
  for (size_t i = 0; i < of_files_.statuses.size(); ++i) {
    if (of_files_.statuses[i].ok()) continue;
    parts_.log.error("route_left_out", {{"route", of_files_.statuses[i].name},
                                        {"file", of_files_.entries[i].file},
                                        {"error", mistakes_in(of_files_.statuses[i])}});
  }
  listen();
}

core::Status ShadowRoutes::try_routes(const routing::RouteFile& routes,
                                      const std::vector<routing::TableSource>& tables) {
  if (routes.entries.size() > kTriedMax)
    return core::fail(core::Errc::invalid, "these are " + std::to_string(routes.entries.size()) +
                                               " routes; at most " + std::to_string(kTriedMax) +
                                               " can be tried at a time");
  auto built =
      routing::RouteTable::build(routing::route_specs(routes.entries, 0), with_others(routes.tables, tables));
  const std::string mistakes = mistakes_in(routes, built.statuses);
  if (!mistakes.empty()) return core::fail(core::Errc::invalid, mistakes);
  put(tried_, routes.entries, std::move(built));
  parts_.log.info("shadows_tried", {{"routes", tried_.size()}});
  listen();
  return {};
}

void ShadowRoutes::put(Set& set, std::vector<routing::RouteFileEntry> entries,
                       routing::RouteTable::Built built) const {
  const auto fill = [this](routing::LookupTable& table) {
    fill_as_now(table, parts_.retained, parts_.clock.now());
  };
  const bool any = !built.table->routes().empty();
  set.run = any ? std::make_unique<routing::ShadowRun>(std::move(built.table), fill) : nullptr;
  set.entries = std::move(entries);
  set.statuses = std::move(built.statuses);
}

// Costs nothing while there are none.
void ShadowRoutes::listen() {
  const bool wanted = count() > 0;
  if (wanted == (tail_ != 0)) return;
  if (wanted) {
    tail_ = parts_.tails.add("#", [this](const core::MessagePtr& message) { take(message); });
    return;
  }
  parts_.tails.remove(std::exchange(tail_, 0));
  waiting_.clear();
  waiting_bytes_ = 0;
}

// ---- messages and time ----

void ShadowRoutes::take(const core::MessagePtr& message) {
  if (upstream::is_chain_head(*message) || upstream::came_from(*message, parts_.hub_id)) return;
  const size_t bytes = kept_bytes(*message);
  if (waiting_.size() >= kMessagesMax || waiting_bytes_ + bytes > kBytesMax) {
    ++missed_;
    return;
  }
  waiting_.push_back(message);
  waiting_bytes_ += bytes;
  run_later();
}

void ShadowRoutes::tick() {
  if (tail_ == 0) return;
  if (waiting_.empty()) idle_until_hub_ms_ = parts_.clock.now().hub_ms;
  run_later();
}

void ShadowRoutes::run_later() {
  if (std::exchange(posted_, true)) return;
  parts_.executor.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.lock()) return;
    posted_ = false;
    run();
  });
}

void ShadowRoutes::run() {
  for (size_t taken = 0; taken < kShadowMessagesATurn && !waiting_.empty(); ++taken) {
    const core::MessagePtr message = waiting_.front();
    if (advance(message->arrived_hub_ms)) return run_later();
    ++number_;
    for (Set* const set : {&of_files_, &tried_})
      if (set->run) set->run->take(*message, number_);
    waiting_bytes_ -= kept_bytes(*message);
    waiting_.pop_front();
  }
  if (!waiting_.empty() || advance(idle_until_hub_ms_)) run_later();
}

// True if there is more than one turn may give.
bool ShadowRoutes::advance(int64_t until_hub_ms) {
  bool more = false;
  for (Set* const set : {&of_files_, &tried_})
    if (set->run) more = set->run->advance(until_hub_ms, kShadowResultsATurn) || more;
  return more;
}

// ---- what they have counted ----

void ShadowRoutes::describe(std::vector<RouteInfo>& routes) const {
  describe(of_files_, routes);
  describe(tried_, routes);
  for (RouteInfo& info : routes)
    if (info.shadow) info.shadow->missed = missed_;
}

void ShadowRoutes::describe(const Set& set, std::vector<RouteInfo>& routes) {
  for (size_t i = 0; i < set.entries.size(); ++i) {
    const routing::RouteFileEntry& entry = set.entries[i];
    RouteInfo info;
    info.name = entry.name;
    info.file = entry.file;
    info.text = entry.text;
    info.priority = entry.priority;
    info.active = set.statuses[i].ok();
    info.error = mistakes_in(set.statuses[i]);
    info.shadow.emplace();
    if (info.active) add_counts(*set.run, *set.statuses[i].route, info);
    routes.push_back(std::move(info));
  }
}

void ShadowRoutes::add_counts(const routing::ShadowRun& run, routing::RouteIndex route, RouteInfo& info) {
  const routing::RouteInfo& known = run.table().routes()[route];
  info.source = routing::written_source(known.source, known.text);
  info.source_kind = routing::kind_name(known.source);
  for (const uint32_t endpoint : known.endpoints)
    info.endpoints.push_back(run.table().endpoints()[endpoint].name);
  const routing::ShadowCounts counts = run.counts(route);
  info.counts = counts.route;
  info.type_error_last = counts.type_error_last;
  info.shadow = ShadowInfo{0, counts.last.at_ms, counts.last.to, counts.last.topic, counts.last.body};
  const auto computing = run.table().computing();
  if (std::ranges::find(computing, route) == computing.end()) return;
  ComputedInfo& computed = info.computed.emplace();
  computed.counts = counts.route;
  computed.groups = counts.groups;
  computed.state_bytes = counts.state_bytes;
}

}  // namespace headgate::hub
