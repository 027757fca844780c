// One version or the other, whole, wherever the process is killed.
#include "hub/change/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

constexpr const char* kOld = R"({"hub_id": "old"})";
constexpr const char* kNew = R"({"hub_id": "new", "log": {"level": "warn"}})";

// Takes so many steps and is dead then: half of a text that is being written stays, and nothing comes after it.
class KilledSteps : public FileSteps {
 public:
  explicit KilledSteps(size_t steps) : left_(steps) {}

  [[nodiscard]] core::Result<std::string> read(const std::string& path) override { return real_.read(path); }
  core::Status write(const std::string& path, std::string_view text, const std::string& like) override {
    if (is_alive()) return real_.write(path, text, like);
    if (dying_) (void)real_.write(path, text.substr(0, text.size() / 2), like);
    return dead();
  }
  core::Status rename(const std::string& from, const std::string& to) override {
    return is_alive() ? real_.rename(from, to) : dead();
  }
  core::Status remove(const std::string& path) override { return is_alive() ? real_.remove(path) : dead(); }
  core::Status sync_directory(const std::string& dir) override {
    return is_alive() ? real_.sync_directory(dir) : dead();
  }

 private:
  bool is_alive() {
    dying_ = left_ == 0 && !was_dead_;
    was_dead_ = left_ == 0;
    if (left_ > 0) --left_;
    return !was_dead_;
  }
  core::Status dead() { return core::fail(core::Errc::io, "killed"); }

  RealFileSteps real_;
  size_t left_;
  bool dying_ = false;
  bool was_dead_ = false;
};

class VersionsTest : public ::testing::Test {
 protected:
  void SetUp() override { reset(); }
  void reset() {
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
      std::filesystem::remove_all(entry.path());
    dir_.write("headgate.json", kOld);
  }
  [[nodiscard]] std::string path() const { return dir_ / "headgate.json"; }
  [[nodiscard]] std::string in_force() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // What the next start does, and what it runs on.
  Versions::AtStart start() {
    const auto found = Versions(path(), real_).at_start();
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : Versions::AtStart::nothing;
  }
  // Calls `work` killed before its first step, then before its second, … until it takes all of them.
  template <class Work, class Check>
  void killed_at_every_step(const Work& prepare, const Work& work, const Check& check) {
    constexpr size_t kStepsMax = 40;
    for (size_t steps = 0; steps < kStepsMax; ++steps) {
      reset();
      Versions whole(path(), real_);
      prepare(whole);
      KilledSteps killed(steps);
      Versions versions(path(), killed);
      const bool done = work(versions);
      check(done, steps);
      if (done) return;
    }
    FAIL() << "never done";
  }

  const testing::TempDir dir_;
  RealFileSteps real_;
};

using Work = std::function<bool(Versions&)>;
const Work kNothing = [](Versions&) { return true; };
const Work kBegin = [](Versions& versions) { return versions.begin(kNew, {}).has_value(); };
const Work kBeginForRestart = [](Versions& versions) {
  return versions.begin(kNew, {.awaits_start = true}).has_value();
};
const Work kConfirm = [](Versions& versions) { return versions.confirm().has_value(); };
const Work kRollBack = [](Versions& versions) { return versions.roll_back().has_value(); };

TEST_F(VersionsTest, AChangeThatWasKilledAnywhereLeavesTheVersionOfBefore) {
  killed_at_every_step(kNothing, kBegin, [&](bool done, size_t steps) {
    EXPECT_THAT(in_force(), ::testing::AnyOf(kOld, kNew)) << steps;
    EXPECT_EQ(in_force() == kNew, done || steps >= 8) << steps;
    start();
    EXPECT_EQ(in_force(), kOld) << steps;
    EXPECT_EQ(start(), Versions::AtStart::nothing);
  });
}

TEST_F(VersionsTest, AConfirmationThatWasKilledLeavesOneOfThemWholeAndNoTrial) {
  killed_at_every_step(kBegin, kConfirm, [&](bool done, size_t steps) {
    const auto did = start();
    EXPECT_EQ(in_force(), did == Versions::AtStart::rolled_back ? kOld : kNew) << steps;
    EXPECT_EQ(start(), Versions::AtStart::nothing);
    if (done) {
      EXPECT_EQ(in_force(), kNew);
    }
  });
}

TEST_F(VersionsTest, ARollbackThatWasKilledIsEndedByTheNextStart) {
  killed_at_every_step(kBegin, kRollBack, [&](bool done, size_t steps) {
    if (done) {
      EXPECT_EQ(in_force(), kOld);
    }
    start();
    EXPECT_EQ(in_force(), kOld) << steps;
    EXPECT_EQ(start(), Versions::AtStart::nothing);
  });
}

TEST_F(VersionsTest, AChangeThatAwaitsAStartHasOneAndAnotherStartEndsIt) {
  killed_at_every_step(kNothing, kBeginForRestart, [&](bool done, size_t steps) {
    const std::string left = in_force();
    EXPECT_THAT(left, ::testing::AnyOf(kOld, kNew)) << steps;
    if (start() == Versions::AtStart::begins_trial) {
      EXPECT_EQ(in_force(), left);
      EXPECT_EQ(start(), Versions::AtStart::rolled_back) << steps;
    }
    EXPECT_EQ(in_force(), kOld) << steps;
    if (done) {
      EXPECT_EQ(left, kNew);
    }
  });
}

TEST_F(VersionsTest, ATrialThatTheHubSurvivedStays) {
  Versions versions(path(), real_);
  ASSERT_TRUE(versions.begin(kNew, {.awaits_start = true, .confirm_within_s = 60}));
  ASSERT_EQ(start(), Versions::AtStart::begins_trial);
  const auto note = versions.note();
  ASSERT_TRUE(note && *note);
  EXPECT_EQ((*note)->confirm_within_s, 60u);
  ASSERT_TRUE(versions.confirm());
  EXPECT_EQ(start(), Versions::AtStart::nothing);
  EXPECT_EQ(in_force(), kNew);
}

TEST_F(VersionsTest, TheFileKeepsItsRightsAndTheLastGoodOneIsBesideIt) {
  chmod(path().c_str(), 0600);
  Versions versions(path(), real_);
  ASSERT_TRUE(versions.begin(kNew, {}));
  struct stat there = {};
  ASSERT_EQ(stat(path().c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
  EXPECT_EQ(*real_.read(path() + ".last-good"), kOld);
}

TEST_F(VersionsTest, WhatIsNoFileIsNotReplaced) {
  std::filesystem::rename(path(), dir_ / "real.json");
  std::filesystem::create_symlink(dir_ / "real.json", path());
  Versions versions(path(), real_);
  const auto begun = versions.begin(kNew, {});
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().what, ::testing::HasSubstr("is not a regular file, and is not replaced"));
  EXPECT_EQ(in_force(), kOld);
}

TEST_F(VersionsTest, ANoteThatIsTornStandsForATrial) {
  Versions versions(path(), real_);
  ASSERT_TRUE(versions.begin(kNew, {.awaits_start = true}));
  dir_.write(".headgate.json.trial", "{\"awai");
  EXPECT_EQ(start(), Versions::AtStart::rolled_back);
  EXPECT_EQ(in_force(), kOld);
}

}  // namespace
}  // namespace headgate::hub
