#include "tests/store/rocks/fixture.h"

#include <rocksdb/db.h>

#include "store/report/check.h"

namespace headgate::store {

void edit_rows(const std::string& store_dir, const std::function<void(rocksdb::DB&, RowsOf)>& edit) {
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "blk", "idx", "cur", "kv"}) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  ASSERT_TRUE(rocksdb::DB::Open({}, store_dir, families, &handles, &db).ok());
  edit(*db, {handles[0], handles[1], handles[2], handles[3]});
  for (auto* handle : handles) delete handle;
  delete db;
}

void RocksDriver::expect_sound() {
  if (!store) return;
  testing::expect_accounts_balance(*store);
  store.reset();
  if (damaged) return;
  const auto report = check_store(opened_dir_, options.env);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->sound()) << report_json(*report);
}

size_t RocksDriver::rows_in(const std::string& family) {
  std::vector<std::string> names;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, options.dir, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  EXPECT_TRUE(rocksdb::DB::OpenForReadOnly({}, options.dir, families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  size_t rows = 0;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == family) {
      const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator({}, handle));
      for (it->SeekToFirst(); it->Valid(); it->Next()) ++rows;
    }
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles) EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  return rows;
}

size_t RocksDriver::kept_blocks() {
  const auto report = check_store(options.dir, options.env);
  EXPECT_TRUE(report) << report.error().what;
  return report ? report->blocks - report->dead_blocks : 0;
}

}  // namespace headgate::store
