#include "routing/files/compute_rule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "core/units.h"
#include "routing/files/json_text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

// In the order of LatePolicy.
constexpr std::array<std::string_view, 4> kPolicies = {"revise", "adjust", "drop", "deadletter"};

// Member of ComputeLimits that a key of `late` sets.
struct Term {
  std::string_view key;
  int64_t ComputeLimits::*member;
};
constexpr std::array<Term, 4> kTerms = {
    Term{"tolerance", &ComputeLimits::tolerance_ms}, Term{"keep", &ComputeLimits::keep_ms},
    Term{"idle", &ComputeLimits::idle_ms}, Term{"early", &ComputeLimits::early_ms}};
constexpr int64_t kTermMsMax = int64_t{31} * 86'400'000;
constexpr uint32_t kGroupsMax = 10'000'000;
constexpr uint64_t kStateBytesMin = 4096;

class TermReader {
 public:
  TermReader(bool unknown_keys_allowed, std::vector<QueueRuleProblem>& problems)
      : unknown_keys_allowed_(unknown_keys_allowed), problems_(problems) {}

  void read_late(const Json& late, ComputeLimits& limits) {
    if (!late.is_object()) return report("late", late, "an object with policy, tolerance, keep, idle, early");
    for (const auto& [key, value] : late.items()) {
      const std::string path = join_path("late", key);
      const auto term = std::ranges::find(kTerms, key, &Term::key);
      if (term != kTerms.end())
        read_span(value, path, limits.*term->member);
      else if (key == "policy")
        read_policy(value, path, limits.late);
      else
        report_unknown(path, key, {"policy", "tolerance", "keep", "idle", "early"});
    }
  }

  void read_state(const Json& state, ComputeLimits& limits) {
    if (!state.is_object()) return report("state", state, "an object with maxGroups, maxBytes");
    for (const auto& [key, value] : state.items()) {
      const std::string path = join_path("state", key);
      if (key == "maxGroups")
        read_groups(value, path, limits.groups_max);
      else if (key == "maxBytes")
        read_bytes(value, path, limits.state_bytes_max);
      else
        report_unknown(path, key, {"maxGroups", "maxBytes"});
    }
  }

 private:
  void report(const std::string& path, const Json& value, const std::string& allowed) {
    problems_.push_back({path, "is " + describe(value) + "; allowed: " + allowed});
  }

  void report_unknown(const std::string& path, std::string_view key,
                      const std::vector<std::string_view>& keys) {
    if (!unknown_keys_allowed_) problems_.push_back({path, "unknown key" + did_you_mean(key, keys)});
  }

  void read_span(const Json& value, const std::string& path, int64_t& into) {
    const auto span_ms = core::parse_duration_ms(value.is_string() ? value.get<std::string>() : "");
    if (!span_ms || *span_ms > kTermMsMax)
      return report(path, value, "\"500ms\", \"30s\", \"15m\", \"12h\" or \"7d\", up to 31d");
    into = *span_ms;
  }

  void read_policy(const Json& value, const std::string& path, LatePolicy& into) {
    const auto known = std::ranges::find(kPolicies, value.is_string() ? value.get<std::string>() : "");
    if (known == kPolicies.end()) return report(path, value, R"("revise", "adjust", "drop" or "deadletter")");
    into = static_cast<LatePolicy>(known - kPolicies.begin());
  }

  void read_groups(const Json& value, const std::string& path, uint32_t& into) {
    const bool right =
        value.is_number_unsigned() && value.get<uint64_t>() >= 1 && value.get<uint64_t>() <= kGroupsMax;
    if (!right) return report(path, value, "a number of groups, 1 to " + std::to_string(kGroupsMax));
    into = value.get<uint32_t>();
  }

  void read_bytes(const Json& value, const std::string& path, uint64_t& into) {
    const auto size = value.is_string() ? core::parse_byte_size(value.get<std::string>())
                                        : core::fail(core::Errc::invalid, "");
    const uint64_t bytes = value.is_number_unsigned() ? value.get<uint64_t>() : size ? *size : 0;
    if (bytes < kStateBytesMin) return report(path, value, "a number of bytes or \"16MiB\", at least 4KiB");
    into = bytes;
  }

  bool unknown_keys_allowed_;
  std::vector<QueueRuleProblem>& problems_;
};

}  // namespace

std::string_view to_string(LatePolicy policy) { return kPolicies[static_cast<size_t>(policy)]; }

ComputeLimits read_compute_rule(const Json& route, bool unknown_keys_allowed,
                                std::vector<QueueRuleProblem>& problems) {
  ComputeLimits limits;
  TermReader reader(unknown_keys_allowed, problems);
  if (const auto late = route.find("late"); late != route.end()) reader.read_late(*late, limits);
  if (const auto state = route.find("state"); state != route.end()) reader.read_state(*state, limits);
  return limits;
}

RetainedInputs read_retained_inputs(const Json& route, std::vector<QueueRuleProblem>& problems) {
  const auto told = route.find("retained");
  if (told == route.end() || *told == "take") return RetainedInputs::take;
  if (*told != "changed")
    problems.push_back({"retained", "is " + describe(*told) + R"(; allowed: "take" or "changed")"});
  return RetainedInputs::changed;
}

OnChange read_on_change(const Json& route, std::vector<QueueRuleProblem>& problems) {
  const auto told = route.find("onChange");
  if (told == route.end() || *told == "drain") return OnChange::drain;
  if (*told != "restart")
    problems.push_back({"onChange", "is " + describe(*told) + R"(; allowed: "drain" or "restart")"});
  return OnChange::restart;
}

void write_compute_rule(const ComputeLimits& limits, Json& route) {
  const ComputeLimits plain;
  for (const Term& term : kTerms) {
    if (limits.*term.member != plain.*term.member)
      route["late"][std::string(term.key)] = std::to_string(limits.*term.member) + "ms";
  }
  if (limits.late != plain.late) route["late"]["policy"] = to_string(limits.late);
  if (limits.groups_max != plain.groups_max) route["state"]["maxGroups"] = limits.groups_max;
  if (limits.state_bytes_max != plain.state_bytes_max) route["state"]["maxBytes"] = limits.state_bytes_max;
}

}  // namespace headgate::routing
