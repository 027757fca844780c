#include "store/rocks/db/small_files.h"

#include <string>
#include <utility>
#include <vector>

namespace headgate::store {
namespace {

// Neighbours that are worth merging: fewer stay as they are, so that hardly anything is written more than once.
constexpr size_t kNeighboursMin = 8;

// A file is small below this part of a unit.
constexpr uint64_t kSmallPart = 4;

struct Run {
  std::vector<std::string> files;
  uint64_t bytes = 0;
};

// Neighbours in one level, in the order of their keys, that fit into one unit together.
std::vector<Run> small_runs(const rocksdb::LevelMetaData& level, uint64_t unit_bytes) {
  std::vector<Run> runs(1);
  for (const rocksdb::SstFileMetaData& file : level.files) {
    const bool small = file.size < unit_bytes / kSmallPart && !file.being_compacted;
    if (!small || runs.back().bytes + file.size > unit_bytes) runs.emplace_back();
    if (!small) continue;
    runs.back().files.push_back(file.name);
    runs.back().bytes += file.size;
  }
  std::erase_if(runs, [](const Run& run) { return run.files.size() < kNeighboursMin; });
  return runs;
}

void merge(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, const Run& run, int level,
           uint64_t unit_bytes) {
  rocksdb::CompactionOptions how;
  how.compression = rocksdb::kDisableCompressionOption;  // the family's own
  how.output_file_size_limit = unit_bytes;
  db.CompactFiles(how, family, run.files, level).PermitUncheckedError();
}

}  // namespace

void merge_small_files(RocksDb& db) {
  for (rocksdb::ColumnFamilyHandle* family : db.all()) {
    const uint64_t unit_bytes = db.db().GetOptions(family).target_file_size_base;
    rocksdb::ColumnFamilyMetaData found;
    db.db().GetColumnFamilyMetaData(family, &found);
    for (const rocksdb::LevelMetaData& level : found.levels) {
      for (const Run& run : small_runs(level, unit_bytes)) {
        if (!db.check_disk()) return;
        merge(db.db(), family, run, level.level, unit_bytes);
      }
    }
  }
}

}  // namespace headgate::store
