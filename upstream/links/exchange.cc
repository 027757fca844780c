#include "upstream/links/exchange.h"

#include <algorithm>
#include <utility>

namespace headgate::upstream {
void Exchange::add(NamedLink named, Link& link, uint64_t seed, GateWorld world) {
  carriers_.push_back(
      std::make_unique<Carrier>(std::move(named), link, log_, options_, seed, std::move(world)));
}

Port& Exchange::add_port(const std::vector<std::string>& links, std::function<WantedLanes()> waiting) {
  std::vector<Carrier*> chosen;
  for (const std::string& name : links) {
    for (const auto& carrier : carriers_)
      if (carrier->named().name == name) chosen.push_back(carrier.get());
  }
  if (chosen.empty())
    for (const auto& carrier : carriers_) chosen.push_back(carrier.get());
  const Port::Times times{options_.fail_over_ms, options_.answer_timeout_ms};
  return *ports_.emplace_back(std::make_unique<Port>(std::move(chosen), std::move(waiting), times));
}

void Exchange::remove(const Port& port) {
  std::erase_if(ports_, [&](const auto& known) { return known.get() == &port; });
}

void Exchange::step(core::Now now) {
  for (const auto& carrier : carriers_) carrier->step(now);
  // Each round moves a queue on by one step at least; none has more than three to go.
  bool changed = true;
  for (size_t round = 0; changed && round <= 3 * ports_.size(); ++round) {
    want_what_is_needed(now);
    changed = false;
    for (const auto& port : ports_) changed = port->settle(now) || changed;
  }
  for (const auto& port : ports_) port->offer_room(now);
}

void Exchange::want_what_is_needed(core::Now now) {
  for (const auto& carrier : carriers_) carrier->want(is_wanted(*carrier, now), now);
}

bool Exchange::is_wanted(const Carrier& carrier, core::Now now) const {
  const bool needed =
      std::ranges::any_of(ports_, [&](const auto& port) { return port->needs(carrier, now); });
  const bool brings_down = carrier.has_listener() && carrier.stays_connected() && carrier.permit().lanes != 0;
  const bool asked = asked_ && carrier.permit().open && carrier.permit().lanes != 0;
  return needed || brings_down || asked || carrier.is_worth_keeping(idle_ms_max(carrier), now);
}

int64_t Exchange::idle_ms_max(const Carrier& carrier) {
  if (carrier.stays_connected()) return kUnneededMs;
  return kIdleKeepAlives * carrier.named().connection.keep_alive_s * 1000;
}

void Exchange::retry(core::Now now) {
  for (const auto& carrier : carriers_) carrier->retry(now);
  step(now);
}

int64_t Exchange::next_deadline() const {
  int64_t next = kNever;
  for (const auto& carrier : carriers_) next = std::min(next, carrier->next_deadline());
  return next;
}

void Exchange::close() {
  for (const auto& carrier : carriers_) carrier->close();
}

}  // namespace headgate::upstream
