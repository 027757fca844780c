// The receipt for a command: JSON for its sender. Documented in docs/commands.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "upstream/downstream/command.h"

namespace headgate::upstream {

struct Receipt {
  CommandId id;
  std::string topic;  // upstream, that the command came on
  Verdict verdict;
  int64_t at_ms = 0;  // Unix time

  // Bytes of a correlation id stand there in base64.
  [[nodiscard]] std::string json(std::string_view hub) const;
};

}  // namespace headgate::upstream
