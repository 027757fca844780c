// The time zone of the process. Its logs and answers are in UTC; links count days and months in it.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::hub {

// For the start, before there are threads.
void use_time_zone(const std::string& name);

// Seconds to add to UTC at a Unix time.
[[nodiscard]] int64_t utc_offset_of_process(int64_t unix_s);

}  // namespace headgate::hub
