#include "tools/unbatch/frame_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/unbatch/batches.h"

namespace headgate::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Everything in `stream`, fed in pieces of `piece` bytes: JSON, or "!" and what is wrong.
std::vector<std::string> split(std::string_view stream, size_t piece) {
  FrameSplitter splitter;
  std::vector<std::string> found;
  for (;;) {
    splitter.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    while (auto batch = splitter.next(stream.empty())) {
      found.push_back(batch->json ? *batch->json : "!" + batch->json.error().what);
    }
    if (stream.empty()) return found;
  }
}

class Splitting : public ::testing::TestWithParam<size_t> {
 protected:
  [[nodiscard]] std::vector<std::string> split(std::string_view stream) const {
    return tools::split(stream, GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(PieceBytes, Splitting, ::testing::Values(1, 2, 3, 7, 100000));

TEST_P(Splitting, FindsFramesOneAfterTheOther) {
  EXPECT_THAT(split(zstd_frame("{\"a\":1}") + zstd_frame("{\"b\":2}")),
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
}

TEST_P(Splitting, FindsPlainObjectsAndFramesInAnyMix) {
  EXPECT_THAT(split("{\"a\":\"}{\\\"\"}\n" + zstd_frame("{\"b\":2}") + "\n\n{\"c\":[{}]}{\"d\":4}"),
              ElementsAre("{\"a\":\"}{\\\"\"}", "{\"b\":2}", "{\"c\":[{}]}", "{\"d\":4}"));
}

TEST_P(Splitting, SkipsSkippableFrames) {
  const std::string skippable("\x50\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_THAT(split(skippable + zstd_frame("{}")), ElementsAre("{}"));
}

TEST_P(Splitting, GoesOnAfterADamagedFrame) {
  std::string damaged = zstd_frame("{\"a\":\"0123456789 0123456789 abcdefgh\"}");
  damaged[4] = '\x24';  // a frame header that asks for a checksum that is not there
  const auto found = split(damaged + zstd_frame("{\"b\":2}"));
  EXPECT_EQ(found.back(), "{\"b\":2}");
  EXPECT_EQ(found.front().front(), '!');
}

TEST_P(Splitting, ReportsAFrameThatIsCutShort) {
  const std::string frame = zstd_frame(std::string(1000, 'x'));
  EXPECT_THAT(split(frame.substr(0, frame.size() - 3)), ElementsAre("!a zstd frame that is cut short"));
}

TEST_P(Splitting, FindsTheNextFrameBehindRubbish) {
  const auto found = split("hello" + zstd_frame("{\"b\":2}"));
  EXPECT_EQ(found.front(), "!neither a zstd frame nor JSON");
  EXPECT_EQ(found.back(), "{\"b\":2}");
}

TEST_P(Splitting, FindsNothingInNothing) { EXPECT_TRUE(split(" \n").empty()); }

TEST(FrameSplitter, SaysWhatToDoWithGzip) {
  EXPECT_THAT(split("\x1F\x8B\x08 and so on", 100), ElementsAre(HasSubstr("gzip -dc")));
}

TEST(FrameSplitter, NamesTheDictionaryThatNobodyHas) {
  const std::string empty_with_dictionary("\x28\xB5\x2F\xFD\x21\x2A\x00\x01\x00\x00", 10);
  EXPECT_THAT(split(empty_with_dictionary, 100),
              ElementsAre(HasSubstr("needs dictionary 42, which is not here")));
}

TEST(FrameSplitter, RefusesAFrameThatExpandsBeyondTheLimit) {
  // A frame header that promises 1 TiB (single segment, 8-byte content size), with an empty last block.
  const std::string bomb("\x28\xB5\x2F\xFD\xE0\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00", 16);
  EXPECT_THAT(split(bomb, 100), ElementsAre(HasSubstr("bytes expanded")));
}

TEST(FrameSplitter, KnowsWhereABatchBegins) {
  FrameSplitter splitter;
  const std::string first = zstd_frame("{}");
  splitter.feed(first + "\n" + zstd_frame("{}"));
  EXPECT_EQ(splitter.next(true)->offset, 0U);
  EXPECT_EQ(splitter.next(true)->offset, first.size() + 1);
}

TEST(DecodePayload, TakesOneBatchAndNothingElse) {
  EXPECT_EQ(*decode_payload(zstd_frame("{}")).json, "{}");
  EXPECT_EQ(*decode_payload("{}").json, "{}");
  EXPECT_FALSE(decode_payload("").json);
  EXPECT_FALSE(decode_payload("{}{}").json);
  EXPECT_FALSE(decode_payload("hello").json);
}

}  // namespace
}  // namespace headgate::tools
