#include "hub/engine/routes/outcomes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace headgate::hub {
namespace {

using Plans = std::map<std::string_view, const routing::ComputePlan*>;

Plans plans_of(const routing::RouteTable& table) {
  Plans plans;
  for (const routing::RouteIndex index : table.computing())
    plans.emplace(table.routes()[index].name, table.plan(index).get());
  return plans;
}

const routing::ComputePlan* plan_of(const Plans& plans, std::string_view route) {
  const auto known = plans.find(route);
  return known == plans.end() ? nullptr : known->second;
}

// Only windows have something to give.
bool has_windows(const routing::ComputePlan& plan) {
  return plan.query.window.kind != routing::Window::Kind::none;
}

std::string state_of_changed(const routing::ComputePlan* before, const routing::ComputePlan* after,
                             const routing::RouteFileEntry& now) {
  if (before == nullptr) return "";
  if (after != nullptr && plan_signature(*before) == plan_signature(*after)) return "keeps its state";
  if (now.on_change == routing::OnChange::drain && has_windows(*before)) return "drains";
  return "restarts";
}

std::string state_of_removed(const routing::ComputePlan* before, const routing::RouteFileEntry& entry) {
  if (before == nullptr) return "";
  const auto how = entry.queue.on_remove.value_or(routing::OnRemove::drain);
  if (how == routing::OnRemove::keep) return "its state is kept";
  return how == routing::OnRemove::drain && has_windows(*before) ? "drains" : "its state goes";
}

using Outcomes = std::map<std::string_view, RouteOutcome>;

void add_those_after(const CompiledRoutes& before, const CompiledRoutes& after, Outcomes& all) {
  const Plans plans_before = plans_of(*before.table);
  const Plans plans_after = plans_of(*after.table);
  for (const auto& [name, entry] : after.good) {
    RouteOutcome& one = all[name] = {std::string(name), entry->file, "unchanged", "", ""};
    const auto known = before.good.find(name);
    if (const auto why = after.wanted.kept.find(name); why != after.wanted.kept.end()) {
      one.what = "kept";
      one.why = why->second;
    } else if (known == before.good.end()) {
      one.what = "added";
    } else if (*known->second != *entry) {
      one.what = "changed";
      one.state = state_of_changed(plan_of(plans_before, name), plan_of(plans_after, name), *entry);
    }
  }
}

void add_those_gone(const CompiledRoutes& before, const CompiledRoutes& after, Outcomes& all) {
  const Plans plans = plans_of(*before.table);
  for (const auto& [name, entry] : before.good) {
    if (after.good.contains(name)) continue;
    all[name] = {std::string(name), entry->file, "removed", state_of_removed(plan_of(plans, name), *entry),
                 ""};
  }
}

}  // namespace

std::vector<RouteOutcome> outcomes(const CompiledRoutes& before, const CompiledRoutes& after) {
  Outcomes all;
  add_those_after(before, after, all);
  add_those_gone(before, after, all);
  std::vector<RouteOutcome> wrong;
  for (size_t i = 0; i < after.statuses.size(); ++i) {
    if (after.statuses[i].ok()) continue;
    const routing::RouteFileEntry& entry = after.wanted.routes.entries[i];
    all.erase(entry.name);
    wrong.push_back({entry.name, entry.file, "left out", "", error_of(after.statuses[i], entry.file)});
  }
  for (const routing::RouteFileError& error : after.wanted.routes.errors)
    wrong.push_back({error.route, error.file, "left out", "", error.what});
  std::vector<RouteOutcome> list;
  for (auto& [name, one] : all) list.push_back(std::move(one));
  std::ranges::move(wrong, std::back_inserter(list));
  return list;
}

}  // namespace headgate::hub
