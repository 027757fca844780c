// `headgate passwd FILE USER`: adds, changes or removes one user of a file of users.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::tools {

// Cost of argon2id. The defaults are OWASP's.
struct Argon2Cost {
  uint32_t memory_kib = 19'456;
  uint32_t passes = 2;
  uint32_t lanes = 1;
};

struct PasswdOptions {
  std::string file;
  std::string user;
  bool remove = false;
  Argon2Cost cost;
};

// Where the new password comes from. Error: invalid or io, for the person to read.
using AskPassword = std::function<core::Result<std::string>()>;

// Asks twice on a terminal, without showing it. Without one as read_password_line().
[[nodiscard]] core::Result<std::string> ask_password();
// The first line of standard input.
[[nodiscard]] core::Result<std::string> read_password_line();

// Replaces the file whole (written beside it, synced, renamed), with mode 0600 and its owner kept; every
// other line stays as it is. A file that does not exist is made. Exit codes as of `headgate`.
int run_passwd(const PasswdOptions& options, const AskPassword& ask, std::ostream& out, std::ostream& err);

}  // namespace headgate::tools
