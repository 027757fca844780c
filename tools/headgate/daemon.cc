#include "tools/headgate/daemon.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace headgate::tools {
namespace {

namespace fs = std::filesystem;

std::string daemon_path() {
  if (const char* const named = std::getenv("HEADGATED"); named != nullptr && *named != '\0') return named;
  std::error_code unknown;
  const fs::path self = fs::read_symlink("/proc/self/exe", unknown);
  const fs::path beside = self.parent_path() / "headgated";
  return !unknown && fs::exists(beside, unknown) ? beside.string() : "headgated";
}

// Holds what a process prints, however much it is.
class Captured {
 public:
  Captured() : fd_(memfd_create("headgated", MFD_CLOEXEC)) {}
  ~Captured() {
    if (fd_ >= 0) close(fd_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  [[nodiscard]] std::string text() const {
    std::string all;
    std::array<char, 65'536> part{};
    for (off_t at = 0;;) {
      const ssize_t size = pread(fd_, part.data(), part.size(), at);
      if (size <= 0) return all;
      all.append(part.data(), static_cast<size_t>(size));
      at += size;
    }
  }

 private:
  int fd_;
};

// 0, or the error.
int spawn(const std::string& program, const std::vector<std::string>& args, const Captured& out,
          const Captured& err, pid_t& child) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.fd(), STDERR_FILENO);
  const int error = posix_spawnp(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

core::Result<DaemonAnswer> run_program(const std::string& program, const std::vector<std::string>& args) {
  const Captured out;
  const Captured err;
  pid_t child = 0;
  if (const int error = spawn(program, args, out, err, child); error != 0)
    return core::fail(core::Errc::unavailable, program + " cannot be run: " + std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return DaemonAnswer{code, out.text(), err.text()};
}

core::Result<DaemonAnswer> ask_daemon(const std::vector<std::string>& args) {
  auto answer = run_program(daemon_path(), args);
  if (answer) return answer;
  return core::fail(
      answer.error().code,
      answer.error().what + "; this needs the hub's program: install it, or name it in $HEADGATED");
}

}  // namespace headgate::tools
