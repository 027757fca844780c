#include "hub/http/private_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace headgate::hub {
namespace {

constexpr mode_t kOthers = 0077;

core::Error cannot(std::string_view verb, std::string_view what, const std::string& path, int error) {
  return {error == ENOENT && verb == "read" ? core::Errc::not_found : core::Errc::io,
          std::string(what) + " " + path + ": cannot be " + std::string(verb) + ": " + std::strerror(error)};
}

// The file appears whole: of two that make it one wins, and both read the winner's.
core::Status make_private_file(const std::string& path, std::string_view what, const std::string& text) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  int error = errno;
  if (fd >= 0) ::close(fd);
  bool there = false;
  if (written) {
    there = ::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
    error = errno;
  }
  ::unlink(fresh.c_str());
  if (there) return {};
  return core::fail(cannot("made", what, path, error));
}

}  // namespace

core::Result<std::string> read_private_file(const std::string& path, std::string_view what) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return core::fail(cannot("read", what, path, errno));
  if ((info.st_mode & kOthers) != 0)
    return core::fail(core::Errc::invalid,
                      std::string(what) + " " + path + ": others may read it; do: chmod 600 " + path);
  std::ifstream file(path, std::ios::binary);
  if (!file) return core::fail(cannot("read", what, path, errno));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

core::Result<std::string> read_or_make_private_file(const std::string& path, std::string_view what,
                                                    const std::function<std::string()>& text) {
  auto there = read_private_file(path, what);
  if (there || there.error().code != core::Errc::not_found) return there;
  if (auto made = make_private_file(path, what, text()); !made) return core::fail(made.error());
  return read_private_file(path, what);
}

std::string random_hex() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<uint8_t, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    std::abort();  // the system has no randomness
  std::string digits;
  for (const uint8_t byte : random) digits += {kDigits[byte >> 4u], kDigits[byte & 15u]};
  return digits;
}

}  // namespace headgate::hub
