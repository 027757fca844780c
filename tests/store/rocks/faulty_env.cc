#include "tests/store/rocks/faulty_env.h"

#include <rocksdb/system_clock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace headgate::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class FaultyFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(FaultyFileSystem& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus alive = disk_.operate(true);
    if (!alive.ok()) return alive;
    size_ += data.size();
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus alive = disk_.operate(false);
    if (!alive.ok()) return alive;
    const uint64_t written = size_;  // before the sync: another thread may be appending
    const IOStatus synced = target()->Sync(options, debug);
    if (synced.ok()) disk_.synced(name_, written);
    return synced;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  // Writing back early promises nothing.
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  FaultyFileSystem& disk_;
  std::string name_;
  std::atomic<uint64_t> size_ = 0;
};

class FaultyDirectory : public rocksdb::FSDirectory {
 public:
  FaultyDirectory(FaultyFileSystem& disk, std::unique_ptr<rocksdb::FSDirectory> directory)
      : disk_(disk), directory_(std::move(directory)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus alive = disk_.operate(false);
    if (!alive.ok()) return alive;
    const IOStatus synced = directory_->Fsync(options, debug);
    if (synced.ok()) disk_.directory_synced();
    return synced;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return directory_->Close(options, debug);
  }

 private:
  FaultyFileSystem& disk_;
  std::unique_ptr<rocksdb::FSDirectory> directory_;
};

class Sleepless : public rocksdb::SystemClockWrapper {
 public:
  Sleepless() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "Sleepless"; }
  void SleepForMicroseconds(int) override {}
};

class FaultyEnv : public rocksdb::EnvWrapper {
 public:
  explicit FaultyEnv(std::unique_ptr<rocksdb::Env> on_disk)
      : EnvWrapper(on_disk.get()), on_disk_(std::move(on_disk)) {
    system_clock_ = std::make_shared<Sleepless>();
  }
  void SleepForMicroseconds(int) override {}

 private:
  std::unique_ptr<rocksdb::Env> on_disk_;
};

std::string text_of(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::unique_ptr<rocksdb::Env> make_faulty_env(const std::shared_ptr<rocksdb::FileSystem>& disk) {
  return std::make_unique<FaultyEnv>(rocksdb::NewCompositeEnv(disk));
}

void FaultyFileSystem::fail_from(uint64_t operation, Fault fault, uint64_t count) {
  const std::lock_guard lock(mutex_);
  operations_ = 0;
  fail_from_ = operation;
  fail_count_ = count;
  fault_ = fault;
}

uint64_t FaultyFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultyFileSystem::cut_power(const Torn& torn) {
  const std::lock_guard lock(mutex_);
  std::error_code gone;
  for (const auto& [name, kept] : synced_) {
    const uint64_t size = std::filesystem::file_size(name, gone);
    if (gone || size <= kept) continue;
    std::filesystem::resize_file(name, name.ends_with(".log") ? kept + torn(size - kept) : kept);
  }
  for (const std::string& name : new_files_) std::filesystem::remove(name, gone);
  for (const auto& [name, before] : overwritten_) {
    if (before.empty())
      std::filesystem::remove(name, gone);
    else
      std::ofstream(name, std::ios::binary) << before;
  }
  synced_.clear();
  new_files_.clear();
  overwritten_.clear();
  if (names_) names_->cut_power();
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  const IOStatus alive = operate(true);
  if (!alive.ok()) return alive;
  IOStatus made = target()->NewWritableFile(name, options, file, debug);
  if (!made.ok()) return made;
  synced(name, 0);
  {
    const std::lock_guard lock(mutex_);
    new_files_.insert(name);
  }
  *file = std::make_unique<FaultyFile>(*this, name, std::move(*file));
  return made;
}

IOStatus FaultyFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                                        IODebugContext* debug) {
  IOStatus opened = target()->NewDirectory(name, options, directory, debug);
  if (opened.ok()) *directory = std::make_unique<FaultyDirectory>(*this, std::move(*directory));
  return opened;
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  const IOStatus alive = operate(false);
  if (!alive.ok()) return alive;
  {
    const std::lock_guard lock(mutex_);
    overwritten_.emplace(to, text_of(to));
    new_files_.erase(from);
    if (const auto found = synced_.find(from); found != synced_.end()) {
      synced_[to] = found->second;
      synced_.erase(from);
    }
  }
  return target()->RenameFile(from, to, options, debug);
}

IOStatus FaultyFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                      IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (failing() && fault_ == Fault::gone) return IOStatus::IOError("the disk is gone");
    synced_.erase(name);
    new_files_.erase(name);
    overwritten_.erase(name);
  }
  return target()->DeleteFile(name, options, debug);
}

bool FaultyFileSystem::failing() const {
  return operations_ >= fail_from_ && operations_ - fail_from_ < fail_count_;
}

IOStatus FaultyFileSystem::operate(bool writes) {
  const std::lock_guard lock(mutex_);
  ++operations_;
  if (!failing()) return IOStatus::OK();
  if (fault_ == Fault::gone) return IOStatus::IOError("the disk is gone");
  return writes ? IOStatus::NoSpace("the disk is full") : IOStatus::OK();
}

void FaultyFileSystem::synced(const std::string& name, uint64_t size) {
  const std::lock_guard lock(mutex_);
  synced_[name] = size;
}

void FaultyFileSystem::directory_synced() {
  const std::lock_guard lock(mutex_);
  new_files_.clear();
  overwritten_.clear();
}

}  // namespace headgate::testing
