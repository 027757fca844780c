// Panes that are packed, against a map.
#include "routing/compute/windows/packed_panes.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>

namespace headgate::routing {
namespace {

using Fields = std::tuple<bool, bool, std::string>;
using Model = std::map<int64_t, Fields>;

Model read(const PackedPanes& panes, int64_t from, int64_t to) {
  Model read;
  panes.visit(from, to, [&](const PackedPanes::Item& item) {
    EXPECT_TRUE(read.emplace(item.at, Fields(item.changed, item.stored, item.sums)).second);
    return true;
  });
  return read;
}

void expect_equal(const PackedPanes& panes, const Model& model, std::mt19937& random) {
  ASSERT_EQ(panes.size(), model.size());
  EXPECT_EQ(read(panes, INT64_MIN, INT64_MAX), model);
  size_t sums = 0;
  for (const auto& [at, fields] : model) sums += std::get<2>(fields).size();
  EXPECT_EQ(panes.sums_bytes(), sums);
  const int64_t from = static_cast<int64_t>(random() % 1000) - 500;
  const int64_t to = from + static_cast<int64_t>(random() % 100);
  EXPECT_EQ(read(panes, from, to), Model(model.lower_bound(from), model.lower_bound(to)));
  const auto first = model.lower_bound(from);
  const auto index = static_cast<size_t>(std::distance(model.begin(), first));
  EXPECT_EQ(panes.first_from(from), index);
  EXPECT_TRUE(first == model.end() || panes.at(index) == first->first);
  EXPECT_EQ(panes.find(from).has_value(), model.contains(from));
}

void put(PackedPanes& panes, Model& model, int64_t at, std::mt19937& random) {
  const std::string sums(random() % 300, static_cast<char>('a' + random() % 26));
  const bool changed = random() % 2 == 0;
  const bool stored = random() % 2 == 0;
  panes.put({at, changed, stored, sums});
  model[at] = {changed, stored, sums};
}

void mark(PackedPanes& panes, Model& model, int64_t at, std::mt19937& random) {
  const bool changed = random() % 2 == 0;
  panes.mark(at, changed, !changed);
  const auto known = model.find(at);
  if (known != model.end()) known->second = {changed, !changed, std::get<2>(known->second)};
}

TEST(PackedPanes, AreAsTheyWerePut) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    PackedPanes panes;
    Model model;
    int64_t next = -400;
    for (int step = 0; step < 1500; ++step) {
      const auto anywhere = static_cast<int64_t>(random() % 1000) - 500;
      switch (random() % 8) {
        case 0:
          put(panes, model, anywhere, random);
          break;
        case 1:
          mark(panes, model, anywhere, random);
          break;
        case 2:
          if (model.empty()) break;
          panes.remove_first();
          model.erase(model.begin());
          break;
        default:
          put(panes, model, next += static_cast<int64_t>(random() % 3), random);
      }
      if (step % 50 == 0) expect_equal(panes, model, random);
    }
    while (!model.empty()) {
      panes.remove_first();
      model.erase(model.begin());
      if (model.size() % 40 == 0) expect_equal(panes, model, random);
    }
    EXPECT_TRUE(panes.empty());
    EXPECT_EQ(panes.bytes(), 0U);
  }
}

TEST(PackedPanes, StopWhereTheVisitorSaysSo) {
  PackedPanes panes;
  for (int64_t at = 0; at < 100; ++at) panes.put({at, false, false, "sums"});
  size_t visits = 0;
  panes.visit(30, 90, [&](const PackedPanes::Item&) { return ++visits < 40; });
  EXPECT_EQ(visits, 40U);
}

TEST(PackedPanes, TakePlacesFarApart) {
  PackedPanes panes;
  const int64_t far = int64_t{1} << 56;
  for (const int64_t at : {int64_t{0}, far, -far}) panes.put({at, true, false, std::to_string(at)});
  EXPECT_EQ(panes.at(0), -far);
  EXPECT_EQ(panes.find(far)->sums, std::to_string(far));
  EXPECT_EQ(panes.first_from(1), 2U);
}

}  // namespace
}  // namespace headgate::routing
