#include "broker/session/ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>

namespace headgate::broker {
namespace {

TEST(RingTest, CostsNothingWhileEmpty) {
  Ring<std::string> ring;
  EXPECT_EQ(ring.capacity(), 0u);
  for (int i = 0; i < 1000; ++i) ring.push_back("x");
  while (!ring.empty()) ring.pop_front();
  EXPECT_EQ(ring.capacity(), 0u);
}

TEST(RingTest, KeepsRoomForTheNextOne) {  // one message at a time must not allocate
  Ring<std::string> ring;
  ring.push_back("x");
  const std::string* place = &ring.front();
  ring.pop_front();
  ring.push_back("y");
  EXPECT_EQ(&ring.front(), place);
}

TEST(RingTest, LetsGoOfWhatIsTakenOut) {
  const auto held = std::make_shared<int>();
  Ring<std::shared_ptr<int>> ring;
  for (int i = 0; i < 3; ++i) ring.push_back(held);
  ring.pop_front();
  EXPECT_EQ(held.use_count(), 3);
  ring.erase_if([](const auto&) { return true; });
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RingTest, DoesWhatADequeDoes) {
  Ring<int> ring;
  std::deque<int> model;
  std::mt19937 random(7);
  for (int step = 0; step < 20'000; ++step) {
    const auto dice = random() % 100;
    if (dice < 1) {
      const int modulus = static_cast<int>(random() % 5) + 1;
      ring.erase_if([=](int x) { return x % modulus == 0; });
      std::erase_if(model, [=](int x) { return x % modulus == 0; });
    } else if (dice < (step / 1000 % 2 == 0 ? 70 : 35)) {
      ring.push_back(step);
      model.push_back(step);
    } else if (!model.empty()) {
      ring.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(ring.size(), model.size()) << step;
    if (model.empty()) continue;
    ASSERT_EQ(ring.front(), model.front()) << step;
    ASSERT_EQ(ring.back(), model.back()) << step;
    const size_t index = random() % model.size();
    ASSERT_EQ(ring[index], model[index]) << step;
  }
}

}  // namespace
}  // namespace headgate::broker
