#include <gtest/gtest.h>

#include "hub/edge/id.h"

namespace headgate::hub {
namespace {

TEST(EdgeIds, AreReadAndWritten) {
  for (const std::string text : {"leaf-1", "edge-1/sensor", "Line_2.press:07@east*(a)!'", "a%b,c=d?/$x"}) {
    const auto id = parse_edge_id(text);
    ASSERT_TRUE(id) << text;
    EXPECT_EQ(id->id(), text);
  }
  EXPECT_EQ(parse_edge_id("edge-1/sensor")->owner(), (EdgeId{"edge-1", ""}));
}

TEST(EdgeIds, AreNoneOfOtherTexts) {
  for (const std::string text : {"", "/", "a/", "/a", "a/b/c", "a+b", "a#", "a b", "\xc3\xa9"})
    EXPECT_FALSE(parse_edge_id(text)) << text;
  EXPECT_TRUE(parse_edge_id(std::string(128, 'x')));
  EXPECT_FALSE(parse_edge_id(std::string(129, 'x')));
}

}  // namespace
}  // namespace headgate::hub
