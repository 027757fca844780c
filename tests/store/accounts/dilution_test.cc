#include "store/accounts/dilution.h"

#include <gmock/gmock.h>

#include "tests/store/store_fixture.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DilutionTest : public ::testing::Test {
 protected:
  // The next entry, of this client or none, under this topic.
  void entry(const std::string& topic, const std::string& client = "") {
    auto made = std::make_shared<core::Message>();
    made->topic = topic;
    if (!client.empty()) made->source = std::make_shared<core::Source>(core::Source{client, "", ""});
    entries.push_back({++last, made, 0, ""});
  }
  std::vector<Seq> step() { return dilution.step(std::exchange(entries, {})); }

  Dilution dilution;
  std::vector<Entry> entries;
  Seq last = 0;
};

TEST_F(DilutionTest, DropsEverySecondOfASourceAndKeepsTheFirst) {
  for (int i = 0; i < 5; ++i) entry("t");
  dilution.begin(3, 5);
  EXPECT_THAT(step(), ElementsAre(2, 4));
}

TEST_F(DilutionTest, CountsEachSourceOnItsOwn) {
  for (const char* topic : {"a", "b", "a", "b", "c"}) entry(topic);
  dilution.begin(3, 5);
  EXPECT_THAT(step(), ElementsAre(3, 4));
}

TEST_F(DilutionTest, TellsClientsUnderOneTopicAndTopicsOfOneClientApart) {
  entry("t", "a");
  entry("t", "b");
  entry("u", "a");
  dilution.begin(3, 3);
  EXPECT_THAT(step(), IsEmpty());
}

TEST_F(DilutionTest, GoesOnWhereItWas) {
  dilution.begin(3, 4);
  for (int i = 0; i < 3; ++i) entry("t");
  EXPECT_THAT(step(), ElementsAre(2));
  EXPECT_EQ(dilution.after(), 3u);
  entry("t");
  EXPECT_THAT(step(), ElementsAre(4));
  EXPECT_FALSE(dilution.active());
}

TEST_F(DilutionTest, StopsAtTheEndOfItsHalf) {
  for (int i = 0; i < 6; ++i) entry("t");
  dilution.begin(3, 3);
  EXPECT_THAT(step(), ElementsAre(2));
  EXPECT_FALSE(dilution.active());
}

TEST_F(DilutionTest, IsOverWhenTheLaneIs) {
  dilution.begin(3, 100);
  EXPECT_THAT(step(), IsEmpty());
  EXPECT_FALSE(dilution.active());
}

}  // namespace
}  // namespace headgate::store
