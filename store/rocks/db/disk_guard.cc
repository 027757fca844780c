#include "store/rocks/db/disk_guard.h"

#include <utility>

namespace headgate::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Bytes that are counted of a file: together with others of its kind, and, for a log, by itself.
struct FileCounters {
  std::atomic<uint64_t>& kind;
  std::shared_ptr<std::atomic<uint64_t>> own;

  void add(size_t bytes) const {
    kind.fetch_add(bytes, std::memory_order_relaxed);
    if (own) own->fetch_add(bytes, std::memory_order_relaxed);
  }
};

class GuardedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedFile(DiskGuard& guard, FileCounters counters, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), guard_(guard), counters_(std::move(counters)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    counters_.add(data.size());
    return guarded([&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                  IODebugContext* debug) override {
    counters_.add(data.size());
    return guarded([&] { return target()->Append(data, options, info, debug); });
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return guarded([&] { return target()->PositionedAppend(data, offset, options, debug); });
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return guarded([&] { return target()->PositionedAppend(data, offset, options, info, debug); });
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return guarded([&] { return target()->Truncate(size, options, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return guarded([&] { return target()->Flush(options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return guarded([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return guarded([&] { return target()->Fsync(options, debug); });
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options,
                     IODebugContext* debug) override {
    return guarded([&] { return target()->RangeSync(offset, size, options, debug); });
  }
  // Cuts off what was set aside and not used.
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return guard_.seen(target()->Close(options, debug));
  }

 private:
  template <typename Operation>
  IOStatus guarded(const Operation& operation) {
    return guard_.frozen() ? IOStatus::OK() : guard_.seen(operation());
  }

  DiskGuard& guard_;
  FileCounters counters_;
};

// A file of a copy elsewhere. Copying can take minutes, and who stops the hub does not wait for it.
class CopiedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  CopiedFile(const DiskGuard& guard, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), guard_(guard) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return guard_.copies_stopped() ? stopped() : target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                  IODebugContext* debug) override {
    return guard_.copies_stopped() ? stopped() : target()->Append(data, options, info, debug);
  }

 private:
  static IOStatus stopped() { return IOStatus::Aborted("the store is being closed"); }

  const DiskGuard& guard_;
};

class GuardedDirectory : public rocksdb::FSDirectory {
 public:
  GuardedDirectory(DiskGuard& guard, std::unique_ptr<rocksdb::FSDirectory> directory)
      : guard_(guard), directory_(std::move(directory)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return guard_.frozen() ? IOStatus::OK() : guard_.seen(directory_->Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return guard_.frozen() ? IOStatus::OK()
                           : guard_.seen(directory_->FsyncWithDirOptions(options, debug, how));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return directory_->Close(options, debug);
  }
  size_t GetUniqueId(char* id, size_t max_size) const override {
    return directory_->GetUniqueId(id, max_size);
  }

 private:
  DiskGuard& guard_;
  std::unique_ptr<rocksdb::FSDirectory> directory_;
};

class GuardedEnv : public rocksdb::EnvWrapper {
 public:
  GuardedEnv(rocksdb::Env* base, const std::shared_ptr<DiskGuard>& guard) : EnvWrapper(base) {
    file_system_ = guard;
    system_clock_ = base->GetSystemClock();
  }
};

}  // namespace

IOStatus DiskGuard::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

IOStatus DiskGuard::seen(IOStatus status) {
  if (status.ok() || !armed_) return status;
  const std::lock_guard lock(mutex_);
  if (!frozen()) cause_ = status;
  frozen_.store(true, std::memory_order_release);
  return IOStatus::OK();
}

// A frozen directory gets no files: RocksDB would read them back.
IOStatus DiskGuard::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  const bool ours = guards(name);
  if (ours && frozen()) return cause();
  IOStatus made = target()->NewWritableFile(name, options, file, debug);
  if (!ours) {
    if (made.ok()) *file = std::make_unique<CopiedFile>(*this, std::move(*file));
    return made;
  }
  if (!made.ok()) {
    (void)seen(made);
    return made;
  }
  *file =
      std::make_unique<GuardedFile>(*this, FileCounters{counter_of(name), size_of(name)}, std::move(*file));
  return made;
}

DiskGuard::Counter& DiskGuard::counter_of(const std::string& name) {
  if (name.ends_with(".log")) return wal_bytes_;
  return name.ends_with(".sst") ? table_bytes_ : other_bytes_;
}

// Null for what is no log.
std::shared_ptr<DiskGuard::Counter> DiskGuard::size_of(const std::string& name) {
  if (!name.ends_with(".log")) return nullptr;
  const std::lock_guard lock(mutex_);
  return logs_[name] = std::make_shared<Counter>(0);
}

uint64_t DiskGuard::live_wal_bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [name, size] : logs_) sum += *size;
  return sum;
}

IOStatus DiskGuard::NewDirectory(const std::string& name, const IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  IOStatus opened = target()->NewDirectory(name, options, directory, debug);
  if (opened.ok() && guards(name))
    *directory = std::make_unique<GuardedDirectory>(*this, std::move(*directory));
  return opened;
}

IOStatus DiskGuard::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                               IODebugContext* debug) {
  if (!guards(to)) return target()->RenameFile(from, to, options, debug);
  return frozen() ? IOStatus::OK() : seen(target()->RenameFile(from, to, options, debug));
}

IOStatus DiskGuard::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  if (!guards(name)) return target()->DeleteFile(name, options, debug);
  {
    const std::lock_guard lock(mutex_);
    logs_.erase(name);
  }
  return frozen() ? IOStatus::OK() : target()->DeleteFile(name, options, debug);
}

std::unique_ptr<rocksdb::Env> make_guarded_env(rocksdb::Env* base, const std::shared_ptr<DiskGuard>& guard) {
  return std::make_unique<GuardedEnv>(base, guard);
}

}  // namespace headgate::store
