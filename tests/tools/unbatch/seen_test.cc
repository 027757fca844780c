#include "tools/unbatch/seen.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

namespace headgate::tools {
namespace {

class SeenTest : public ::testing::Test {
 protected:
  ~SeenTest() override { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "headgate-seen-" + std::to_string(::getpid());
  Seen seen_;
};

TEST_F(SeenTest, KnowsASeqAgainUnderItsHubAndEpochOnly) {
  EXPECT_TRUE(seen_.insert("h", "e", 7));
  EXPECT_FALSE(seen_.insert("h", "e", 7));
  EXPECT_TRUE(seen_.insert("h", "other", 7));
  EXPECT_TRUE(seen_.insert("other", "e", 7));
}

TEST_F(SeenTest, AgreesWithASetInAnyOrder) {
  std::mt19937 random(11);
  std::set<uint64_t> model;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t seq = random() % 1000;
    EXPECT_EQ(seen_.insert("h", "e", seq), model.insert(seq).second) << seq;
  }
}

TEST_F(SeenTest, SurvivesItsFile) {
  for (const uint64_t seq : {1, 2, 3, 9}) seen_.insert("h", "e", seq);
  ASSERT_TRUE(seen_.save(path_));
  Seen later;
  ASSERT_TRUE(later.load(path_));
  EXPECT_FALSE(later.insert("h", "e", 2));
  EXPECT_TRUE(later.insert("h", "e", 4));
}

TEST_F(SeenTest, StartsEmptyWithoutAFileAndRefusesAnotherFile) {
  EXPECT_TRUE(seen_.load(path_));
  for (const char* text : {"", "{}", "[]", "{\"v\":1,\"seen\":[{\"ranges\":[1]}]}"}) {
    std::ofstream(path_) << text;
    EXPECT_FALSE(seen_.load(path_)) << text;
  }
}

}  // namespace
}  // namespace headgate::tools
