// A power cut on a disk that keeps a name only once its directory was synced, which is all that POSIX promises.
#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

#include "store/disk/quarantine.h"
#include "store/report/check.h"
#include "tests/store/rocks/file_damage.h"
#include "tests/store/rocks/fixture.h"
#include "tests/store/rocks/names_on_disk.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class PowerCutInTheFirstSeconds : public ::testing::Test, protected RocksDriver {
 protected:
  PowerCutInTheFirstSeconds() {
    options.dir = dir / "site/gateway/data/store";
    fs::create_directory(dir / "copies");
    names.emplace(dir.path());
    open();
    q = queue("$q");
    append("promised", q);
    settle();
  }
  ~PowerCutInTheFirstSeconds() override { expect_sound(); }

  void cut_power() {
    store.reset();
    names->cut_power();
  }
  void back_up(const std::string& to) {
    std::optional<bool> made;
    durable->back_up(to, [&](const auto& report) { made = report.has_value(); });
    executor.run_until([&] { return made.has_value(); });
    ASSERT_TRUE(*made);
  }

  std::optional<testing::NamesOnDisk> names;
  QueueId q = 0;
};

TEST_F(PowerCutInTheFirstSeconds, TakesNoNameOfWhatWasPromised) {
  cut_power();
  open();
  EXPECT_THAT(bodies(read(q)), ElementsAre("promised"));
}

TEST_F(PowerCutInTheFirstSeconds, LeavesTheMarkOfWhatWasSynced) {
  cut_power();
  EXPECT_TRUE(fs::exists(options.dir + "/synced"));
}

TEST_F(PowerCutInTheFirstSeconds, LeavesABackupThatWasReportedHoweverItWasNamed) {
  back_up(dir / "copies/monday/");
  cut_power();
  const auto report = check_store(dir / "copies/monday/store");
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->waiting, 1u);
  open();
}

TEST_F(PowerCutInTheFirstSeconds, LeavesWhatWasPutIntoQuarantine) {
  append("second", q);
  settle();
  store.reset();
  const fs::path newest = files_with(options.dir, ".log").back();
  fs::resize_file(newest, fs::file_size(newest) - 20);
  open();
  const std::string kept = quarantine_folder(options.dir, store->identity().epoch);
  cut_power();
  EXPECT_TRUE(fs::exists(kept + "/report.json"));
  EXPECT_EQ(files_with(kept, ".log").size(), 1u);
  open();
}

}  // namespace
}  // namespace headgate::store
