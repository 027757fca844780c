// Files that are made from the table of keys, so that they cannot say something else: `tools/dev generate` writes them, and a test
// compares.
#pragma once

#include <string>

namespace headgate::hub {

// conf/headgate.schema.json: JSON Schema 2020-12, with each key's sentence, form, bounds and default.
[[nodiscard]] std::string config_schema();

// conf/headgate.json: every key with its default.
[[nodiscard]] std::string config_example();

}  // namespace headgate::hub
