#include "store/rocks/mend/salvage.h"

#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace headgate::store {
namespace {

using rocksdb::LiveFileMetaData;
using rocksdb::Slice;

constexpr size_t kSalvageBytes = 1u << 20;

std::string path_of(const LiveFileMetaData& file) { return file.db_path + file.name; }
std::string name_of(const LiveFileMetaData& file) {
  return file.name.substr(file.name.find_first_not_of('/'));
}

// Keys as numbers with a fixed count of digits, for bisecting.
std::string padded(std::string key, size_t size) {
  key.resize(size);
  return key;
}

std::string middle(const std::string& low, const std::string& high) {
  std::string sum(low.size(), '\0');
  unsigned carry = 0;
  for (size_t i = low.size(); i-- > 0;) {
    carry += static_cast<uint8_t>(low[i]) + static_cast<uint8_t>(high[i]);
    sum[i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  for (char& digit : sum) {  // half of it
    const unsigned value = carry << 8 | static_cast<uint8_t>(digit);
    digit = static_cast<char>(value >> 1);
    carry = value & 1;
  }
  return sum;
}

// Reads one file past the places that cannot be read.
class FileRows {
 public:
  FileRows(const LiveFileMetaData& file, const StoreOptions& options) : file_(file), reader_(with(options)) {
    opened_ = reader_.Open(path_of(file));
  }

  [[nodiscard]] bool sound() { return opened_.ok() && reader_.VerifyChecksum().ok(); }

  template <typename Visit>
  void for_each(const Visit& visit) {
    if (!opened_.ok()) return;
    begin();
    it_->SeekToFirst();
    std::string last;
    for (;;) {
      for (; it_->Valid(); it_->Next()) {
        last = it_->key().ToString();
        visit(it_->key(), it_->value());
      }
      if (it_->status().ok() || !seek_behind_damage(last)) return;
    }
  }

 private:
  static rocksdb::Options with(const StoreOptions& options) {
    rocksdb::Options read;
    if (options.env != nullptr) read.env = options.env;
    return read;
  }

  void begin() {
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    it_.reset(reader_.NewIterator(how));
  }

  // With an iterator of its own: where one that has moved already looks first is not told by the key alone.
  bool readable_from(const std::string& key) {
    begin();
    it_->Seek(key);
    return it_->Valid() || it_->status().ok();
  }

  // Goes to the first row after `low`, which was read, that can be read again. False: there is none.
  bool seek_behind_damage(const std::string& low_key) {
    const size_t size = std::max(low_key.size(), file_.largestkey.size()) + 1;
    std::string low = padded(low_key, size);
    std::string high = padded(file_.largestkey, size);
    if (!readable_from(high)) return false;
    for (std::string half = middle(low, high); half != low; half = middle(low, high))
      (readable_from(half) ? high : low) = half;
    return readable_from(high) && it_->Valid();
  }

  const LiveFileMetaData& file_;
  rocksdb::SstFileReader reader_;
  rocksdb::Status opened_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

// Oldest rows first: what lies deeper, and within the first level what was written earlier.
std::vector<LiveFileMetaData> files_of(const RocksDb& db, const std::string& family) {
  std::vector<LiveFileMetaData> files;
  db.db().GetLiveFilesMetaData(&files);
  std::erase_if(files, [&](const LiveFileMetaData& file) { return file.column_family_name != family; });
  std::ranges::sort(files, [](const LiveFileMetaData& a, const LiveFileMetaData& b) {
    return std::pair(-a.level, a.largest_seqno) < std::pair(-b.level, b.largest_seqno);
  });
  return files;
}

class FamilyCopy {
 public:
  FamilyCopy(RocksDb& db, rocksdb::ColumnFamilyHandle* from, rocksdb::ColumnFamilyHandle* to)
      : db_(db), from_(from), to_(to) {}

  core::Status add(const std::vector<LiveFileMetaData>& files, const StoreOptions& options) {
    for (const LiveFileMetaData& file : files) {
      FileRows(file, options).for_each([this](const Slice& key, const Slice& value) { add(key, value); });
    }
    write();
    return status_;
  }

  [[nodiscard]] uint64_t uncertain() const { return uncertain_; }

 private:
  // A row counts as the database has it. Where that cannot be told, as the newest file has it that can.
  void add(const Slice& key, const Slice& value) {
    rocksdb::PinnableSlice newest;
    rocksdb::ReadOptions how;
    how.fill_cache = false;
    const rocksdb::Status found = db_.db().Get(how, from_, key, &newest);
    if (found.IsNotFound() || !status_) return;
    if (!found.ok()) ++uncertain_;
    batch_.Put(to_, key, found.ok() ? Slice(newest) : value);
    if (batch_.GetDataSize() >= kSalvageBytes) write();
  }

  void write() {
    if (status_) status_ = db_.write_rows(batch_);
    batch_.Clear();
  }

  RocksDb& db_;
  rocksdb::ColumnFamilyHandle* from_;
  rocksdb::ColumnFamilyHandle* to_;
  rocksdb::WriteBatch batch_;
  core::Status status_;
  uint64_t uncertain_ = 0;
};

core::Status salvage_family(RocksDb& db, rocksdb::ColumnFamilyHandle* family, const StoreOptions& options,
                            Salvaged& salvaged) {
  const auto replacement = db.make_replacement(family);
  if (!replacement) return core::fail(replacement.error());
  FamilyCopy copy(db, family, *replacement);
  if (auto added = copy.add(files_of(db, family->GetName()), options); !added) return added;
  if (family == db.kv()) salvaged.values_uncertain = copy.uncertain();
  salvaged.lost_values |= family == db.kv();
  salvaged.lost_queues |= family == db.cur();
  return db.replace_family(family, *replacement);
}

}  // namespace

core::Result<Salvaged> salvage_files(RocksDb& db, const StoreOptions& options,
                                     const std::function<void(const std::string&)>& before) {
  Salvaged salvaged;
  std::vector<rocksdb::ColumnFamilyHandle*> damaged;
  for (rocksdb::ColumnFamilyHandle* family : db.all()) {
    for (const LiveFileMetaData& file : files_of(db, family->GetName())) {
      if (FileRows(file, options).sound()) continue;
      before(name_of(file));
      salvaged.files.push_back(name_of(file));
      if (damaged.empty() || damaged.back() != family) damaged.push_back(family);
    }
  }
  if (std::ranges::find(damaged, db.meta()) != damaged.end()) {
    return fail_store(
        core::Errc::corrupt, db.dir(),
        salvaged.files.front() + ", which says whose it is, is damaged; restore it from a backup");
  }
  for (rocksdb::ColumnFamilyHandle* family : damaged) {
    if (auto done = salvage_family(db, family, options, salvaged); !done) return core::fail(done.error());
  }
  return salvaged;
}

}  // namespace headgate::store
