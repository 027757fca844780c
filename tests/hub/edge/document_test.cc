// Twins as values: patches, versions, limits.
#include "hub/edge/twins/document.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "hub/edge/twins/properties.h"

namespace headgate::hub {
namespace {

// What a report leaves of these properties.
std::string reported_after(std::initializer_list<const char*> patches) {
  TwinDocument twin;
  for (const char* patch : patches)
    if (const auto merged = twin.report(patch); !merged) return merged.error().what;
  const std::string text = twin.text();
  const std::string front = R"({"desired":{"$version":1},"reported":)";
  return text.starts_with(front) ? text.substr(front.size(), text.size() - front.size() - 1) : text;
}

std::string why_refused(const std::string& patch) {
  TwinDocument twin;
  const std::string before = twin.text();
  const auto merged = twin.report(patch);
  if (merged) return "taken";
  EXPECT_EQ(twin.text(), before);
  return merged.error().what;
}

std::string nested(size_t levels) {
  std::string text = "1";
  for (size_t i = 0; i < levels; ++i) text = R"({"a":)" + text + "}";
  return text;
}

TEST(TwinDocuments, BeginEmptyInVersionOne) {
  EXPECT_EQ(TwinDocument().text(), R"({"desired":{"$version":1},"reported":{"$version":1}})");
}

TEST(TwinDocuments, MergeWhatIsReported) {
  EXPECT_EQ(reported_after({R"({"a":1,"n":{"x":1,"y":null}})"}), R"({"a":1,"n":{"x":1},"$version":2})");
  EXPECT_EQ(reported_after({R"({"a":1,"n":{"x":1}})", R"({"n":{"x":null,"z":[1,2]},"a":{"b":2}})"}),
            R"({"a":{"b":2},"n":{"z":[1,2]},"$version":3})");
  EXPECT_EQ(reported_after({R"({"a":[1,2,3]})", R"({"a":[{"b":1}]})"}), R"({"a":[{"b":1}],"$version":3})");
  EXPECT_EQ(reported_after({R"({"a":1})", R"({"a":null})", "{}"}), R"({"$version":4})");
}

TEST(TwinDocuments, KeepNumbersAndTextsAsTheyCame) {
  EXPECT_EQ(reported_after({R"({"f":1.5,"i":-4503599627370496,"t":"\u00fc\n","big":1e21,"yes":true})"}),
            R"({"big":1e+21,"f":1.5,"i":-4503599627370496,"t":"ü\n","yes":true,"$version":2})");
}

TEST(TwinDocuments, RefuseWhatIsNoObject) {
  for (const char* patch : {"", " ", "null", "[1]", "1", "\"a\"", "{", R"({"a":1}})", "{\"a\":\"\xff\"}"})
    EXPECT_NE(why_refused(patch), "taken") << patch;
  EXPECT_EQ(why_refused("[1]"), "it is no JSON object");
  EXPECT_EQ(why_refused(std::string("{}\0x", 4)), "it is no JSON at byte 3");
}

TEST(TwinDocuments, RefuseWhatBreaksALimit) {
  EXPECT_EQ(why_refused(nested(11)), "taken");
  EXPECT_EQ(why_refused(nested(12)), "more than 10 levels lie within one another, at 'a'");
  EXPECT_EQ(why_refused(R"({"a":[1,null]})"), "an array cannot hold null, at 'a'");
  EXPECT_EQ(why_refused(R"({"a":4503599627370496})"), "taken");
  for (const char* number : {"4503599627370497", "-4503599627370497", "99999999999999999999999"})
    EXPECT_EQ(why_refused(R"({"a":)" + std::string(number) + "}"),
              "a whole number is within -2^52 and 2^52, at 'a'");
  for (const char* name : {"a.b", "a$", "#", "a b", "a\\u0001", "a\\u007f"})
    EXPECT_NE(why_refused("{\"" + std::string(name) + "\":1}"), "taken") << name;
  EXPECT_EQ(why_refused("{\"" + std::string(1024, 'n') + "\":1}"), "taken");
  EXPECT_NE(why_refused("{\"" + std::string(1025, 'n') + "\":1}"), "taken");
  EXPECT_EQ(why_refused(R"({"a":")" + std::string(4096, 't') + "\"}"), "taken");
  EXPECT_EQ(why_refused(R"({"a":")" + std::string(4097, 't') + "\"}"), "a text may have 4096 bytes, at 'a'");
}

TEST(TwinDocuments, HoldThirtyTwoKilobytesOfEachKind) {
  TwinDocument twin;
  const std::string part(4'000, 'p');
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(twin.report("{\"k" + std::to_string(i) + "\":\"" + part + "\"}"));
  const std::string full = twin.text();
  const auto merged = twin.report(R"({"k8":")" + part + "\"}");
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().what, "the properties would have 36073 bytes; allowed: 32768");
  EXPECT_EQ(twin.text(), full);
  EXPECT_TRUE(twin.report(R"({"k0":null,"k8":")" + part + "\"}"));
  EXPECT_TRUE(twin.patch_desired(R"({"k8":")" + part + "\"}"));
}

TEST(TwinDocuments, EndReadingALongOrDeepPatchEarly) {
  EXPECT_EQ(why_refused(R"({"a":")" + std::string(10'000'000, 'x') + "\"}"), "it is longer than 65536 bytes");
  EXPECT_NE(why_refused(R"({"a":)" + std::string(60'000, '[')), "taken");
}

TEST(TwinDocuments, PushAPatchOfDesiredAsItWasGiven) {
  TwinDocument twin;
  const auto push = twin.patch_desired(R"({"interval":10,"unit":null,"n":{"gone":null}})");
  ASSERT_TRUE(push);
  EXPECT_EQ(push->body, R"({"interval":10,"n":{"gone":null},"unit":null,"$version":2})");
  EXPECT_EQ(push->version, 2);
  EXPECT_EQ(twin.text(), R"({"desired":{"interval":10,"n":{},"$version":2},"reported":{"$version":1}})");
}

TEST(TwinDocuments, PushWhatASetOfDesiredChanges) {
  TwinDocument twin;
  ASSERT_TRUE(twin.patch_desired(R"({"a":1,"n":{"x":1,"y":[1,2]},"s":"t"})"));
  const auto push = twin.set_desired(R"({"a":1.0,"n":{"y":[1],"z":{"w":1}}})");
  ASSERT_TRUE(push && *push);
  EXPECT_EQ((*push)->body, R"({"a":1.0,"n":{"x":null,"y":[1],"z":{"w":1}},"s":null,"$version":3})");
  EXPECT_EQ(twin.text(),
            R"({"desired":{"a":1.0,"n":{"y":[1],"z":{"w":1}},"$version":3},"reported":{"$version":1}})");
}

TEST(TwinDocuments, PushNothingForASetThatChangesNothing) {
  TwinDocument twin;
  ASSERT_TRUE(twin.set_desired(R"({"a":[1]})"));
  const auto push = twin.set_desired(R"({"a":[1]})");
  ASSERT_TRUE(push);
  EXPECT_FALSE(*push);
  EXPECT_EQ(twin.set_desired(R"({"a":null})").error().what, "null is no value, at 'a'");
}

TEST(TwinDocuments, AreReadAsTheyWereWritten) {
  TwinDocument twin;
  ASSERT_TRUE(twin.patch_desired(R"({"a":1})"));
  ASSERT_TRUE(twin.report(R"({"b":[true]})"));
  const auto read = TwinDocument::read(twin.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text(), twin.text());
  for (const char* text : {"", "{}", "[]", R"({"desired":{"$version":1}})",
                           R"({"desired":{"$version":"1"},"reported":{"$version":1}})"})
    EXPECT_FALSE(TwinDocument::read(text)) << text;
}

}  // namespace
}  // namespace headgate::hub
