#include "tests/support/daemon/in_process.h"

#include "hub/check.h"
#include "hub/config/show/in_force.h"

namespace headgate::testing {

core::Result<tools::DaemonAnswer> answer_in_process(const std::vector<std::string>& args) {
  if (args[0] == "--check") {
    const auto check = hub::check_config(args[1], 0);
    return tools::DaemonAnswer{check.problems.empty() ? 0 : 2, hub::to_json(check, args[1]), ""};
  }
  const auto settings = hub::settings_in_force(args.size() > 3 ? args[3] : "");
  if (!settings) return tools::DaemonAnswer{2, "", settings.error().what + "\n"};
  return tools::DaemonAnswer{0, *settings, ""};
}

}  // namespace headgate::testing
