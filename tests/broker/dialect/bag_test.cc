#include "broker/dialect/bag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headgate::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> decoded(std::string_view bag) {
  const auto properties = decode_bag(bag);
  if (!properties) return {"bad"};
  std::vector<std::string> texts;
  for (const core::UserProperty& property : *properties)
    texts.push_back(property.name + ": " + property.value);
  return texts;
}

std::string encoded(std::string_view name, std::string_view value) {
  std::string out = "/";
  append_to_bag(out, name, value);
  return out.substr(1);
}

TEST(Bag, IsSplitBeforeItIsDecoded) {
  EXPECT_THAT(decoded("k1=v%201&a%26b%3Dc%2Fd%3Fe%2Bf%25=%C3%BC%3D%26%2F%2B%25%23%3F"),
              ElementsAre("k1: v 1", "a&b=c/d?e+f%: \u00fc=&/+%#?"));
}

TEST(Bag, HasNamesWithoutValueAndPartsWithoutName) {
  EXPECT_THAT(decoded("a&b=&c=d=e&&f"), ElementsAre("a: ", "b: ", "c: d=e", "f: "));
  EXPECT_THAT(decoded("&"), IsEmpty());
  EXPECT_THAT(decoded(""), IsEmpty());
}

TEST(Bag, KeepsPlusSignsAndTakesBothCasesOfHex) {
  EXPECT_THAT(decoded("a+b=1+1&%2b=%2B"), ElementsAre("a+b: 1+1", "+: +"));
}

TEST(Bag, HasTheFirstOfTwoValuesOfAName) {
  EXPECT_THAT(decoded("a=1&b=2&%61=3&a"), ElementsAre("a: 1", "b: 2"));
  std::string many = "a=first";
  for (int i = 0; i < 100; ++i) many += "&n" + std::to_string(i % 50) + "=" + std::to_string(i) + "&a=later";
  const auto properties = decode_bag(many);
  ASSERT_TRUE(properties);
  ASSERT_EQ(properties->size(), 51u);
  EXPECT_EQ(properties->front().value, "first");
  EXPECT_EQ(properties->back(), (core::UserProperty{"n49", "49"}));
}

TEST(Bag, IsBadWithASequenceThatIsNoneOrIsNoText) {
  for (const char* bag :
       {"a=%", "a=%4", "%4=a", "a=%zz", "a=%4g", "a=%%41", "a=%FF", "a=%C3", "a=%00", "%ED%A0%80=a"})
    EXPECT_THAT(decoded(bag), ElementsAre("bad")) << bag;
}

TEST(Bag, IsWrittenAsTheSdkReadsIt) {
  EXPECT_EQ(encoded("we ird/\u00fc", "a=b&c"), "we%20ird%2F%C3%BC=a%3Db%26c");
  EXPECT_EQ(encoded("$.ct", "text/plain; +%#?"), "%24.ct=text%2Fplain%3B%20%2B%25%23%3F");
  EXPECT_EQ(encoded("aZ09-_.!~*'()", ""), "aZ09-_.!~*'()=");
}

TEST(Bag, LeavesOutWhatAnSdkCannotDecode) {
  EXPECT_EQ(encoded("a", "\xff"), "");
  EXPECT_EQ(encoded("\xc3", "a"), "");
}

}  // namespace
}  // namespace headgate::broker
