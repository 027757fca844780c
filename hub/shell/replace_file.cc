#include "hub/shell/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace headgate::hub {
namespace {

constexpr size_t kNameBytesMax = 200;
constexpr mode_t kMode = 0644;  // less what umask takes

core::Unexpected cannot_replace(const std::string& path, std::string_view what, int error) {
  return core::fail(core::Errc::io, path + ": " + std::string(what) + ": " + std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { (void)close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// A hub that was killed may have left one behind.
core::Status write_beside(int dir, const std::string& name, const std::string& path, std::string_view text) {
  (void)unlinkat(dir, name.c_str(), 0);
  Descriptor file(openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode));
  if (file.get() < 0) return cannot_replace(path, "cannot be written", errno);
  if (!write_all(file.get(), text) || fsync(file.get()) != 0 || !file.close())
    return cannot_replace(path, "cannot be written", errno);
  return {};
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  const bool has_odd = std::ranges::any_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || byte < 0x20 || byte == 0x7f;
  });
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' && !has_odd;
}

core::Status replace_file(const std::string& dir, std::string_view name, std::string_view text) {
  if (!is_plain_file_name(name))
    return core::fail(core::Errc::invalid, "\"" + std::string(name) + "\" is no plain file name");
  const std::string file(name);
  const std::string path = dir + "/" + file;
  const std::string beside = "." + file + ".new";
  const Descriptor folder(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return cannot_replace(dir, "cannot be opened", errno);
  struct stat there = {};
  const bool exists = fstatat(folder.get(), file.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && !S_ISREG(there.st_mode))
    return core::fail(core::Errc::invalid, path + ": is not a regular file, and is not replaced");
  if (auto written = write_beside(folder.get(), beside, path, text); !written) {
    (void)unlinkat(folder.get(), beside.c_str(), 0);
    return written;
  }
  if (renameat(folder.get(), beside.c_str(), folder.get(), file.c_str()) != 0) {
    const int error = errno;
    (void)unlinkat(folder.get(), beside.c_str(), 0);
    return cannot_replace(path, "cannot be put in place", error);
  }
  if (fsync(folder.get()) != 0) return cannot_replace(dir, "cannot be synced", errno);
  return {};
}

}  // namespace headgate::hub
