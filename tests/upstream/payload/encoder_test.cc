#include "upstream/payload/encoder.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/scripted_links.h"

namespace headgate::upstream {
namespace {

class EncodeToFit : public ::testing::Test {
 protected:
  EncodeToFit() {
    job_.hub = "hub-1";
    job_.epoch = "epoch";
    job_.stream = "upstream";
  }

  // Bodies that do not compress.
  void add_noise(size_t messages, size_t bytes) {
    for (size_t i = 0; i < messages; ++i) {
      std::string body;
      for (size_t at = 0; at < bytes; ++at) body += static_cast<char>('a' + random_() % 26);
      add(std::move(body));
    }
  }
  void add(std::string body, int64_t expires_ms = 0) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = std::move(body);
    job_.entries.push_back({job_.entries.size() + 1, std::move(message), expires_ms, ""});
  }
  EncodedJob encode() { return encode_to_fit(encoder_, job_).value(); }

  EncodeJob job_;
  BatchEncoder encoder_{1};
  std::minstd_rand random_{1};
};

TEST_F(EncodeToFit, HoldsEveryMessageWhereThereIsRoom) {
  add_noise(20, 100);
  const EncodedJob made = encode();
  EXPECT_EQ(made.messages, 20U);
  EXPECT_EQ(made.id, "hub-1/epoch/1-20");
  ASSERT_EQ(made.tries.size(), 1U);
  EXPECT_EQ(made.tries[0].payload_bytes, made.payload.size());
  EXPECT_EQ(made.tries[0].json_bytes, testing::decompress_batch(made.payload).size());
}

TEST_F(EncodeToFit, HashesWhatThePayloadExpandsTo) {
  add_noise(20, 100);
  job_.payload_bytes_max = 700;
  const EncodedJob made = encode();
  EXPECT_EQ(made.content, sha256(testing::decompress_batch(made.payload)));
  EXPECT_NE(made.content, sha256(made.payload));
}

TEST_F(EncodeToFit, CutsTheTailUntilTheRestFits) {
  add_noise(20, 100);
  job_.payload_bytes_max = 700;
  const EncodedJob made = encode();
  EXPECT_LE(made.payload.size(), 700U);
  EXPECT_GT(made.messages, 4U);
  EXPECT_LT(made.messages, 20U);
  EXPECT_EQ(made.id, "hub-1/epoch/1-" + std::to_string(made.messages));
  EXPECT_GT(made.tries.size(), 1U);
  EXPECT_GT(made.tries.front().payload_bytes, 700U);
}

TEST_F(EncodeToFit, CutsColumnsToo) {
  for (int i = 0; i < 500; ++i)
    add("{\"id\":\"m-" + std::to_string(i % 7) + "\",\"v\":" + std::to_string(random_() % 1000000) + ".5}");
  job_.form.layout = BatchLayout::columns;
  for (const size_t bytes : {300, 700, 1100}) {
    job_.payload_bytes_max = bytes;
    const EncodedJob made = encode();
    EXPECT_LE(made.payload.size(), bytes);
    EXPECT_GE(made.messages, 8u);
    EXPECT_EQ(made.layout, BatchLayout::columns);
  }
  job_.payload_bytes_max = 140;
  EXPECT_EQ(encode().layout, BatchLayout::rows);
}

TEST_F(EncodeToFit, GivesASingleMessageHoweverLargeItIs) {
  add_noise(3, 1000);
  job_.payload_bytes_max = 100;
  const EncodedJob made = encode();
  EXPECT_EQ(made.messages, 1U);
  EXPECT_GT(made.payload.size(), 100U);
}

TEST_F(EncodeToFit, ExpiresWithTheLastOfTheMessagesItHolds) {
  add("{}", 5000);
  add("{}", 3000);
  EXPECT_EQ(encode().expires_ms, 5000);
  add("{}");
  EXPECT_EQ(encode().expires_ms, 0);
}

TEST_F(EncodeToFit, NamesABatchOfGapsAfterThem) {
  job_.gaps = {{3, 5, 2, store::Outcome::expired}, {9, 9, 1, store::Outcome::dropped}};
  const EncodedJob made = encode();
  EXPECT_EQ(made.messages, 0U);
  EXPECT_EQ(made.id, "hub-1/epoch/gaps/3-9");
}

}  // namespace
}  // namespace headgate::upstream
