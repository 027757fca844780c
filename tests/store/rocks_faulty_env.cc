#include "tests/store/rocks_faulty_env.h"

#include <atomic>
#include <filesystem>
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
    const IOStatus alive = disk_.operate();
    if (!alive.ok()) return alive;
    size_ += data.size();
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus alive = disk_.operate();
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

}  // namespace

void FaultyFileSystem::fail_from(uint64_t operation) {
  const std::lock_guard lock(mutex_);
  operations_ = 0;
  fail_from_ = operation;
}

uint64_t FaultyFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FaultyFileSystem::cut_power(bool torn) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, kept] : synced_) {
    std::error_code gone;
    const uint64_t size = std::filesystem::file_size(name, gone);
    if (gone || size <= kept) continue;
    const bool half = torn && name.ends_with(".log");
    std::filesystem::resize_file(name, half ? kept + (size - kept) / 2 : kept);
  }
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                           IODebugContext* debug) {
  const IOStatus alive = operate();
  if (!alive.ok()) return alive;
  IOStatus made = target()->NewWritableFile(name, options, file, debug);
  if (!made.ok()) return made;
  synced(name, 0);
  *file = std::make_unique<FaultyFile>(*this, name, std::move(*file));
  return made;
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& options, IODebugContext* debug) {
  const IOStatus alive = operate();
  if (!alive.ok()) return alive;
  {
    const std::lock_guard lock(mutex_);
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
    if (operations_ >= fail_from_) return IOStatus::IOError("the disk is gone");
    synced_.erase(name);
  }
  return target()->DeleteFile(name, options, debug);
}

IOStatus FaultyFileSystem::operate() {
  const std::lock_guard lock(mutex_);
  if (++operations_ >= fail_from_) return IOStatus::IOError("the disk is gone");
  return IOStatus::OK();
}

void FaultyFileSystem::synced(const std::string& name, uint64_t size) {
  const std::lock_guard lock(mutex_);
  synced_[name] = size;
}

}  // namespace headgate::testing
