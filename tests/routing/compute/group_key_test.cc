#include "routing/compute/group_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace headgate::routing {
namespace {

Value text_value(std::string_view value) { return Value::of(value); }

std::string key_of(const std::vector<Value>& values) {
  std::string key;
  for (const Value& value : values) append_key(key, value);
  return key;
}

TEST(GroupKey, DiffersForValuesThatDiffer) {
  const std::vector<std::string> keys = {key_of({Value::null()}),
                                         key_of({Value::of(true)}),
                                         key_of({Value::of(false)}),
                                         key_of({Value::of(1.0)}),
                                         key_of({text_value("1")}),
                                         key_of({text_value("")}),
                                         key_of({text_value("ab"), text_value("c")}),
                                         key_of({text_value("a"), text_value("bc")}),
                                         key_of({Value::null(), Value::null()})};
  for (size_t i = 0; i < keys.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(keys[i], keys[j]) << i << " " << j;
}

TEST(GroupKey, IsTheSameForAllThatHasNoValue) {
  EXPECT_EQ(key_of({Value::undefined()}), key_of({Value::null()}));
  EXPECT_EQ(key_of({Value::missing()}), key_of({Value::null()}));
  EXPECT_EQ(key_of({Value::of(-0.0)}), key_of({Value::of(0.0)}));
}

TEST(GroupKey, GivesItsValuesBack) {
  const std::string key = key_of({text_value("press"), Value::of(7.5), Value::of(true), Value::null()});
  EXPECT_EQ(key_value(key, 0).text, "press");
  EXPECT_EQ(key_value(key, 1).number, 7.5);
  EXPECT_TRUE(key_value(key, 2).truth);
  EXPECT_TRUE(key_value(key, 3).is(Value::Kind::null));
  EXPECT_TRUE(key_value(key, 4).is(Value::Kind::null));
}

TEST(GroupKey, IsRecognisedAmongOtherBytes) {
  const std::string key = key_of({text_value("press"), Value::of(7.5)});
  EXPECT_TRUE(is_key(key, 2));
  EXPECT_FALSE(is_key(key, 1));
  EXPECT_FALSE(is_key(key, 3));
  for (size_t size = 0; size < key.size(); ++size) EXPECT_FALSE(is_key(key.substr(0, size), 2)) << size;
  EXPECT_FALSE(is_key("\x09", 1));
}

}  // namespace
}  // namespace headgate::routing
