#include "routing/trial/matches.h"

#include <map>
#include <memory>
#include <string_view>

namespace headgate::routing {
namespace {

// A version at work. `places` maps its routes to those of the answer.
class MatchCounter {
 public:
  explicit MatchCounter(const RouteVersion& version)
      : built_(RouteTable::build(version.specs, version.tables)) {}

  [[nodiscard]] const RouteTable& table() const { return *built_.table; }
  [[nodiscard]] const std::vector<RouteStatus>& statuses() const { return built_.statuses; }

  // Calls `take` with each route that takes the message.
  template <typename Take>
  void run(const core::Message& message, const Take& take) {
    table().match(message, context_, matches_);
    matched_.resize(table().routes().size());
    for (const RouteIndex route : context_.candidates()) {
      const uint64_t matched = context_.stats()[route].matched;
      if (matched > matched_[route]) take(route);
      matched_[route] = matched;
    }
  }

  [[nodiscard]] uint64_t undefined(RouteIndex route) const {
    if (route >= context_.stats().size()) return 0;
    const RouteStats& stats = context_.stats()[route];
    return stats.undefined + stats.unreadable;
  }

 private:
  RouteTable::Built built_;
  MatchContext context_;
  std::vector<Match> matches_;
  std::vector<uint64_t> matched_;  // by route, as it was last looked at
};

class MatchComparison {
 public:
  MatchComparison(const RouteVersion& before, const RouteVersion& after) : before_(before), after_(after) {
    enter(after_, now_, &RouteMatches::is_after);
    enter(before_, then_, &RouteMatches::is_before);
    taken_.resize(routes_.size());
  }

  void run(const core::Message& message) {
    ++turn_;
    before_.run(message, [this](RouteIndex route) {
      ++routes_[then_[route]].before;
      taken_[then_[route]] = turn_;
    });
    after_.run(message, [this](RouteIndex route) {
      RouteMatches& one = routes_[now_[route]];
      ++one.after;
      if (taken_[now_[route]] == turn_)
        ++both_[now_[route]];
      else
        ++one.gained;
    });
  }

  std::vector<RouteMatches> finish() {
    for (size_t i = 0; i < routes_.size(); ++i) routes_[i].lost = routes_[i].before - both_[i];
    for (RouteIndex i = 0; i < now_.size(); ++i) routes_[now_[i]].undefined = after_.undefined(i);
    for (RouteMatches& one : routes_) {
      if (!one.why_not.empty()) one.before = one.after = one.gained = one.lost = one.undefined = 0;
    }
    return std::move(routes_);
  }

 private:
  // Finds the place in the answer of each route of a version.
  void enter(const MatchCounter& version, std::vector<size_t>& places, bool RouteMatches::*is_there) {
    for (const RouteStatus& status : version.statuses()) {
      const size_t place = place_of(status.name);
      if (!status.ok()) {
        if (routes_[place].why_not.empty()) routes_[place].why_not = "it does not compile";
        continue;
      }
      routes_[place].*is_there = true;
      if (places.size() <= *status.route) places.resize(*status.route + 1);
      places[*status.route] = place;
      if (version.table().is_decided_later(*status.route))
        routes_[place].why_not = "its condition depends on messages before, or on a table";
    }
  }

  size_t place_of(const std::string& name) {
    const auto [found, is_new] = by_name_.emplace(name, routes_.size());
    if (is_new) {
      routes_.emplace_back().route = name;
      both_.push_back(0);
    }
    return found->second;
  }

  MatchCounter before_;
  MatchCounter after_;
  std::vector<size_t> then_;
  std::vector<size_t> now_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::vector<RouteMatches> routes_;
  std::vector<uint64_t> both_;   // messages that both versions take
  std::vector<uint64_t> taken_;  // the message that the version before took last, by its turn
  uint64_t turn_ = 0;
};

}  // namespace

std::vector<RouteMatches> compare_matches(std::span<const core::MessagePtr> messages,
                                          const RouteVersion& before, const RouteVersion& after) {
  MatchComparison comparison(before, after);
  for (const core::MessagePtr& message : messages) comparison.run(*message);
  return comparison.finish();
}

}  // namespace headgate::routing
