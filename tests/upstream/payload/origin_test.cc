#include "upstream/payload/origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/scripted_links.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

store::Entry entry(store::Seq seq, std::string body) {
  auto message = std::make_shared<core::Message>();
  message->topic = "plant/1";
  message->body = std::move(body);
  return {seq, std::move(message), 0, ""};
}

std::string batch_of(std::string_view hub, std::vector<store::Entry> entries) {
  BatchEncoder encoder(9);
  return std::string(encoder.encode({hub, "E", "upstream", 5, 1, {}}, entries)->payload);
}

core::Message message_with(std::string body, std::string content_type = "") {
  core::Message message;
  message.body = std::move(body);
  if (!content_type.empty()) {
    auto properties = std::make_shared<core::Properties>();
    properties->content_type = std::move(content_type);
    message.properties = std::move(properties);
  }
  return message;
}

TEST(Origin, OfABatchIsTheHubThatSentIt) {
  EXPECT_THAT(origin_of(batch_of("site-7", {entry(1, "{}")})), ElementsAre("site-7"));
  EXPECT_THAT(origin_of(batch_of("a \"quoted\" \\ name", {})), ElementsAre("a \"quoted\" \\ name"));
}

TEST(Origin, OfABatchOfBatchesNamesEachHubOnce) {
  const std::string first = batch_of("site-7", {entry(1, "{}")});
  const std::string second = batch_of("region", {entry(1, first), entry(2, "{}"), entry(3, first)});
  EXPECT_THAT(origin_of(second), ElementsAre("region", "site-7"));
  EXPECT_THAT(origin_of(batch_of("top", {entry(9, second)})), ElementsAre("top", "region", "site-7"));
  EXPECT_TRUE(came_from(message_with(second), "site-7"));
  EXPECT_FALSE(came_from(message_with(second), "site-8"));
}

TEST(Origin, IsReadFromEveryLayout) {
  std::vector<store::Entry> entries;
  for (store::Seq seq = 1; seq <= 20; ++seq) entries.push_back(entry(seq, "{\"v\":1}"));
  entries.push_back(entry(21, batch_of("site-7", {})));
  BatchEncoder encoder(9);
  for (const auto layout : {BatchLayout::rows, BatchLayout::columns}) {
    for (const auto compression : {BatchCompression::zstd, BatchCompression::none}) {
      const std::string body(
          encoder.encode({"region", "E", "upstream", 5, 1, {}}, entries, {layout, compression})->payload);
      EXPECT_THAT(origin_of(body), ElementsAre("region", "site-7"));
      EXPECT_TRUE(came_from(message_with(body, std::string(content_type_of(layout))), "site-7"));
    }
  }
}

TEST(Origin, OfALongBatchIsReadFromItsHead) {
  std::mt19937 random(1);
  std::vector<store::Entry> entries;
  for (store::Seq seq = 1; seq <= 20000; ++seq) entries.push_back(entry(seq, std::to_string(random())));
  EXPECT_THAT(origin_of(batch_of("site-7", entries)), ElementsAre("site-7"));
}

TEST(Origin, IsNobodyWhereThereIsNoBatch) {
  const std::string whole = batch_of("site-7", {entry(1, "{}")});
  for (const std::string& body : {std::string(), std::string("{}"), std::string("\x28\xB5\x2F\xFD"),
                                  whole.substr(0, 9), "\x28\xB5\x2F\xFD" + std::string(500, '\xFF')}) {
    EXPECT_THAT(origin_of(body), IsEmpty());
  }
}

TEST(Origin, CountsHubsUpToALimit) {
  std::vector<store::Entry> entries;
  for (store::Seq seq = 1; seq <= 40; ++seq)
    entries.push_back(entry(seq, batch_of("hub-" + std::to_string(seq), {})));
  EXPECT_EQ(origin_of(batch_of("top", entries)).size(), 1 + kViaMax);
}

TEST(Origin, IsNotLookedForUnderAnotherContentType) {
  const std::string body = batch_of("site-7", {});
  EXPECT_TRUE(came_from(message_with(body, std::string(content_type_of(BatchLayout::rows))), "site-7"));
  EXPECT_FALSE(may_be_batch(message_with(body, "application/octet-stream")));
  EXPECT_FALSE(may_be_batch(message_with("{}")));
  EXPECT_THAT(origin_of("HGC1"), IsEmpty());
}

}  // namespace
}  // namespace headgate::upstream
