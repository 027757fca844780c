#include "tests/tools/deploy/manifests.h"

#include <nlohmann/json.hpp>

namespace headgate::tools {

std::string DeployTest::json_text(const std::string& text) { return nlohmann::ordered_json(text).dump(); }

}  // namespace headgate::tools
