#include "store/disk/volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>
#include <utility>
#include <vector>

namespace headgate::store {
namespace {

using core::Errc;

constexpr size_t kPieceBytes = 1u << 20;
constexpr uint64_t kStatBlockBytes = 512;  // of st_blocks, whatever the file system's are

core::Unexpected refuse(const std::string& path, const char* doing, int error) {
  const Errc code = error == ENOSPC || error == EDQUOT ? Errc::full : Errc::io;
  return core::fail(code, path + ": cannot " + doing + ": " + std::strerror(error));
}

// For file systems that cannot set blocks aside, or would take none for zeros. Returns an errno, or 0.
int fill(int file, uint64_t bytes) {
  std::minstd_rand random;
  std::vector<char> piece(kPieceBytes);
  std::ranges::generate(piece, [&] { return static_cast<char>(random()); });
  for (uint64_t at = 0; at < bytes;) {
    const size_t size = std::min<uint64_t>(kPieceBytes, bytes - at);
    const ssize_t written = ::pwrite(file, piece.data(), size, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    at += static_cast<uint64_t>(written);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

int allocate(int file, uint64_t bytes) {
  if (::ftruncate(file, 0) != 0) return errno;
  if (::fallocate(file, 0, 0, static_cast<off_t>(bytes)) == 0) return 0;
  return errno == EOPNOTSUPP || errno == ENOSYS ? fill(file, bytes) : errno;
}

// Finds the existing parent of a directory that is still to be made: both lie on one file system.
int measure(std::filesystem::path dir, struct statvfs& disk) {
  int failed = ::statvfs(dir.c_str(), &disk);
  while (failed != 0 && errno == ENOENT && dir.has_relative_path()) {
    dir = dir.parent_path();
    failed = ::statvfs(dir.empty() ? "." : dir.c_str(), &disk);
  }
  return failed;
}

class SystemVolume : public Volume {
 public:
  explicit SystemVolume(std::string dir)
      : dir_(std::move(dir)), reserve_(dir_ + "/" + std::string(kReserveFileName)) {}

  core::Result<DiskSpace> space() override {
    struct statvfs disk = {};
    if (measure(dir_, disk) != 0) return refuse(dir_, "measure its file system", errno);
    struct stat reserve = {};
    const bool reserved = ::stat(reserve_.c_str(), &reserve) == 0;
    const uint64_t free_blocks = ::geteuid() == 0 ? disk.f_bfree : disk.f_bavail;
    return DiskSpace{free_blocks * disk.f_frsize, disk.f_blocks * disk.f_frsize,
                     reserved ? static_cast<uint64_t>(reserve.st_blocks) * kStatBlockBytes : 0};
  }

  core::Status set_aside(uint64_t bytes) override {
    const int file = ::open(reserve_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return refuse(reserve_, "be made", errno);
    const int error = allocate(file, bytes);
    ::close(file);
    if (error == 0) return {};
    give_back();
    return refuse(reserve_, "set room aside", error);
  }

  bool give_back() override { return ::unlink(reserve_.c_str()) == 0; }

 private:
  std::string dir_;
  std::string reserve_;
};

}  // namespace

std::shared_ptr<Volume> system_volume(std::string dir) {
  return std::make_shared<SystemVolume>(std::move(dir));
}

}  // namespace headgate::store
