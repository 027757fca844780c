#include "upstream/downstream/subscriptions.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {

Subscriptions::Subscriptions(std::vector<WantedFilter> wanted, std::string_view record)
    : wanted_(std::move(wanted)) {
  while (!record.empty()) {
    const size_t end = std::min(record.find('\n'), record.size());
    const std::string_view line = record.substr(0, end);
    record.remove_prefix(std::min(end + 1, record.size()));
    if (line.size() < 4 || line[2] != ' ') continue;
    held_[std::string(line.substr(3))] = {line[0] == 'g', static_cast<uint8_t>(line[1] == '1' ? 1 : 0)};
  }
}

bool Subscriptions::is_wanted(const std::string& filter) const {
  return std::ranges::find(wanted_, filter, &WantedFilter::filter) != wanted_.end();
}

Subscriptions::Plan Subscriptions::on_up(bool session_present) {
  if (!session_present) held_.clear();
  Plan plan;
  for (const auto& [filter, held] : held_)
    if (!is_wanted(filter)) plan.leave.push_back(filter);
  for (const WantedFilter& wanted : wanted_) {
    const auto held = held_.find(wanted.filter);
    if (held != held_.end() && held->second.granted && held->second.asked_qos == wanted.qos) continue;
    plan.ask.push_back(wanted);
    held_[wanted.filter] = {false, wanted.qos};
  }
  return plan;
}

void Subscriptions::on_granted(const std::string& filter) {
  const auto held = held_.find(filter);
  if (held != held_.end()) held->second.granted = true;
}

std::string Subscriptions::record() const {
  std::string record;
  for (const auto& [filter, held] : held_)
    record.append(held.granted ? "g" : "a")
        .append(std::to_string(held.asked_qos))
        .append(" ")
        .append(filter)
        .append("\n");
  return record;
}

size_t Subscriptions::missing() const {
  return static_cast<size_t>(std::ranges::count_if(wanted_, [this](const WantedFilter& wanted) {
    const auto held = held_.find(wanted.filter);
    return held == held_.end() || !held->second.granted;
  }));
}

}  // namespace headgate::upstream
