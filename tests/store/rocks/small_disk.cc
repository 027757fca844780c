#include "tests/store/rocks/small_disk.h"

#include <algorithm>
#include <utility>

namespace headgate::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class SmallFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SmallFile(SmallDisk& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const uint64_t fits = disk_.take(name_, data.size());
    const IOStatus written = target()->Append({data.data(), fits}, options, debug);
    if (!written.ok() || fits == data.size()) return written;
    return IOStatus::NoSpace("the disk is full");
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    disk_.take(name_, 0);
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  // Its blocks would be the real disk's.
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  SmallDisk& disk_;
  std::string name_;
};

}  // namespace

void SmallDisk::fill_up_at(uint64_t operation) {
  const std::lock_guard lock(mutex_);
  operations_ = 0;
  fill_up_at_ = operation;
  filled_ = false;
}

void SmallDisk::clear_out() {
  const std::lock_guard lock(mutex_);
  room_ += std::exchange(foreign_, 0);
  fill_up_at_ = kNever;
  filled_ = false;
}

uint64_t SmallDisk::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

bool SmallDisk::filled() const {
  const std::lock_guard lock(mutex_);
  return filled_;
}

core::Result<store::DiskSpace> SmallDisk::space() {
  const std::lock_guard lock(mutex_);
  return store::DiskSpace{room_, total_, reserved_};
}

core::Status SmallDisk::set_aside(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  room_ += std::exchange(reserved_, 0);
  if (bytes > room_) return core::fail(core::Errc::full, "no room for a reserve");
  room_ -= bytes;
  reserved_ = bytes;
  return {};
}

bool SmallDisk::give_back() {
  const std::lock_guard lock(mutex_);
  const uint64_t reserved = std::exchange(reserved_, 0);
  room_ += reserved;
  return reserved > 0;
}

uint64_t SmallDisk::take(const std::string& name, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (++operations_ == fill_up_at_) {
    foreign_ += std::exchange(room_, 0);
    filled_ = true;
  }
  const uint64_t taken = std::min(room_, bytes);
  room_ -= taken;
  sizes_[name] += taken;
  return taken;
}

void SmallDisk::forget(const std::string& name) {
  const auto found = sizes_.find(name);
  if (found == sizes_.end()) return;
  room_ += found->second;
  sizes_.erase(found);
}

IOStatus SmallDisk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  take(name, 0);
  {
    const std::lock_guard lock(mutex_);
    if (room_ == 0) return IOStatus::NoSpace("the disk is full");
    forget(name);
  }
  IOStatus made = target()->NewWritableFile(name, options, file, debug);
  if (made.ok()) *file = std::make_unique<SmallFile>(*this, name, std::move(*file));
  return made;
}

IOStatus SmallDisk::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                               IODebugContext* debug) {
  const IOStatus renamed = target()->RenameFile(from, to, options, debug);
  if (!renamed.ok()) return renamed;
  const std::lock_guard lock(mutex_);
  forget(to);
  if (auto moved = sizes_.extract(from)) {
    moved.key() = to;
    sizes_.insert(std::move(moved));
  }
  return renamed;
}

IOStatus SmallDisk::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  const IOStatus deleted = target()->DeleteFile(name, options, debug);
  const std::lock_guard lock(mutex_);
  if (deleted.ok()) forget(name);
  return deleted;
}

}  // namespace headgate::testing
