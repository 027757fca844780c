#include "tools/headgate/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "store/disk/names.h"

namespace headgate::tools {
namespace {

core::Unexpected not_replaced(const std::string& what, const std::string& file) {
  return core::fail(core::Errc::io, file + ": " + what + ": " + std::strerror(errno));
}

core::Status write_private(int file, const std::string& text, const std::string& path) {
  for (size_t written = 0; written < text.size();) {
    const ssize_t bytes = write(file, text.data() + written, text.size() - written);
    if (bytes < 0 && errno != EINTR) return not_replaced("cannot be written", path);
    if (bytes > 0) written += static_cast<size_t>(bytes);
  }
  return {};
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// Leaves the file readable for the hub, if it was.
void keep_rights(int file, const std::string& path) {
  struct stat before {};
  if (stat(path.c_str(), &before) == 0) {
    // Not ours to give: it stays with whoever edits.
    if (fchown(file, before.st_uid, before.st_gid) == 0) (void)fchmod(file, before.st_mode & 0660);
    return;
  }
  struct stat directory {};
  if (stat(directory_of(path).c_str(), &directory) != 0) return;
  if (geteuid() == 0 && fchown(file, directory.st_uid, directory.st_gid) != 0) return;
  if ((directory.st_mode & S_ISGID) != 0) (void)fchmod(file, 0640);
}

}  // namespace

core::Status replace_private_file(const std::string& path, const std::string& text) {
  std::string beside = path + ".XXXXXX";
  const int file = mkstemp(beside.data());  // mode 0600
  if (file < 0) return not_replaced("no file can be made beside it", path);
  core::Status done = write_private(file, text, beside);
  keep_rights(file, path);
  if (done && fsync(file) != 0) done = not_replaced("cannot be synced", beside);
  if (close(file) != 0 && done) done = not_replaced("cannot be closed", beside);
  if (done && rename(beside.c_str(), path.c_str()) != 0) done = not_replaced("cannot be replaced", path);
  if (done) return store::sync_name(path);
  (void)unlink(beside.c_str());
  return done;
}

}  // namespace headgate::tools
