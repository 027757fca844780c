// Whatever connections do, each identity's messages come in their order, and all of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/upstream/identities/cloud_site.h"

namespace headgate::upstream {
namespace {

using headgate::testing::CloudSite;

// What a cloud may do, in an order that is drawn.
class DrawnCloud {
 public:
  explicit DrawnCloud(uint64_t seed) : random_(seed), site_(SendsAs::identity, 2, seed) {}

  void play() {
    for (int step = 0; step < 120; ++step) {
      act(random_() % 9);
      note_published();
    }
    heal();
  }
  // Numbers in which each identity's messages were published first, and all that were taken.
  std::map<std::string, std::vector<int>> first_published;
  std::map<std::string, int> sent;

  CloudSite& site() { return site_; }

 private:
  std::string any_leaf() { return "leaf-" + std::to_string(1 + random_() % 3); }

  void act(uint64_t what) {
    const std::string id = any_leaf();
    switch (what) {
      case 0:
      case 1:
        for (uint64_t n = 1 + random_() % 5; n > 0; --n) site_.send(id, std::to_string(++sent[id]));
        return site_.settle();
      case 2:
        if (!own_up_) site_.own_up();
        own_up_ = true;
        return site_.settle();
      case 3:
        return site_.connects(id) && own_up_ ? site_.admit(id) : site_.settle();
      case 4:
        return site_.connects(id) && own_up_ ? site_.refuse(id) : site_.settle();
      case 5:
      case 6:
        if (is_open(id)) drops_[id] = 0;
        return is_open(id) ? site_.take(id, 1 + random_() % 3) : site_.settle();
      case 7:  // not so often in a row that a message is blamed
        return is_open(id) && ++drops_[id] < 3 ? site_.drop(id) : site_.settle();
      default:
        if (own_up_ && random_() % 4 == 0) return end_own();
        return site_.pass_ms(static_cast<int64_t>(random_() % 7000));
    }
  }

  // Connected, as the cloud sees it, with something to take.
  bool is_open(const std::string& id) {
    return own_up_ && site_.cloud.contains(id) && !site_.connects(id) &&
           !site_.cloud[id]->published.empty() && site_.cloud[id]->disconnects == 0;
  }

  void end_own() {
    own_up_ = false;
    for (const auto& [id, link] : site_.cloud) link->published.clear();
    site_.asking.clear();
    site_.drop(CloudSite::kOwn);
  }

  void note_published() {
    for (const auto& [id, link] : site_.cloud) {
      for (const auto& one : link->published) {
        auto& known = first_published[id];
        const int number = std::stoi(one.payload);
        if (std::ranges::find(known, number) == known.end()) known.push_back(number);
      }
    }
  }

  void heal() {
    if (!own_up_) site_.own_up();
    for (int round = 0; round < 50 && site_.waiting() > 0; ++round) {
      site_.serve();
      site_.pass_ms(100'000);
    }
  }

  std::mt19937_64 random_;
  CloudSite site_;
  bool own_up_ = false;
  std::map<std::string, int> drops_;  // in a row
};

TEST(OrderOfIdentities, HoldsWhateverConnectionsDo) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    DrawnCloud cloud(seed);
    cloud.play();
    ASSERT_EQ(cloud.site().waiting(), 0U) << seed;
    for (const auto& [id, numbers] : cloud.first_published)
      ASSERT_TRUE(std::ranges::is_sorted(numbers)) << "seed " << seed << ", " << id;
    for (const auto& [id, count] : cloud.sent) {
      std::vector<int> first_taken;
      for (const std::string& body : cloud.site().taken[id])
        if (std::ranges::find(first_taken, std::stoi(body)) == first_taken.end())
          first_taken.push_back(std::stoi(body));
      ASSERT_TRUE(std::ranges::is_sorted(first_taken)) << "seed " << seed << ", " << id;
      ASSERT_EQ(first_taken.size(), static_cast<size_t>(count)) << "seed " << seed << ", " << id;
    }
  }
}

}  // namespace
}  // namespace headgate::upstream
