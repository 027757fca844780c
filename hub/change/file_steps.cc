#include "hub/change/file_steps.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace headgate::hub {
namespace {

constexpr mode_t kPlainMode = 0640;

core::Unexpected cannot(const std::string& path, std::string_view what, int error) {
  return core::fail(error == ENOENT || error == ENOTDIR ? core::Errc::not_found : core::Errc::io,
                    path + ": cannot be " + std::string(what) + ": " + std::strerror(error));
}

// Closes what it holds.
struct OpenFile {
  int fd;
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
};

bool is_written(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(fd) == 0;
}

// Owner and rights of another file, as far as this process may give them.
void make_like(int fd, const std::string& like) {
  struct stat there = {};
  if (stat(like.c_str(), &there) != 0) return;
  (void)!fchown(fd, there.st_uid, there.st_gid);
  (void)fchmod(fd, there.st_mode & 07777u);
}

}  // namespace

core::Result<std::string> RealFileSteps::read(const std::string& path) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0) return cannot(path, "read", errno);
  if (!S_ISREG(there.st_mode))
    return core::fail(core::Errc::invalid, path + ": is not a regular file, and is not replaced");
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return cannot(path, "read", errno);
  std::string text;
  std::array<char, 65'536> part{};
  for (;;) {
    const ssize_t size = ::read(file.fd, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return cannot(path, "read", errno);
    if (size == 0) return text;
    text.append(part.data(), static_cast<size_t>(size));
  }
}

core::Status RealFileSteps::write(const std::string& path, std::string_view text, const std::string& like) {
  (void)unlink(path.c_str());
  const OpenFile file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPlainMode)};
  if (file.fd < 0) return cannot(path, "written", errno);
  make_like(file.fd, like);
  if (!is_written(file.fd, text)) return cannot(path, "written", errno);
  return {};
}

core::Status RealFileSteps::rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return cannot(to, "put in place", errno);
  return {};
}

core::Status RealFileSteps::remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return cannot(path, "removed", errno);
  return {};
}

core::Status RealFileSteps::sync_directory(const std::string& dir) {
  const OpenFile folder{::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || fsync(folder.fd) != 0) return cannot(dir, "synced", errno);
  return {};
}

}  // namespace headgate::hub
