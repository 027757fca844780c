// Copies of a store: what is in them, and what becomes of them.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "store/report/check.h"
#include "store/rocks/db/disk_guard.h"
#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Backup : public RocksTest {
 protected:
  core::Result<BackupReport> back_up(const std::string& to) {
    begin_backup(to);
    return finish_backup();
  }
  void begin_backup(const std::string& to) {
    done_.reset();
    durable->back_up(to, [this](const auto& report) { done_.emplace(report); });
  }
  core::Result<BackupReport> finish_backup() {
    executor.run_until([this] { return done_.has_value(); });
    return *done_;
  }

  // Takes the copy's place.
  void move_to(const std::string& copy) {
    expect_sound();
    options.dir = copy + "/store";
    open();
  }
  static void expect_sound_copy(const std::string& copy) {
    const auto report = check_store(copy + "/store");
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->sound()) << report_json(*report);
  }
  static std::string epoch_of(const std::string& copy) {
    return open_queue_reader(copy + "/store").value()->identity().epoch;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }

  std::string copy_ = dir / "copy";
  QueueId q_ = queue("$q");

 private:
  std::optional<core::Result<BackupReport>> done_;
};

TEST_F(Backup, HoldsWhatWasDurableWhenItWasAskedFor) {
  append("a", q_);
  append("b", q_);
  settle();
  begin_backup(copy_);
  append("c", q_);
  const auto report = finish_backup();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_GT(report->bytes, 0u);
  expect_sound_copy(copy_);
  move_to(copy_);
  EXPECT_THAT(bodies(read(*store->find_queue("$q"), kDefaultLane, 0, {.messages = 2})),
              ElementsAre("a", "b"));
}

TEST_F(Backup, DoesNotHoldUpTheStore) {
  append("a", q_);
  settle();
  begin_backup(copy_);
  for (int i = 0; i < 100; ++i) {
    append("more", q_);
    settle();
  }
  ASSERT_TRUE(finish_backup());
  EXPECT_EQ(stats(q_).waiting(), 101u);
  expect_sound_copy(copy_);
}

TEST_F(Backup, TakesNoSpaceForFilesThatItCanLink) {
  for (int i = 0; i < 200; ++i) append(std::string(1'000, static_cast<char>('a' + i % 26)), q_);
  settle();
  ASSERT_TRUE(back_up(copy_));
  const auto second = back_up(dir / "second");
  ASSERT_TRUE(second);
  EXPECT_GT(second->linked_bytes, 0u);
}

TEST_F(Backup, IsItsOwnersAlone) {
  ASSERT_TRUE(back_up(copy_));
  EXPECT_EQ(mode_of(copy_), mode_t{0700});
  EXPECT_EQ(mode_of(copy_ + "/store"), mode_t{0700});
}

TEST_F(Backup, GetsANewEpochWhenItIsOpenedToGoOnWith) {
  append("a", q_);
  settle();
  const std::string before = store->identity().epoch;
  ASSERT_TRUE(back_up(copy_));
  move_to(copy_);
  const std::string epoch = store->identity().epoch;
  EXPECT_NE(epoch, before);
  EXPECT_THAT(log.lines(), Contains(HasSubstr("store_has_a_new_epoch")));
  crash();
  EXPECT_EQ(store->identity().epoch, epoch) << "one new epoch is enough";
  EXPECT_THAT(bodies(read(*store->find_queue("$q"))), ElementsAre("a"));
}

TEST_F(Backup, IsShownToReadersAsItIs) {
  ASSERT_TRUE(back_up(copy_));
  EXPECT_EQ(epoch_of(copy_), store->identity().epoch);
  EXPECT_EQ(epoch_of(copy_), store->identity().epoch);
  EXPECT_GT(read_store_stats(copy_ + "/store")->copied_ms, 0);
}

TEST_F(Backup, OfACopyIsACopy) {
  ASSERT_TRUE(back_up(copy_));
  ASSERT_TRUE(back_up_store(copy_ + "/store", dir / "second"));
  EXPECT_GT(read_store_stats(dir / "second/store")->copied_ms, 0);
}

TEST_F(Backup, OfAStoppedHubChangesNothingInIt) {
  append("a", q_);
  settle();
  expect_sound();
  const auto before = read_store_stats(options.dir).value();
  const auto report = back_up_store(options.dir, copy_);
  ASSERT_TRUE(report) << report.error().what;
  expect_sound_copy(copy_);
  EXPECT_EQ(read_store_stats(copy_ + "/store")->queued, 1u);
  EXPECT_EQ(store_stats_json(*read_store_stats(options.dir)), store_stats_json(before));
}

TEST_F(Backup, GoesIntoAnEmptyDirectoryToo) {
  std::filesystem::create_directory(copy_);
  ASSERT_TRUE(back_up(copy_));
  expect_sound_copy(copy_);
}

TEST_F(Backup, RefusesADirectoryThatHoldsSomething) {
  std::filesystem::create_directory(copy_);
  std::ofstream(copy_ + "/precious") << "x";
  const auto refused = back_up(copy_);
  EXPECT_EQ(refused.error().code, core::Errc::invalid);
  EXPECT_THAT(refused.error().what, HasSubstr("is not empty (it holds precious)"));
  EXPECT_TRUE(std::filesystem::exists(copy_ + "/precious"));
}

TEST_F(Backup, RefusesToGoIntoTheStore) {
  std::filesystem::create_directory_symlink(options.dir, dir / "link");
  for (const std::string& inside :
       {options.dir + "/copy", dir / "link/copy", options.dir + "/../store/copy"}) {
    EXPECT_THAT(back_up(inside).error().what, HasSubstr("lies in the store itself")) << inside;
  }
}

TEST_F(Backup, RefusesARelativePathAndOneWithoutAParent) {
  EXPECT_THAT(back_up("copy").error().what, HasSubstr("name it from the root"));
  EXPECT_THAT(back_up(dir / "none/copy").error().what, HasSubstr("it cannot be made: No such file"));
}

// Every operation on the copy's files in turn.
TEST(BackupToABadDisk, LeavesNothingAndHarmsNobody) {
  const auto disk = std::make_shared<testing::FaultyFileSystem>();
  const auto env = testing::make_faulty_env(disk);
  RocksDriver hub;
  hub.options.env = env.get();
  hub.open();
  const QueueId q = hub.queue("$q");
  const auto back_up = [&hub](const std::string& to) {
    std::optional<core::Result<BackupReport>> done;
    hub.durable->back_up(to, [&done](const auto& report) { done.emplace(report); });
    hub.executor.run_until([&done] { return done.has_value(); });
    return *done;
  };
  hub.append("a", q);
  hub.settle();
  ASSERT_TRUE(back_up(hub.dir / "first"));  // what it would have to flush is flushed
  uint64_t operation = 0;
  for (;; ++operation) {
    disk->fail_from(operation, testing::FaultyFileSystem::Fault::no_space);
    const auto report = back_up(hub.dir / "copy");
    disk->heal();
    if (report) break;
    EXPECT_EQ(report.error().code, core::Errc::full) << report.error().what;
    EXPECT_FALSE(std::filesystem::exists(hub.dir / "copy"));
    ASSERT_LT(operation, 1'000u);
  }
  EXPECT_GT(operation, 2u);
  hub.append("b", q);
  hub.settle();
  EXPECT_THAT(hub.events.failures, IsEmpty());
  hub.expect_sound();
}

TEST(DiskGuardOutsideItsDirectory, StopsWritingWhenItIsTold) {
  const testing::TempDir dir;
  DiskGuard guard(rocksdb::FileSystem::Default(), dir / "store");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(guard.NewWritableFile(dir / "store-copy", {}, &file, nullptr).ok());
  EXPECT_TRUE(file->Append("x", {}, nullptr).ok());
  guard.stop_copies();
  EXPECT_TRUE(file->Append("x", {}, nullptr).IsAborted());
  EXPECT_FALSE(guard.frozen());
}

}  // namespace
}  // namespace headgate::store
