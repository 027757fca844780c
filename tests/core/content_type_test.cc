#include "core/content_type.h"

#include <gtest/gtest.h>

#include "tests/support/content_types.h"

namespace headgate::core {
namespace {

TEST(ContentType, IsJsonByItsTypeWhateverItsParameters) {
  for (const auto& [text, is_json] : testing::kContentTypes) EXPECT_EQ(is_json_type(text), is_json) << text;
}

TEST(ContentType, SaysNothingWhereThereIsNone) {
  EXPECT_FALSE(is_json_type(""));
  EXPECT_FALSE(is_json_type(" "));
  EXPECT_FALSE(is_json_type(";"));
}

}  // namespace
}  // namespace headgate::core
