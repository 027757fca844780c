#include "tests/e2e/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

constexpr int kKilledForTime = 124;  // as timeout(1) says

// In the child, between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* words, const char* output, const char* input) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int in = ::open(input, O_RDONLY);
  const int out = ::open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execvp(words[0], words);
  ::_exit(127);
}

int to_exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

Process::Process(const std::vector<std::string>& words, std::filesystem::path output,
                 std::filesystem::path input)
    : output_(std::move(output)) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), output_.c_str(), input.c_str());
}

Process::~Process() { kill_hard(); }

void Process::signal(int number) const {
  if (pid_ > 0 && !exit_code_) ::kill(pid_, number);
}

void Process::kill_hard() {
  signal(SIGKILL);
  [[maybe_unused]] const std::optional<int> gone = wait();
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  if (exit_code_ || pid_ <= 0) return exit_code_;
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, patience);
  if (ended) exit_code_ = to_exit_code(status);
  return exit_code_;
}

std::string Process::output() const { return read_file(output_); }

Finished run(const std::vector<std::string>& words, std::chrono::milliseconds patience) {
  const ScratchDir scratch;
  Process process(words, scratch.path() / "output");
  const std::optional<int> code = process.wait(patience);
  process.kill_hard();
  return {code.value_or(kKilledForTime), process.output()};
}

}  // namespace headgate::e2e
