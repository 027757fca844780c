#include "store/rocks_disk_guard.h"

#include <utility>

namespace headgate::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class GuardedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedFile(DiskGuard& guard, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), guard_(guard) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return guarded([&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                  IODebugContext* debug) override {
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
  if (frozen()) return cause();
  IOStatus made = target()->NewWritableFile(name, options, file, debug);
  if (!made.ok()) {
    (void)seen(made);
    return made;
  }
  *file = std::make_unique<GuardedFile>(*this, std::move(*file));
  return made;
}

IOStatus DiskGuard::NewDirectory(const std::string& name, const IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  IOStatus opened = target()->NewDirectory(name, options, directory, debug);
  if (opened.ok()) *directory = std::make_unique<GuardedDirectory>(*this, std::move(*directory));
  return opened;
}

IOStatus DiskGuard::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                               IODebugContext* debug) {
  return frozen() ? IOStatus::OK() : seen(target()->RenameFile(from, to, options, debug));
}

IOStatus DiskGuard::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  return frozen() ? IOStatus::OK() : target()->DeleteFile(name, options, debug);
}

std::unique_ptr<rocksdb::Env> make_guarded_env(rocksdb::Env* base, const std::shared_ptr<DiskGuard>& guard) {
  return std::make_unique<GuardedEnv>(base, guard);
}

}  // namespace headgate::store
