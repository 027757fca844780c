// Formats of texts that a schema can ask for, by RFC 3339.
#pragma once

#include <string_view>

namespace headgate::routing {

// Names: date, time, date-time. A format of any other name says nothing about a text.
[[nodiscard]] bool is_known_format(std::string_view name);

// Whether `text` has the known format of that name. A time has a zone; a leap second is one.
[[nodiscard]] bool has_format(std::string_view name, std::string_view text);

}  // namespace headgate::routing
