#include "store/report/check.h"

#include <nlohmann/json.hpp>

namespace headgate::store {

std::string report_json(const StoreReport& report) {
  using Json = nlohmann::ordered_json;
  Json problems = Json::array();
  for (const StoreProblem& problem : report.problems) {
    problems.push_back({{"where", problem.where}, {"what", problem.what}});
  }
  const Json json = {{"hub", report.identity.hub},        {"epoch", report.identity.epoch},
                     {"sound", report.sound()},           {"queues", report.queues},
                     {"index_rows", report.index_rows},   {"blocks", report.blocks},
                     {"dead_blocks", report.dead_blocks}, {"waiting", report.waiting},
                     {"values", report.values},           {"problem_count", report.problem_count},
                     {"problems", std::move(problems)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headgate::store
