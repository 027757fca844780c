#include "store/disk/names.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace headgate::store {
namespace {

namespace fs = std::filesystem;

core::Unexpected cannot(const std::string& what, const fs::path& path, int error) {
  const core::Errc code = error == ENOSPC || error == EDQUOT ? core::Errc::full : core::Errc::io;
  return core::fail(code, path.string() + ": cannot " + what + ": " + std::strerror(error));
}

// Without symbolic links and without a slash at its end: the name above is the one that holds it.
fs::path real_path(const std::string& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) real = fs::absolute(path).lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

// EINVAL: the file system syncs no directories.
int sync_opened(int file) { return ::fsync(file) == 0 || errno == EINVAL ? 0 : errno; }

int sync_file_system_of(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = ::syncfs(file) == 0 ? 0 : errno;
  ::close(file);
  return error;
}

int sync_at(const fs::path& dir) {
  const int file = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = sync_opened(file);
  ::close(file);
  return error;
}

core::Status sync_name_of(const fs::path& real) {
  const fs::path dir = real.parent_path();
  int error = sync_at(dir);
  if (error == EACCES) error = sync_file_system_of(real);
  return error == 0 ? core::Status() : cannot("sync it", dir, error);
}

bool is_root_of_a_file_system(const fs::path& dir) {
  struct stat here {
  }, above{};
  if (::stat(dir.c_str(), &here) != 0 || ::stat(dir.parent_path().c_str(), &above) != 0) return true;
  return dir == dir.parent_path() || here.st_dev != above.st_dev;
}

}  // namespace

core::Status sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int error = file < 0 ? errno : sync_opened(file);
  if (file >= 0) ::close(file);
  return error == 0 ? core::Status() : cannot("sync it", path, error);
}

core::Status sync_directory(const std::string& dir) {
  const int error = sync_at(dir);
  return error == 0 ? core::Status() : cannot("sync it", dir, error);
}

core::Status sync_name(const std::string& path) { return sync_name_of(real_path(path)); }

core::Status make_directories(const std::string& dir) {
  const fs::path made = real_path(dir);
  std::error_code error;
  fs::path there = made;
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  error.clear();
  fs::create_directories(made, error);
  if (error) return cannot("make it", dir, error.value());
  fs::path name = made;
  for (; name != there; name = name.parent_path()) {
    if (auto synced = sync_name_of(name); !synced) return synced;
  }
  for (; !is_root_of_a_file_system(name); name = name.parent_path()) (void)sync_at(name.parent_path());
  return {};
}

}  // namespace headgate::store
