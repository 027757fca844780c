// Rules of draft 7 for schemas, as a schema. Internal to this folder.
#pragma once

#include <string_view>

namespace headgate::routing {

// A schema that every schema of draft 7 conforms to, with the keywords that have an effect here.
[[nodiscard]] std::string_view draft7_schema();

}  // namespace headgate::routing
