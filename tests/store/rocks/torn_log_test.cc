// A power cut leaves half a record, zeros or garbage behind the synced end of the log, and it may tear the mark of that
// end. Nothing promised is in there: neither the hub nor whoever only looks takes it for damage.
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "store/report/check.h"
#include "store/report/stats.h"
#include "tests/store/rocks/file_damage.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kCopyBytes = 4096;

enum class Behind { half_and_zeros, half_and_garbage, garbage };
enum class Mark { whole, first_copy_torn, second_copy_torn, zeroed, empty, missing };

class TornLog : public ::testing::TestWithParam<std::tuple<Behind, Mark>>, protected RocksDriver {
 protected:
  TornLog() {
    open();
    q = queue("$q");
    settle();
    epoch = store->identity().epoch;
  }
  ~TornLog() override { expect_sound(); }

  [[nodiscard]] fs::path newest_log() const { return files_with(options.dir, ".log").back(); }

  // Stops, and leaves what a cut in the middle of a write leaves behind the first `whole` bytes of the log.
  void cut_power(uint64_t whole) {
    store.reset();
    const std::string path = newest_log();
    const uint64_t size = fs::file_size(path);
    const auto [behind, mark] = GetParam();
    const uint64_t kept =
        behind == Behind::garbage ? whole : whole + std::max<uint64_t>((size - whole) / 2, 9);
    fs::resize_file(path, std::min(kept, size));
    std::ofstream(path, std::ios::binary | std::ios::app)
        << std::string(5'000, behind == Behind::half_and_zeros ? '\0' : '\x55');
    tear(mark);
  }
  void tear(Mark mark) {
    const std::string path = dir / "store/synced";
    if (mark == Mark::first_copy_torn) flip_bit(path, 100);
    if (mark == Mark::second_copy_torn) flip_bit(path, 8 * kCopyBytes + 100);
    if (mark == Mark::zeroed) std::ofstream(path, std::ios::binary) << std::string(2 * kCopyBytes, '\0');
    if (mark == Mark::empty) fs::resize_file(path, 0);
    if (mark == Mark::missing) fs::remove(path);
  }
  // What is written after the first of these counts as never synced.
  void keep_mark() {
    fs::copy_file(dir / "store/synced", dir / "kept", fs::copy_options::overwrite_existing);
  }
  void take_mark_back() {
    fs::copy_file(dir / "kept", dir / "store/synced", fs::copy_options::overwrite_existing);
  }
  void append_unsynced() {
    keep_mark();
    append("torn-" + std::string(3'000, 'x'), q);
    settle();
    take_mark_back();
  }

  void expect_readers_find_no_damage() {
    const auto report = check_store(options.dir, nullptr);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->sound()) << report_json(*report);
    EXPECT_TRUE(open_queue_reader(options.dir));
    EXPECT_TRUE(read_store_stats(options.dir));
  }
  void expect_the_hub_finds_no_damage() {
    open();
    EXPECT_EQ(store->identity().epoch, epoch);
    EXPECT_THAT(store->damage(), IsEmpty());
    EXPECT_THAT(log.lines(), Not(Contains(HasSubstr("store_damaged"))));
    EXPECT_FALSE(fs::exists(dir / "store/quarantine"));
  }

  QueueId q = 0;
  std::string epoch;
};

TEST_P(TornLog, IsNoDamageForHubAndReader) {
  append("promised", q);
  settle();
  const uint64_t whole = fs::file_size(newest_log());
  append_unsynced();
  cut_power(whole);
  expect_readers_find_no_damage();
  expect_the_hub_finds_no_damage();
  EXPECT_EQ(bodies(read(q)), std::vector<std::string>{"promised"});
}

TEST_P(TornLog, IsNoDamageInTheFirstRecordOfAStart) {
  append("promised", q);
  settle();
  store->close();
  store.reset();
  keep_mark();
  open();
  append("torn-" + std::string(3'000, 'x'), q);
  settle();
  take_mark_back();
  cut_power(0);
  expect_readers_find_no_damage();
  expect_the_hub_finds_no_damage();
  EXPECT_EQ(bodies(read(q)), std::vector<std::string>{"promised"});
}

TEST_P(TornLog, TakesTheNextMessagesAsIfNothingHadBeen) {
  append("promised", q);
  settle();
  const uint64_t whole = fs::file_size(newest_log());
  append_unsynced();
  cut_power(whole);
  expect_the_hub_finds_no_damage();
  append("next", q);
  settle();
  crash();
  EXPECT_EQ(bodies(read(q)), (std::vector<std::string>{"promised", "next"}));
}

std::string name_of_torn(const ::testing::TestParamInfo<std::tuple<Behind, Mark>>& now) {
  constexpr std::array kBehind{"HalfAndZeros", "HalfAndGarbage", "Garbage"};
  constexpr std::array kMark{"", "FirstCopyTorn", "SecondCopyTorn", "MarkZeroed", "MarkEmpty", "MarkMissing"};
  const auto [behind, mark] = now.param;
  return std::string(kBehind[static_cast<size_t>(behind)]) + kMark[static_cast<size_t>(mark)];
}

constexpr std::array kBehinds{Behind::half_and_zeros, Behind::half_and_garbage, Behind::garbage};
constexpr std::array kMarks{Mark::whole,  Mark::first_copy_torn, Mark::second_copy_torn,
                            Mark::zeroed, Mark::empty,           Mark::missing};

INSTANTIATE_TEST_SUITE_P(, TornLog,
                         ::testing::Combine(::testing::ValuesIn(kBehinds), ::testing::ValuesIn(kMarks)),
                         name_of_torn);

class MarkedLog : public ::testing::Test, protected RocksDriver {};

// The tool must not call sound what the hub would mend.
TEST_F(MarkedLog, ThatLacksWhatWasSyncedIsDamageForHubAndReader) {
  open();
  const QueueId q = queue("$q");
  append("first", q);
  settle();
  const uint64_t whole = fs::file_size(files_with(options.dir, ".log").back());
  append("second", q);
  settle();
  store.reset();
  fs::resize_file(files_with(options.dir, ".log").back(), whole);
  EXPECT_EQ(check_store(options.dir, nullptr).error().code, core::Errc::corrupt);
  EXPECT_EQ(open_queue_reader(options.dir).error().code, core::Errc::corrupt);
  open();
  EXPECT_THAT(log.lines(), Contains(HasSubstr("store_damaged")));
}

}  // namespace
}  // namespace headgate::store
