#include "store/format/attributes_codec.h"

#include <gtest/gtest.h>

namespace headgate::store {
namespace {

TEST(AttributesCodec, GivesBackWhatItWasGiven) {
  for (const QueueAttributes& attributes :
       {QueueAttributes{}, link_attributes(), QueueAttributes{QueueKind::dead},
        QueueAttributes{QueueKind::computation, true, std::string("any\0bytes", 9)}}) {
    const auto read = decode_attributes(encode_attributes(attributes));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, attributes);
  }
}

TEST(AttributesCodec, RefusesWhatItDoesNotKnow) {
  const std::string good = encode_attributes({QueueKind::input});
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(decode_attributes(good.substr(0, length))) << length;
  EXPECT_FALSE(decode_attributes(good + "x"));
  EXPECT_FALSE(decode_attributes("\2" + good.substr(1))) << "another version";
  EXPECT_FALSE(decode_attributes(good.substr(0, 1) + "\x07" + good.substr(2))) << "another kind";
}

TEST(AttributesByName, AreThoseOfFormat1) {
  EXPECT_EQ(attributes_by_name("$upstream"), link_attributes());
  EXPECT_EQ(attributes_by_name("$dead").kind, QueueKind::dead);
  EXPECT_FALSE(attributes_by_name("$dead").keeps_gaps);
  EXPECT_EQ(attributes_by_name("session/$client").kind, QueueKind::session);
  EXPECT_EQ(attributes_by_name("modules/m/inputs/i").kind, QueueKind::input);
  EXPECT_EQ(attributes_by_name("modules/m/outputs/o"), QueueAttributes{});
  EXPECT_EQ(attributes_by_name("recovered-queue-3"), QueueAttributes{});
}

}  // namespace
}  // namespace headgate::store
