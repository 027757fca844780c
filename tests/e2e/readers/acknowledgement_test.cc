// The schema of what a consumer acknowledges: what `headgate unbatch --ack` writes conforms to it, and a hub takes what
// conforms to it.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/batches/acknowledgement_schema.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "upstream/drain/acks/notice.h"

namespace headgate {
namespace {

using Json = nlohmann::json;

const std::string kHash(43, 'A');

class AcknowledgementSchema : public ::testing::Test {
 protected:
  [[nodiscard]] bool takes(const std::string& notice) { return schema_.takes(notice); }
  [[nodiscard]] static std::string with(const Json& more) {
    Json notice{{"v", 1}, {"ep", "E1"}};
    notice.update(more);
    return notice.dump();
  }

  testing::AcknowledgementSchema schema_{HEADGATE_CONF_DIR};
};

TEST_F(AcknowledgementSchema, TakesEverythingThatUnbatchWrites) {
  tools::Acknowledger acknowledger(32, {40001});
  tools::ChainLink link;
  link.stream = {"h", "E1", "upstream"};
  link.mark.number = 7;
  link.mark.after = 6;
  link.hash = kHash + "=";
  acknowledger.meet({"h2", "E2", "upstream", 4, kHash + "="}, "headgate/h2/batches/head/upstream");
  acknowledger.take(link, "headgate/h/batches", 0);
  acknowledger.on_connected(false, 1786999801123);
  const auto notes = acknowledger.take_due(0);
  ASSERT_EQ(notes.size(), 2U) << "of a stream that it has something of, and of one that it has nothing of";
  for (const tools::RetainedNote& note : notes) {
    EXPECT_TRUE(takes(note.payload)) << note.payload << "\n" << schema_.why();
    EXPECT_TRUE(upstream::read_notice(note.payload)) << note.payload;
  }
}

TEST_F(AcknowledgementSchema, TakesTheExampleOfTheDocument) {
  std::ifstream file(HEADGATE_CONF_DIR "/../docs/batch-format.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const size_t begin = text.find("{\"v\":1,\"ep\":\"01J8ZQ4M5N6P7Q8R9S0T1V2W3X\",\"from\":1001");
  ASSERT_NE(begin, std::string::npos);
  Json example = Json::parse(text.substr(begin, text.find("```", begin) - begin));
  example["hash"] = kHash + "=";  // the document leaves out most of it
  EXPECT_TRUE(takes(example.dump())) << schema_.why();
}

TEST_F(AcknowledgementSchema, AgreesWithTheHub) {
  const std::vector<Json> right{{{"n", 7}, {"from", 3}, {"credit", 0}},
                                {{"credit", 1000}},
                                {{"nack", {{{"n", 4}, {"why", "no such table"}}, {{"i", 9}}}}},
                                {{"replay", {{"from", 1}, {"to", 5}}}},
                                {{"dictionaries", Json::array()}},
                                {{"dictionaries", {40001, UINT32_MAX}}},
                                {{"more", "that nobody knows"}}};
  for (const Json& more : right) {
    EXPECT_TRUE(takes(with(more))) << more << schema_.why();
    EXPECT_TRUE(upstream::read_notice(with(more))) << more;
  }
  const std::vector<Json> wrong{{{"v", 2}},
                                {{"ep", ""}},
                                {{"n", -1}},
                                {{"n", "7"}},
                                {{"from", nullptr}},
                                {{"hash", 7}},
                                {{"nack", 7}},
                                {{"nack", {{{"why", "nothing"}}}}},
                                {{"nack", {{{"n", 1}, {"i", 2}}}}},
                                {{"nack", Json::array({7})}},
                                {{"dictionaries", 40001}},
                                {{"dictionaries", Json::array({0})}},
                                {{"dictionaries", std::vector<int>(65, 1)}},
                                {{"replay", {{"from", 1}}}},
                                {{"replay", {{"from", 0}, {"to", 5}}}}};
  for (const Json& more : wrong) {
    EXPECT_FALSE(takes(with(more))) << more;
    EXPECT_FALSE(upstream::read_notice(with(more))) << more;
  }
}

}  // namespace
}  // namespace headgate
