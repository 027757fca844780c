// Numbers as people read them, in the hub's words and in the tool's.
#pragma once

#include <cstdint>
#include <string>

namespace headgate::core {

// "1 dead letter", "2 dead letters": a noun that takes an s.
[[nodiscard]] std::string counted(uint64_t count, const std::string& noun);

// "512 B", "1.5 KiB", "64.0 MiB".
[[nodiscard]] std::string human_bytes(uint64_t bytes);

}  // namespace headgate::core
