// The readers in tools/readers, run on batches of random messages by whoever would run them.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "routing/schema/schema.h"
#include "tests/support/batches/random_messages.h"
#include "tests/support/batches/trained_dictionary.h"
#include "upstream/payload/batch_codec.h"

namespace headgate {
namespace {

using Json = nlohmann::json;
using upstream::BatchCompression;
using upstream::BatchLayout;

constexpr uint64_t kBatches = 24;

// Numbers as doubles, as most readers have them.
Json as_doubles(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (!json.is_structured()) return json;
  Json all = json;
  for (Json& each : all) each = as_doubles(each);
  return all;
}

class Readers : public ::testing::Test {
 protected:
  Readers() {
    std::filesystem::create_directories(directory_);
    for (uint64_t seed = 1; seed <= kBatches; ++seed) write_batch(seed);
  }
  ~Readers() override { std::filesystem::remove_all(directory_); }

  // One that a reader is run by; without it there is nothing to test.
  static bool is_here(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
  }

  std::string run(const std::string& command, const std::string& files) {
    std::string output;
    FILE* const pipe = ::popen((command + files).c_str(), "r");
    std::array<char, 65536> chunk{};
    for (size_t bytes = 0; (bytes = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
      output.append(chunk.data(), bytes);
    EXPECT_EQ(::pclose(pipe), 0) << command;
    return output;
  }

  void expect_rows_from(const std::string& command) {
    std::istringstream lines(run(command, rows_files_ + rows_files_));  // each twice, to be told once
    std::string line;
    for (const Json& batch : batches_) {
      for (const Json& row : batch.at("m")) {
        ASSERT_TRUE(std::getline(lines, line)) << command;
        const Json& body = row.contains("b") ? row["b"] : row.contains("s") ? row["s"] : row["x"];
        ASSERT_EQ(as_doubles(Json::parse(line)), as_doubles(Json{row["i"], row["k"], body})) << command;
      }
    }
    EXPECT_FALSE(std::getline(lines, line)) << command;
  }

  // Path of a new one.
  [[nodiscard]] std::string file(const std::string& name, core::Bytes content) const {
    std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::vector<Json> batches_;
  std::string rows_files_;
  std::string columns_files_;
  std::string as_rows_;  // text of all batches, one a line

 private:
  void write_batch(uint64_t seed) {
    testing::RandomMessages messages(seed);
    const auto entries = messages.next(1 + messages.below(300));
    const std::string epoch = "E" + std::to_string(seed);
    const store::Gap gap{3, 9, 5, store::Outcome::expired};
    const upstream::BatchHeader header{"site \"42\" ,\"m\":{", epoch,           "upstream", 3,
                                       1700000001000,          {&gap, seed % 2}};
    upstream::BatchEncoder encoder(3);
    const auto text = encoder.encode(header, entries, {BatchLayout::rows, BatchCompression::none});
    batches_.push_back(Json::parse(text->payload));
    as_rows_.append(text->payload).append("\n");
    const std::string name = std::to_string(seed);
    rows_files_ += " " + file(name + ".rows", encoder.encode(header, entries)->payload);
    const auto compression = seed % 5 == 0 ? BatchCompression::none : BatchCompression::zstd;
    columns_files_ +=
        " " + file(name + ".columns",
                   encoder.encode(header, entries, {BatchLayout::columns, compression})->payload);
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("headgate-readers-" + std::to_string(::getpid()));
};

const std::string kReaders = HEADGATE_READERS_DIR;

TEST_F(Readers, HaveADictionaryMadeForThem) {
  const std::string directory = ::testing::TempDir() + "headgate-train-" + std::to_string(::getpid());
  std::filesystem::create_directories(directory);
  upstream::BatchEncoder encoder(9);
  const auto encoded = [&encoder](int i, const upstream::Dictionary* dictionary) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/line-2/press-0" + std::to_string(i % 9);
    message->body =
        R"({"temperature":)" + std::to_string(60 + i % 37) + R"(.25,"pressure":4.)" + std::to_string(i) + "}";
    message->arrived_ms = 1700000000000 + i * 1000;
    const std::vector entries{store::Entry{static_cast<uint64_t>(1000 + i), message, 0, ""}};
    return encoder
        .encode({"site-42", "01J8ZQ4M5N6P7Q8R9S0T1V2W3X", "upstream", 5, 1700000000000 + i * 1000, {}},
                entries, {}, dictionary)
        .value();
  };
  std::string files;
  for (int i = 0; i < 300; ++i) {
    const std::string path = directory + "/" + std::to_string(i) + ".zst";
    std::ofstream(path, std::ios::binary) << encoded(i, nullptr).payload;
    files += " " + path;
  }
  const std::string made = directory + "/plant.dict";
  run("/usr/bin/python3 " + kReaders + "/train_dictionary.py " + made, files);
  std::ifstream file(made, std::ios::binary);
  const auto dictionary = upstream::read_dictionary(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(dictionary) << dictionary.error().what;
  const size_t plain_bytes = encoded(500, nullptr).payload.size();
  const upstream::EncodedBatch small = encoded(500, dictionary->get());
  EXPECT_LT(small.payload.size(), plain_bytes / 2);
  const std::string path = directory + "/small.zst";
  std::ofstream(path, std::ios::binary) << small.payload;
  EXPECT_EQ(run("zstd -dcq -D " + made + " ", path), small.content) << "by anybody who has the zstd command";
  std::filesystem::remove_all(directory);
}

TEST_F(Readers, OfRowsInTenLinesOfPython) { expect_rows_from("/usr/bin/python3 " + kReaders + "/rows.py"); }

TEST_F(Readers, OfRowsInTenLinesOfJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  expect_rows_from("node " + kReaders + "/rows.js");
}

TEST_F(Readers, OfRowsInTenLinesOfShell) {
  if (!is_here("jq")) GTEST_SKIP() << "no jq here";
  expect_rows_from("sh " + kReaders + "/rows.sh");
}

TEST_F(Readers, OfColumnsInPython) {
  EXPECT_EQ(run("/usr/bin/python3 " + kReaders + "/columns.py", columns_files_), as_rows_);
}

TEST_F(Readers, OfColumnsInJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  EXPECT_EQ(run("node " + kReaders + "/columns.js", columns_files_), as_rows_);
}

// A batch in rows and in columns by a dictionary, and one in columns without, for a reader that is told of it.
class ReadersWithADictionary : public Readers {
 protected:
  ReadersWithADictionary() {
    std::ofstream(dictionary_, std::ios::binary) << testing::small_batch_dictionary();
    const auto dictionary = *upstream::read_dictionary(testing::small_batch_dictionary());
    testing::RandomMessages messages(7);
    const auto entries = messages.next(9);
    const upstream::BatchHeader header{"hub-1", "01J8ZQ4", "upstream", 5, 1700000000000, {}};
    upstream::BatchEncoder encoder(3);
    const auto write = [&](BatchLayout layout, const upstream::Dictionary* by) {
      const auto encoded = encoder.encode(header, entries, {layout, BatchCompression::zstd}, by);
      EXPECT_EQ(testing::dictionary_needed(encoded->payload) != 0, by != nullptr);
      files_ += " " + file(std::to_string(files_.size()), encoded->payload);
    };
    write(BatchLayout::rows, dictionary.get());
    write(BatchLayout::columns, dictionary.get());
    write(BatchLayout::columns, nullptr);
    const auto text = encoder.encode(header, entries, {BatchLayout::rows, BatchCompression::none});
    for (int i = 0; i < 3; ++i) as_rows_of_files_.append(text->payload).append("\n");
  }

  const std::string dictionary_ = file("plant.dict", "");
  std::string files_;
  std::string as_rows_of_files_;
};

TEST_F(ReadersWithADictionary, OfColumnsInPython) {
  EXPECT_EQ(run("/usr/bin/python3 " + kReaders + "/columns.py --dictionary " + dictionary_, files_),
            as_rows_of_files_);
}

TEST_F(ReadersWithADictionary, OfColumnsInJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  EXPECT_EQ(run("node " + kReaders + "/columns.js --dictionary " + dictionary_, files_), as_rows_of_files_);
}

TEST_F(Readers, OfColumnsAreShort) {
  for (const char* name : {"/columns.py", "/columns.js"}) {
    std::ifstream file(kReaders + name);
    EXPECT_LT(std::count(std::istreambuf_iterator<char>(file), {}, '\n'), 150) << name;
  }
}

TEST_F(Readers, AreGivenRowsThatConformToTheirSchema) {
  std::ifstream file(HEADGATE_CONF_DIR "/batch.schema.json");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const routing::CompiledSchema compiled = routing::compile_schema(text, "batch.schema.json");
  ASSERT_TRUE(compiled.schema) << compiled.findings.front().what;
  routing::SchemaChecker checker;
  routing::Violation why;
  size_t conforming = 0;
  for (const Json& batch : batches_) {
    const auto told = checker.check(*compiled.schema, batch.dump(), &why);
    EXPECT_NE(told, routing::Conformance::no) << why.text();
    conforming += told == routing::Conformance::yes ? 1 : 0;
  }
  EXPECT_GT(conforming, kBatches / 4);  // some are nested deeper than is checked
  EXPECT_EQ(checker.check(*compiled.schema, R"({"v":2})"), routing::Conformance::no);
}

}  // namespace
}  // namespace headgate
