#include "tests/store/rocks/names_on_disk.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace headgate::testing {
namespace {

namespace fs = std::filesystem;

struct Synced {
  std::mutex mutex;
  std::string root;                              // empty: nobody asks
  std::map<ino_t, std::set<std::string>> names;  // by directory, which may be renamed, at its last sync
};

Synced& synced() {
  static Synced all;
  return all;
}

std::set<std::string> names_in(const std::string& dir) {
  std::set<std::string> names;
  std::error_code gone;
  for (const auto& file : fs::directory_iterator(dir, gone)) names.insert(file.path().filename());
  return names;
}

ino_t inode_of(const std::string& dir) {
  struct stat info {};
  return ::stat(dir.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::string path_of(int file) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

void note(int file) {
  Synced& all = synced();
  const std::lock_guard lock(all.mutex);
  struct stat info {};
  if (all.root.empty() || ::fstat(file, &info) != 0 || !S_ISDIR(info.st_mode)) return;
  const std::string dir = path_of(file);
  if (dir.starts_with(all.root)) all.names[info.st_ino] = names_in(dir);
}

}  // namespace

NamesOnDisk::NamesOnDisk(std::string root) : root_(fs::canonical(root)) {
  Synced& all = synced();
  const std::lock_guard lock(all.mutex);
  all.root = root_;
  all.names = {{inode_of(root_), names_in(root_)}};
  for (const auto& file : fs::recursive_directory_iterator(root_)) {
    if (file.is_directory()) all.names[inode_of(file.path())] = names_in(file.path());
  }
}

NamesOnDisk::~NamesOnDisk() {
  const std::lock_guard lock(synced().mutex);
  synced().root.clear();
  synced().names.clear();
}

void NamesOnDisk::cut_power() {
  const std::lock_guard lock(synced().mutex);
  forget_in(root_);
}

void NamesOnDisk::forget_in(const std::string& dir) {
  std::set<std::string>& on_disk = synced().names[inode_of(dir)];
  for (const std::string& name : names_in(dir)) {
    const std::string path = dir + "/" + name;
    if (!on_disk.contains(name))
      fs::remove_all(path);
    else if (fs::is_directory(fs::symlink_status(path)))
      forget_in(path);
  }
  on_disk = names_in(dir);
}

}  // namespace headgate::testing

// Stands in front of the C library's, for RocksDB too.
extern "C" int fsync(int file) {
  const auto done = static_cast<int>(::syscall(SYS_fsync, file));
  if (done == 0) headgate::testing::note(file);
  return done;
}
