// `headgate plan` and `headgate apply`: a changed configuration before and after it is in force. Documented in docs/how-to.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Says what the hub would do with that file in the place of its own. Exit code 1 if it would not take it.
int run_plan(const Context& context, const std::string& file);

struct ChangeOptions {
  std::string file = {};
  std::string fingerprint = {};   // of a plan; empty: of any
  bool restart = false;           // also if keys take one
  uint32_t confirm_within_s = 0;  // rolled back if nobody confirms by then; 0: it stands
};
// Puts a file in force. Exit code 1 if the hub refuses it or rolls it back.
int run_change_apply(const Context& context, const ChangeOptions& options);
// Lets the change that waits for it stay.
int run_change_confirm(const Context& context);

// Seconds of "90", "90s", "15m" or "1h", up to a day; nullopt: it is none of them.
[[nodiscard]] std::optional<uint32_t> parse_seconds(std::string_view text);

}  // namespace headgate::tools
