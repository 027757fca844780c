#include "core/text/json_nesting.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::core {
namespace {

std::string lists(size_t count) { return std::string(count, '[') + std::string(count, ']'); }

TEST(JsonNesting, IsOfArraysAndObjectsThatAreOpenAtATime) {
  EXPECT_TRUE(is_nested_within("", 0));
  EXPECT_TRUE(is_nested_within("1", 0));
  EXPECT_TRUE(is_nested_within(lists(kJsonNestingMax)));
  EXPECT_FALSE(is_nested_within(lists(kJsonNestingMax + 1)));
  EXPECT_FALSE(is_nested_within(std::string(1'000'000, '{')));
  EXPECT_TRUE(is_nested_within(R"([[],{},[[]],{"a":[]}])", 3));
  EXPECT_FALSE(is_nested_within(R"([[],{},[[]],{"a":[{}]}])", 3));
}

TEST(JsonNesting, IsNotOfBracketsWithinTexts) {
  EXPECT_TRUE(is_nested_within(R"({"[[{":"]}[["})", 1));
  EXPECT_TRUE(is_nested_within(R"(["\"[[","\\",1])", 1));
  EXPECT_FALSE(is_nested_within(R"(["\\",[1]])", 1));
}

TEST(JsonNesting, OfWhatIsNoJsonEndsSomewhere) {
  EXPECT_TRUE(is_nested_within("]]]]}}", 0));
  EXPECT_FALSE(is_nested_within("]]]][", 0));
  EXPECT_TRUE(is_nested_within("\"[[[[", 0));
  EXPECT_TRUE(is_nested_within("[\"\\", 1));
}

}  // namespace
}  // namespace headgate::core
