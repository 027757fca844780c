// A line of the log as text or as JSON, without its time and level.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/log.h"

namespace headgate::hub {

// `event key=value key="quoted value"`: values are quoted when empty or when they hold spaces, quotes, `=` or
// control characters, which are escaped, so that a line is always one line. Long ids and topics are cut in their middle
// (core::shortened), so that it is one of bounded length.
[[nodiscard]] std::string format_log_line(std::string_view event,
                                          std::initializer_list<core::LogField> fields);

// Members of an object, without its braces: `"logger":"broker","event":"client_closed","client":"pump","messages":3`.
// Values are cut as above. A key that the whole line has itself (time, level, logger, event) ends in "_".
[[nodiscard]] std::string format_json_members(core::LogPart part, std::string_view event,
                                              std::initializer_list<core::LogField> fields);

}  // namespace headgate::hub
