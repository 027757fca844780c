#include "core/base64.h"

#include <gtest/gtest.h>

namespace headgate::core {
namespace {

std::string base64(Bytes bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

// RFC 4648 section 10.
TEST(Base64, WritesTheVectorsOfItsStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, TakesAnyByteAndAppends) {
  EXPECT_EQ(base64(Bytes("\0\xFF\xFB\xF0", 4)), "AP/78A==");
  std::string out = "x:";
  append_base64(out, "f");
  EXPECT_EQ(out, "x:Zg==");
}

}  // namespace
}  // namespace headgate::core
