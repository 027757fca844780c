// Windowed routes against SQLite: random routes and streams, late and out of order, with a crash wherever one can be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>

#include "tests/routing/oracle/sqlite_oracle.h"

namespace headgate::routing {
namespace {

// More of them: HEADGATE_SEEDS=10000.
uint32_t seeds() {
  const char* wanted = std::getenv("HEADGATE_SEEDS");
  return wanted ? static_cast<uint32_t>(std::atoi(wanted)) : 200;
}

Plan plan_of(const OracleCase& given) {
  Plan plan(given.route);
  plan.limits() = given.limits;
  return plan;
}

int64_t end_of(const OracleCase& given) { return given.inputs.back().at_ms + 30 * 24 * kHour; }

std::vector<std::string> whole(const OracleCase& given) {
  Course course(plan_of(given));
  for (const Input& input : given.inputs) course.send(input);
  course.advance(end_of(given));
  return course.results();
}

// What a hub does: inputs and ticks in steps, their effects committed now and then. A crash undoes what was not
// committed, and inputs since come again.
class Crashes {
 public:
  Crashes(const OracleCase& given, uint32_t seed) : given_(given), random_(seed), course_(plan_of(given)) {}

  std::vector<std::string> results() {
    while (next_ < given_.inputs.size()) {
      take_a_step();
      std::ranges::move(course_.results(), std::back_inserter(since_));
      if (random_() % 3 == 0) commit();
      if (random_() % 3 == 0) crash();
    }
    commit();
    while (course_.advance_once(end_of(given_), 1 + random_() % 4)) {
      std::ranges::move(course_.results(), std::back_inserter(since_));
      commit();
      if (random_() % 3 == 0) crash();
    }
    std::ranges::move(course_.results(), std::back_inserter(since_));
    commit();
    return committed_;
  }

 private:
  void take_a_step() {
    const Input& input = given_.inputs[next_];
    if (random_() % 2 == 0) {
      (void)course_.advance_once(input.at_ms, 1 + random_() % 3);
    } else {
      course_.send(input);
      ++next_;
    }
  }
  void commit() {
    course_.save();
    std::ranges::move(since_, std::back_inserter(committed_));
    since_.clear();
    committed_next_ = next_;
  }
  void crash() {
    course_.restart(static_cast<uint32_t>(random_()));
    since_.clear();
    next_ = committed_next_;
  }

  const OracleCase& given_;
  std::mt19937 random_;
  Course course_;
  size_t next_ = 0;
  size_t committed_next_ = 0;
  std::vector<std::string> since_;
  std::vector<std::string> committed_;
};

std::string cell(const nlohmann::json& value) {
  if (value.is_null()) return "null";
  return value.is_string() ? value.get<std::string>() : number_text(value.get<double>());
}

std::string line_of(const OracleCase& given, const std::string& window, const nlohmann::json& body) {
  std::string line = (given.keyed ? body.at("k").dump() : "") + " " + window;
  for (const char* name : {"n", "c", "s", "a", "lo", "hi", "f", "l"}) line += " " + cell(body.at(name));
  return line;
}

// The last result of each window; revisions count up from 0.
std::vector<std::string> last_results(const OracleCase& given, const std::vector<std::string>& results) {
  std::map<std::string, std::pair<int, std::string>> last;
  for (const std::string& result : results) {
    const std::string window = result.substr(0, result.find(')') + 1);
    const std::string rest = result.substr(window.size() + 1);
    const int rev = rest.starts_with('r') ? std::stoi(rest.substr(1)) : 0;
    const auto body = nlohmann::json::parse(rest.substr(rest.find('{')));
    // The start names a window: revisions may make a session longer.
    const std::string name = (given.keyed ? body.at("k").dump() : "") + window.substr(0, window.find(','));
    const auto known = last.find(name);
    EXPECT_EQ(rev, known == last.end() ? 0 : known->second.first + 1) << result;
    last[name] = {rev, line_of(given, window, body)};
  }
  std::vector<std::string> lines;
  for (const auto& [name, line] : last) lines.push_back(line.second);
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(Windows, GiveWhatSqliteGivesHoweverLateMessagesAre) {
  SqliteOracle oracle;
  size_t windows = 0;
  for (uint32_t seed = 0; seed < seeds(); ++seed) {
    const OracleCase given(seed);
    const auto lines = last_results(given, whole(given));
    ASSERT_EQ(lines, oracle.results(given)) << "seed " << seed << ": " << given.route;
    windows += lines.size();
  }
  EXPECT_GT(windows, 10 * seeds());
}

TEST(Windows, GiveTheSameResultsInTheSameOrderWhereverACrashIs) {
  for (uint32_t seed = 0; seed < seeds(); ++seed) {
    const OracleCase given(seed);
    ASSERT_EQ(Crashes(given, seed).results(), whole(given)) << "seed " << seed << ": " << given.route;
  }
}

}  // namespace
}  // namespace headgate::routing
