#include "tools/headgate/deploy/health.h"

#include <nlohmann/json.hpp>

namespace headgate::tools {
namespace {

using HealthJson = nlohmann::ordered_json;

constexpr uint64_t kNsOfMs = 1'000'000;

bool is_off(const ModuleHealth& health) { return !health.test.empty() && health.test[0] == "NONE"; }

bool is_of_shell(const ModuleHealth& health) { return health.test[0] == "CMD-SHELL"; }

// Quoted for a shell, which then reads the very word.
std::string shell_word(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

std::string shell_command(const ModuleHealth& health) {
  std::string command;
  for (size_t i = 1; i < health.test.size(); ++i)
    command.append(i == 1 ? "" : " ")
        .append(is_of_shell(health) ? health.test[i] : shell_word(health.test[i]));
  return command;
}

// Engines take no less than a millisecond.
std::string in_ms(uint64_t ns) { return std::to_string((ns + kNsOfMs - 1) / kNsOfMs) + "ms"; }

}  // namespace

std::vector<std::string> health_flags(const ModuleHealth& health) {
  if (is_off(health)) return {"--no-healthcheck"};
  std::vector<std::string> flags;
  if (!health.test.empty()) flags.push_back("--health-cmd=" + shell_command(health));
  if (health.interval_ns > 0) flags.push_back("--health-interval=" + in_ms(health.interval_ns));
  if (health.timeout_ns > 0) flags.push_back("--health-timeout=" + in_ms(health.timeout_ns));
  if (health.start_period_ns > 0) flags.push_back("--health-start-period=" + in_ms(health.start_period_ns));
  if (health.retries > 0) flags.push_back("--health-retries=" + std::to_string(health.retries));
  return flags;
}

HealthJson compose_health(const ModuleHealth& health) {
  if (is_off(health)) return {{"disable", true}};
  HealthJson json;
  if (!health.test.empty()) json["test"] = health.test;
  if (health.interval_ns > 0) json["interval"] = in_ms(health.interval_ns);
  if (health.timeout_ns > 0) json["timeout"] = in_ms(health.timeout_ns);
  if (health.start_period_ns > 0) json["start_period"] = in_ms(health.start_period_ns);
  if (health.retries > 0) json["retries"] = health.retries;
  return json;
}

}  // namespace headgate::tools
