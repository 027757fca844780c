#include "store/rocks/db/backup.h"

#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/system_clock.h"
#include "store/disk/names.h"
#include "store/rocks/mend/torn_end.h"
#include "store/rocks/open.h"

namespace headgate::store {
namespace {

using core::Errc;
using Path = std::filesystem::path;

constexpr mode_t kOwnerOnly = 0700;

// Where the copy grows, in the directory that it is for: there is no store before it is whole and marked.
constexpr const char* kUnfinished = "unfinished";

// Memory that opening the copy to mark it may take.
constexpr size_t kMarkingCacheBytes = 2u << 20;

core::Unexpected refuse(const std::string& dir, const std::string& what) {
  return core::fail(Errc::invalid, "backup to " + dir + ": " + what);
}

core::Unexpected failed(const std::string& dir, const std::string& what, int error) {
  return core::fail(error == ENOSPC ? Errc::full : Errc::io,
                    "backup to " + dir + ": " + what + ": " + std::strerror(error));
}

bool is_inside(const Path& path, const Path& dir) {
  return std::mismatch(dir.begin(), dir.end(), path.begin(), path.end()).first == dir.end();
}

// Where a copy may go: nowhere that holds anything, or that the store looks after.
core::Status check_target(const std::string& store_dir, const std::string& dir) {
  if (!Path(dir).is_absolute()) return refuse(dir, "name it from the root, as /backup/monday");
  std::error_code error;
  const Path target = std::filesystem::weakly_canonical(dir, error);
  const Path store = std::filesystem::weakly_canonical(std::filesystem::absolute(store_dir), error);
  if (is_inside(target, store)) return refuse(dir, "lies in the store itself; name a directory elsewhere");
  const auto status = std::filesystem::status(target, error);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_directory(status)) return refuse(dir, "is not a directory");
  const std::filesystem::directory_iterator files(target, error);
  if (error) return failed(dir, "it cannot be read", error.value());
  if (files == std::filesystem::directory_iterator()) return {};
  return refuse(dir, "is not empty (it holds " + files->path().filename().string() +
                         "); name an empty or new directory");
}

// The copy that is being made. Removes all of it, unless it is finished.
class Copy {
 public:
  explicit Copy(std::string dir) : dir_(std::move(dir)), work_(Path(dir_) / kUnfinished) {}
  ~Copy() {
    std::error_code ignored;
    if (begun_) std::filesystem::remove_all(work_, ignored);
    if (made_dir_ && !finished_) std::filesystem::remove(dir_, ignored);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  // Where the database goes. It must not be there.
  [[nodiscard]] std::string store() const { return work_ / kStoreDirName; }

  core::Status begin() {
    made_dir_ = ::mkdir(dir_.c_str(), kOwnerOnly) == 0;
    if (!made_dir_ && errno != EEXIST) return failed(dir_, "it cannot be made", errno);
    begun_ = ::mkdir(work_.c_str(), kOwnerOnly) == 0;
    return begun_ ? core::Status() : failed(dir_, "nothing can be made in it", errno);
  }

  // The store appears in its place, on the disk, at once and whole.
  core::Status finish() {
    if (::chmod(store().c_str(), kOwnerOnly) != 0) return failed(dir_, "its mode cannot be set", errno);
    if (auto synced = sync_directory(store()); !synced) return synced;
    const Path place = Path(dir_) / kStoreDirName;
    if (::rename(store().c_str(), place.c_str()) != 0) return failed(dir_, "it cannot be renamed", errno);
    finished_ = true;
    std::filesystem::remove(work_);
    begun_ = false;
    if (auto synced = sync_directory(dir_); !synced) return synced;
    return sync_name(dir_);
  }

 private:
  std::string dir_;
  Path work_;
  bool made_dir_ = false;
  bool begun_ = false;
  bool finished_ = false;
};

core::Status copy_files(RocksDb& db, const std::string& to) {
  const std::string doing = "copying the store in " + db.dir() + " to " + to;
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&db.db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(to);
  if (auto disk = db.check_disk(); !disk) return disk;  // what the files say is not what is on it
  return status.ok() ? core::Status() : core::fail(to_error(status, doing));
}

// Opening it also takes what is in the log into files.
core::Status mark(const std::string& store_dir) {
  StoreOptions options;
  options.dir = store_dir;
  options.cache_bytes = kMarkingCacheBytes;
  const auto db = RocksDb::open(options, RocksDb::Mode::read_write);
  if (!db) return core::fail(db.error());
  if (const auto meta = (*db)->read_meta(); !meta) return core::fail(meta.error());
  Group group;
  group.meta.push_back(copied_row(static_cast<uint64_t>(core::SystemClock().now().wall_ms)));
  return (*db)->write(group, true);
}

void count_files(const Path& dir, BackupReport& report) {
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(dir, ignored)) {
    struct stat info {};
    if (::stat(file.path().c_str(), &info) != 0) continue;
    ++report.files;
    report.bytes += static_cast<uint64_t>(info.st_size);
    if (info.st_nlink > 1) report.linked_bytes += static_cast<uint64_t>(info.st_size);
  }
}

}  // namespace

core::Result<BackupReport> back_up(RocksDb& db, const std::string& dir) {
  const auto started = std::chrono::steady_clock::now();
  if (auto allowed = check_target(db.dir(), dir); !allowed) return core::fail(allowed.error());
  Copy copy(dir);
  if (auto begun = copy.begin(); !begun) return core::fail(begun.error());
  if (auto copied = copy_files(db, copy.store()); !copied) return core::fail(copied.error());
  if (auto marked = mark(copy.store()); !marked) return core::fail(marked.error());
  if (auto finished = copy.finish(); !finished) return core::fail(finished.error());
  BackupReport report{dir, 0, 0, 0, 0};
  count_files(Path(dir) / kStoreDirName, report);
  const auto took = std::chrono::steady_clock::now() - started;
  report.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return report;
}

core::Result<BackupReport> back_up_store(const std::string& store_dir, const std::string& dir) {
  StoreOptions options;
  options.dir = store_dir;
  const auto db = open_to_read(options);
  if (!db) return core::fail(db.error());
  if (const auto meta = (*db)->read_meta(); !meta) return core::fail(meta.error());
  return back_up(**db, dir);
}

}  // namespace headgate::store
