#include "hub/http/workload/secret.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "hub/edge/workload/cipher.h"

namespace headgate::hub {
namespace {

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kSecretOfOthers = 0077;

core::Unexpected secret_failed(const std::string& path, const char* what, int error) {
  return core::fail(core::Errc::io,
                    "secret of the workload API " + path + ": " + what + ": " + std::strerror(error));
}

// Makes a name in a directory outlive a power cut: what is encrypted would be lost with it.
bool sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return synced;
}

// The file appears whole: of two that make it one wins.
core::Status make_secret(const std::string& path) {
  std::array<unsigned char, kWorkloadSecretBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return secret_failed(path, "there is no randomness", EIO);
  const std::string fresh = path + ".new";
  (void)unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kSecretMode);
  const bool written = fd >= 0 &&
                       write(fd, random.data(), random.size()) == static_cast<ssize_t>(random.size()) &&
                       fsync(fd) == 0;
  int error = errno;
  if (fd >= 0) close(fd);
  bool there = false;
  if (written) {
    there = (link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST) && sync_folder_of(path);
    error = errno;
  }
  (void)unlink(fresh.c_str());
  if (there) return {};
  return secret_failed(path, "cannot be made", error);
}

// Error `not_found`: there is no file.
core::Result<std::string> read_secret_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return core::fail(core::Errc::not_found, path);
  if (fd < 0) return secret_failed(path, "cannot be read", errno);
  struct stat info {};
  std::string secret(kWorkloadSecretBytes + 1, '\0');
  const bool seen = fstat(fd, &info) == 0;
  const ssize_t size = seen ? read(fd, secret.data(), secret.size()) : -1;
  const int error = errno;
  close(fd);
  if (size < 0) return secret_failed(path, "cannot be read", error);
  if ((info.st_mode & kSecretOfOthers) != 0)
    return core::fail(core::Errc::invalid,
                      "secret of the workload API " + path + ": others may read it; do: chmod 600 " + path);
  if (static_cast<size_t>(size) != kWorkloadSecretBytes)
    return core::fail(core::Errc::invalid, "secret of the workload API " + path + ": has to have " +
                                               std::to_string(kWorkloadSecretBytes) +
                                               " bytes; put the one back that was there");
  secret.resize(kWorkloadSecretBytes);
  return secret;
}

}  // namespace

core::Result<std::string> read_or_make_secret(const std::string& path) {
  auto secret = read_secret_file(path);
  if (secret || secret.error().code != core::Errc::not_found) return secret;
  if (core::Status made = make_secret(path); !made) return core::fail(made.error());
  return read_secret_file(path);
}

}  // namespace headgate::hub
