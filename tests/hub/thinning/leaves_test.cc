#include "hub/thinning/leaves.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::hub {
namespace {

std::vector<std::string> leaves_of(std::string_view body) {
  LeafReader reader;
  const auto leaves = reader.read(body);
  if (!leaves) return {"irregular"};
  std::vector<std::string> texts;
  for (const Leaf& leaf : *leaves)
    texts.push_back(std::string(leaf.path) + (leaf.kind == Leaf::Kind::number ? "#" : "=") +
                    std::string(leaf.text));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Leaves, AreScalarsWithTheirPointersAsTheyAreWritten) {
  EXPECT_EQ(leaves_of(R"({"m":{"t": 81.50 ,"unit":"bar"},"ok":true,"e":null})"),
            (Texts{"/m/t#81.50", "/m/unit=\"bar\"", "/ok=true", "/e=null"}));
}

TEST(Leaves, OfABareNumberIsTheBodyItself) {
  EXPECT_EQ(leaves_of("23.5"), (Texts{"#23.5"}));
  EXPECT_EQ(leaves_of(" -7 "), (Texts{"#-7"}));
}

TEST(Leaves, EscapeNamesAsPointersDo) {
  EXPECT_EQ(leaves_of(R"({"a/b":1,"c~d":2,"":3,"\u00e9":4})"), (Texts{"/a~1b#1", "/c~0d#2", "/#3", "/é#4"}));
}

TEST(Leaves, AreNoneOfAnIrregularBody) {
  for (const std::string body :
       {"", "on", "[1,2]", R"({"v":[1]})", R"({"v":1)", R"({"v":1}x)", R"({"v":1}{"v":2})",
        R"({"v":1,"v":2})", R"({"v":01})", R"({"v":1e999})", R"({"n":9007199254740993})",
        R"({"v":0.1234567890123456789012345})", R"("text)", R"({"v":"\ud800x"})",
        R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":1}}}}}}}}})", "{\"v\":\"\xff\"}"})
    EXPECT_EQ(leaves_of(body), (Texts{"irregular"})) << body;
}

TEST(Leaves, AreBoundedInNumberAndLength) {
  std::string body = "{\"v0\":0";
  for (size_t i = 1; i < LeafReader::kReadingLeavesMax; ++i) body += ",\"v" + std::to_string(i) + "\":0";
  EXPECT_EQ(leaves_of(body + "}").size(), LeafReader::kReadingLeavesMax);
  EXPECT_EQ(leaves_of(body + ",\"w\":0}"), (Texts{"irregular"}));
  EXPECT_EQ(leaves_of("{\"v\":1,\"s\":\"" + std::string(LeafReader::kOtherBytesMax, 'x') + "\"}"),
            (Texts{"irregular"}));
}

TEST(Leaves, OfALargeDoubleAreKeptWhereItIsNoInteger) {
  EXPECT_EQ(leaves_of("6.02e23"), (Texts{"#6.02e23"}));
  EXPECT_EQ(leaves_of("9007199254740991"), (Texts{"#9007199254740991"}));
  EXPECT_EQ(leaves_of("9007199254740992"), (Texts{"irregular"}));
}

}  // namespace
}  // namespace headgate::hub
