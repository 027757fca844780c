// Starts every hub of a test through words of a program that becomes it: "env NAME=value", "prlimit --nofile=256".
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/e2e/support/hub_process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// As long as it lives, the programs under test are found in a directory of its own.
class WrappedHub {
 public:
  explicit WrappedHub(const std::string& words) {
    const std::string hub = program("headgated"), tool = program("headgate");
    const std::filesystem::path script = scratch_.path() / "headgated";
    std::ofstream(script) << "#!/bin/sh\nexec " << words << " '" << hub << "' \"$@\"\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    std::filesystem::create_symlink(std::filesystem::absolute(tool), scratch_.path() / "headgate");
    if (const char* const set = ::getenv("HEADGATE_BIN_DIR")) before_ = set;
    ::setenv("HEADGATE_BIN_DIR", scratch_.path().c_str(), 1);
  }
  ~WrappedHub() {
    if (before_)
      ::setenv("HEADGATE_BIN_DIR", before_->c_str(), 1);
    else
      ::unsetenv("HEADGATE_BIN_DIR");
  }
  WrappedHub(const WrappedHub&) = delete;
  WrappedHub& operator=(const WrappedHub&) = delete;

 private:
  ScratchDir scratch_;
  std::optional<std::string> before_;
};

}  // namespace headgate::e2e
