#include "upstream/payload/batch_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/batches/rows_of.h"
#include "tests/support/content_types.h"
#include "tests/support/scripted_links.h"

namespace headgate::upstream {
namespace {

using Json = nlohmann::json;

class BatchCodec : public ::testing::Test {
 protected:
  store::Entry entry(store::Seq seq, std::string body, core::Properties properties = {}) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/7/telemetry";
    message->body = std::move(body);
    message->properties = std::make_shared<core::Properties>(std::move(properties));
    message->arrived_ms = 1700000000123;
    return {seq, message, 0, ""};
  }

  std::string encode_text(const std::vector<store::Entry>& entries, std::vector<store::Gap> gaps = {}) {
    const auto encoded = encoder_.encode({"site-42", "01J8ZQ4", "upstream", 3, 1700000001000, gaps}, entries);
    EXPECT_TRUE(encoded);
    const std::string text = testing::decompress_batch(encoded->payload);
    EXPECT_EQ(text.size(), encoded->json_bytes);
    return text;
  }
  Json row(std::string body, core::Properties properties = {}) {
    return Json::parse(encode_text({entry(7, std::move(body), std::move(properties))})).at("m").at(0);
  }

  BatchEncoder encoder_{3};
};

core::Properties typed(std::string type, std::string encoding = "") {
  core::Properties properties;
  properties.content_type = std::move(type);
  properties.content_encoding = std::move(encoding);
  return properties;
}

core::Properties tagged(std::vector<core::UserProperty> user) {
  core::Properties properties;
  properties.user = std::move(user);
  return properties;
}

TEST_F(BatchCodec, WithADictionaryHasTheSameContentInAFractionOfTheBytes) {
  const auto dictionary = read_dictionary(testing::small_batch_dictionary()).value();
  const std::vector entries{entry(1505, "{\"v\":1505}")};
  const BatchHeader header{"hub-1", "01J8ZQ4", "upstream", 5, 1700000001505, {}};
  for (const BatchLayout layout : {BatchLayout::rows, BatchLayout::columns}) {
    const auto plain = encoder_.encode(header, entries, {layout, BatchCompression::zstd});
    const std::string content(plain->content);
    const size_t plain_bytes = plain->payload.size();
    const auto small = encoder_.encode(header, entries, {layout, BatchCompression::zstd}, dictionary.get());
    EXPECT_EQ(small->content, content) << "so its hash is the same";
    EXPECT_EQ(testing::dictionary_needed(small->payload), dictionary->id);
    EXPECT_LT(small->payload.size(), plain_bytes / 2);
    EXPECT_EQ(testing::batch_text(small->payload), content);
  }
}

TEST_F(BatchCodec, WithADictionaryGivesEqualBytesWhateverWasEncodedBefore) {
  const auto dictionary = read_dictionary(testing::small_batch_dictionary()).value();
  const std::vector entries{entry(1, "{\"v\":1}"), entry(2, "{\"v\":2}")};
  const BatchHeader header{"hub-1", "01J8ZQ4", "upstream", 5, 1700000001505, {}};
  const std::string with(encoder_.encode(header, entries, {}, dictionary.get())->payload);
  const std::string without(encoder_.encode(header, entries)->payload);
  BatchEncoder fresh{3};
  EXPECT_EQ(fresh.encode(header, entries)->payload, without);
  EXPECT_EQ(fresh.encode(header, entries, {}, dictionary.get())->payload, with);
}

TEST(DictionaryFiles, ThatAreNoneAreRefused) {
  EXPECT_EQ(read_dictionary("").error().what, "is no dictionary of zstd; make one with zstd --train");
  EXPECT_FALSE(read_dictionary("a dictionary without its magic number"));
  EXPECT_THAT(read_dictionary(std::string(Dictionary::kBytesMax + 1, 'x')).error().what,
              ::testing::HasSubstr("1 MiB at most"));
}

TEST_F(BatchCodec, SaysThatTheClockWasUnsynced) {
  const auto encoded = encoder_.encode({"site-42", "E", "upstream", 3, 5, {}, false}, {});
  EXPECT_THAT(testing::decompress_batch(encoded->payload),
              ::testing::HasSubstr(R"("sent":5,"clock":"unsynced",)"));
}

TEST_F(BatchCodec, WritesTheDocumentedText) {
  EXPECT_EQ(
      encode_text({entry(5, R"({"v":1.50})"), entry(9, "on")}),
      R"({"v":1,"hub":"site-42","ep":"01J8ZQ4","st":"upstream","lane":3,"seq":[5,9],"sent":1700000001000,)"
      R"("m":[{"i":5,"t":1700000000123,"k":"plant/7/telemetry","b":{"v":1.50}},)"
      R"({"i":9,"t":1700000000123,"k":"plant/7/telemetry","s":"on"}]})");
}

TEST_F(BatchCodec, EmbedsJsonBodiesAsTheyCame) {
  for (const char* body :
       {"{\"a\": [1, 2.50,\n null]}", "42", "\"text\"", "[]", " {} ", "18446744073709551615"}) {
    EXPECT_EQ(row(body).at("b"), Json::parse(body)) << body;
  }
}

TEST_F(BatchCodec, WritesWhatIsNotJsonAsText) {
  for (const char* body : {"", "on", "{\"a\":}", "{} {}", "NaN", "01", "\"open", "1e999", "a\"b\\c\n\x01",
                           "99999999999999999999999", "gr\xC3\xBC\xC3\x9F"}) {
    EXPECT_EQ(row(body).at("s"), body) << body;
  }
}

TEST_F(BatchCodec, WritesWhatIsNotTextAsBase64) {
  EXPECT_EQ(row("\xFF").at("x"), "/w==");
  EXPECT_EQ(row("\xFF\xFE").at("x"), "//4=");
  EXPECT_EQ(row("\xFF\xFE\xFD").at("x"), "//79");
  EXPECT_EQ(row(std::string("a\0b", 3)).at("x"), "YQBi");
}

TEST_F(BatchCodec, BelievesTheContentTypeAndEncoding) {
  EXPECT_TRUE(row("{}", typed("application/json")).contains("b"));
  EXPECT_TRUE(row("{}", typed("Application/JSON ; charset=utf-8")).contains("b"));
  EXPECT_TRUE(row("{}", typed("application/senml+json")).contains("b"));
  EXPECT_TRUE(row("{}", typed("application/json", "utf-8")).contains("b"));
  EXPECT_EQ(row("{}", typed("text/plain")).at("s"), "{}");
  EXPECT_EQ(row("{}", typed("text/plain")).at("ct"), "text/plain");
  EXPECT_EQ(row("{}", typed("application/json", "gzip")).at("ce"), "gzip");
}

TEST_F(BatchCodec, EmbedsBodiesThatTheirContentTypeCallsJsonAndLeavesTheTypeOut) {
  for (const auto& [type, is_json] : testing::kContentTypes) {
    const auto written = row("{}", typed(std::string(type).c_str()));
    EXPECT_EQ(written.contains("b"), is_json) << type;
    EXPECT_EQ(written.contains("ct"), !is_json) << type;
  }
}

TEST_F(BatchCodec, WritesPropertiesAsAnObjectOrAsPairsWhenNamesRepeat) {
  EXPECT_EQ(row("1", tagged({{"site", "a"}, {"line", "2"}})).at("p"),
            Json::parse(R"({"site":"a","line":"2"})"));
  EXPECT_EQ(row("1", tagged({{"x", "a"}, {"x", "b"}})).at("p"), Json::parse(R"([["x","a"],["x","b"]])"));
  EXPECT_FALSE(row("1").contains("p"));
}

TEST_F(BatchCodec, StaysReadableWhateverPropertiesHold) {
  EXPECT_EQ(row("1", tagged({{"k\"", "\xE4"}})).at("p").at("k\""), "\xC3\xA4");
}

TEST_F(BatchCodec, DeclaresGapsAndNeedsNoMessages) {
  const Json batch = Json::parse(encode_text({}, {{3, 9, 5, store::Outcome::expired},
                                                  {12, 12, 1, store::Outcome::dead},
                                                  {20, 79, 60, store::Outcome::dropped, 90, 91}}));
  EXPECT_EQ(batch.at("gaps"), Json::parse(R"([{"from":3,"to":9,"n":5,"why":"expired"},
                                              {"from":12,"to":12,"n":1,"why":"dead"},
                                              {"from":20,"to":79,"n":60,"why":"folded","into":[90,91]}])"));
  EXPECT_TRUE(batch.at("m").empty());
  EXPECT_FALSE(batch.contains("seq"));
}

class BatchLayouts : public BatchCodec {
 protected:
  std::vector<store::Entry> readings(size_t count) {
    std::vector<store::Entry> entries;
    for (size_t i = 1; i <= count; ++i)
      entries.push_back(entry(i, "{\"v\":" + std::to_string(i * i % 97) + "}"));
    return entries;
  }
  EncodedBatch encode(const std::vector<store::Entry>& entries, const BatchForm& form) {
    return *encoder_.encode({"site-42", "01J8ZQ4", "upstream", 3, 1700000001000, gaps_, false}, entries,
                            form);
  }

  std::vector<store::Gap> gaps_{{3, 9, 5, store::Outcome::expired}};
};

TEST_F(BatchLayouts, SayTheSameInColumnsAsInRows) {
  const auto entries = readings(50);
  const std::string rows(encode(entries, {BatchLayout::rows, BatchCompression::none}).payload);
  EXPECT_EQ(Json::parse(rows).at("gaps").size(), 1u);
  for (const auto compression : {BatchCompression::zstd, BatchCompression::none}) {
    const EncodedBatch columns = encode(entries, {BatchLayout::columns, compression});
    EXPECT_EQ(columns.layout, BatchLayout::columns);
    EXPECT_EQ(columns.json_bytes, rows.size());
    EXPECT_LT(columns.payload.size() * 3, rows.size());
    EXPECT_EQ(testing::batch_text(columns.payload), rows);
  }
}

TEST_F(BatchLayouts, AreRowsForAFewMessagesAndForNone) {
  for (const size_t few : {0, 1, 7}) {
    const EncodedBatch batch = encode(readings(few), {BatchLayout::columns});
    EXPECT_EQ(batch.layout, BatchLayout::rows);
    EXPECT_EQ(testing::decompress_batch(batch.payload).front(), '{');
  }
}

TEST_F(BatchLayouts, AreNotCompressedWhenNotWanted) {
  EXPECT_TRUE(
      encode(readings(3), {BatchLayout::rows, BatchCompression::none}).payload.starts_with("{\"v\":1,"));
  EXPECT_TRUE(
      encode(readings(9), {BatchLayout::columns, BatchCompression::none}).payload.starts_with("HGC1"));
}

TEST_F(BatchLayouts, TakeTheLevelOfTheFormBeforeTheEncoders) {
  BatchEncoder quick(1), thorough(19);
  const BatchHeader header{"h", "e", "s", 0, 1, {}};
  const auto entries = readings(500);
  const std::string said(
      quick.encode(header, entries, {BatchLayout::rows, BatchCompression::zstd, 19})->payload);
  EXPECT_EQ(said, thorough.encode(header, entries)->payload);
  EXPECT_LT(said.size(), quick.encode(header, entries)->payload.size());
}

TEST_F(BatchCodec, MakesAFrameThatTellsItsSizeAndChecksItself) {
  const auto encoded = encoder_.encode({"h", "e", "s", 0, 0, {}}, std::vector{entry(1, "{\"a\":1}")});
  std::string payload(encoded->payload);
  EXPECT_NE(ZSTD_getFrameContentSize(payload.data(), payload.size()), ZSTD_CONTENTSIZE_UNKNOWN);
  payload.back() = static_cast<char>(payload.back() ^ 1);
  std::string out(1000, '\0');
  EXPECT_TRUE(ZSTD_isError(ZSTD_decompress(out.data(), out.size(), payload.data(), payload.size())));
}

}  // namespace
}  // namespace headgate::upstream
