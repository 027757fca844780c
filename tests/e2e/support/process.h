// Child processes that cannot outlive the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/support/wait.h"

namespace headgate::e2e {

// One running program. Both of its outputs go to a file. Killed and reaped on destruction.
class Process {
 public:
  // Starts `words` (found by PATH); standard input is `input`, or empty. Call from the main thread: the child
  // dies with the thread that started it.
  Process(const std::vector<std::string>& words, std::filesystem::path output,
          std::filesystem::path input = "/dev/null");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  void kill_hard();  // SIGKILL, and waits until it is gone

  // The exit code, 128 + n when it died of signal n, or nullopt when it is still running after `patience`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] bool is_running() { return !wait(0ms); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string output() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::filesystem::path output_;
};

// What a program that was run to its end has left.
struct Finished {
  int exit_code = -1;  // 124 when it had to be killed for taking too long
  std::string out;     // both outputs, as they came
};

[[nodiscard]] Finished run(const std::vector<std::string>& words,
                           std::chrono::milliseconds patience = kPatience);

}  // namespace headgate::e2e
