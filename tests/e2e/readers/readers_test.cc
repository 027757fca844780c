// The readers in tools/readers, run on batches of random messages by whoever would run them.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base64.h"
#include "routing/schema/schema.h"
#include "tests/support/batches/random_messages.h"
#include "tests/support/batches/trained_dictionary.h"
#include "upstream/drain/chain/mark.h"
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

// Batches by either of two dictionaries, in rows and in columns, and one without, for readers that are told of both.
class ReadersWithADictionary : public Readers {
 protected:
  struct Written {
    std::string path;
    std::string content;  // what the payload expands to, without the mark
    std::string rows;     // as JSON with rows
  };

  // A batch of `messages`, compressed with a dictionary or none. Numbered in the chain, with its mark at its end.
  const Written& write(BatchLayout layout, const std::string& dictionary, size_t messages = 9) {
    const auto by = dictionary.empty() ? nullptr : *upstream::read_dictionary(dictionary);
    const auto entries = messages_.next(messages);
    const upstream::BatchHeader header{"hub-1", "01J8ZQ4", "upstream", 5, 1700000000000, {}};
    upstream::BatchEncoder encoder(3);
    const auto encoded = encoder.encode(header, entries, {layout, BatchCompression::zstd}, by.get());
    EXPECT_EQ(testing::dictionary_needed(encoded->payload) != 0, by != nullptr);
    upstream::Mark place;
    place.number = written_.size() + 1;
    place.after = written_.size();
    place.after_hash = hash_;
    const std::string mark = upstream::mark_text(place);
    hash_ = upstream::batch_hash("", mark, upstream::sha256(encoded->content));
    const std::string path = file("batch-" + std::to_string(place.number),
                                  upstream::with_mark(std::string(encoded->payload), mark));
    const std::string content(encoded->content);
    const auto text = encoder.encode(header, entries, {BatchLayout::rows, BatchCompression::none});
    written_.push_back({path, content, std::string(text->payload)});
    return written_.back();
  }
  void write_all() {
    write(BatchLayout::rows, testing::small_batch_dictionary());
    write(BatchLayout::columns, testing::small_batch_dictionary());
    write(BatchLayout::columns, other_dictionary());
    write(BatchLayout::columns, "");
    write(BatchLayout::rows, "");
  }
  [[nodiscard]] std::string all_files() const {
    std::string files;
    for (const Written& each : written_) files += " " + each.path;
    return files;
  }
  [[nodiscard]] std::string all_rows() const {
    std::string rows;
    for (const Written& each : written_) rows += each.rows + "\n";
    return rows;
  }
  static const std::string& other_dictionary() {
    static const std::string kDictionary = [] {
      std::vector<std::string> texts;
      for (int i = 0; i < 400; ++i)
        texts.push_back(R"({"v":1,"hub":"hub-1","m":[{"k":"plant/2","b":)" + std::to_string(i * 977) + "}]}");
      return testing::train_dictionary(texts);
    }();
    return kDictionary;
  }
  static std::string id_of(const std::string& dictionary) {
    return std::to_string(testing::id_of_dictionary(dictionary));
  }

  void expect_rows_by_dictionary(const std::string& command) {
    write(BatchLayout::rows, testing::small_batch_dictionary());
    write(BatchLayout::rows, "");
    rows_files_ = all_files();
    batches_ = {Json::parse(written_[0].rows), Json::parse(written_[1].rows)};
    expect_rows_from(command + option_);
  }
  // With none, and with another.
  void expect_to_name_the_dictionary(const std::string& command) {
    const std::string path = write(BatchLayout::rows, testing::small_batch_dictionary()).path;
    for (const std::string& option : {std::string(), " --dictionary " + other_}) {
      const auto [code, said] = failing(command + option + " " + path);
      EXPECT_NE(code, 0) << command << option;
      EXPECT_NE(said.find(id_of(testing::small_batch_dictionary())), std::string::npos) << said;
    }
  }
  // Exit code, and what is on standard error.
  static std::pair<int, std::string> failing(const std::string& command) {
    std::string said;
    FILE* const pipe = ::popen((command + " 2>&1 >/dev/null").c_str(), "r");
    for (int each = 0; (each = std::fgetc(pipe)) != EOF;) said.push_back(static_cast<char>(each));
    return {WEXITSTATUS(::pclose(pipe)), said};
  }
  [[nodiscard]] std::string head() const {
    Json head{{"v", 1}, {"hub", "hub-1"}, {"ep", "01J8ZQ4"}, {"st", "upstream"}, {"n", written_.size()}};
    std::string hash;
    core::append_base64(hash, upstream::bytes_of(hash_));
    head["hash"] = hash;
    return file("head", head.dump());
  }

  const std::string option_ = " --dictionary " + file("plant.dict", testing::small_batch_dictionary());
  const std::string other_ = file("other.dict", other_dictionary());
  const std::string both_ = option_ + " --dictionary " + other_;
  std::vector<Written> written_;

 private:
  testing::RandomMessages messages_{7};
  upstream::Digest hash_{};  // of the last
};

TEST_F(ReadersWithADictionary, OfColumnsInPython) {
  write_all();
  EXPECT_EQ(run("/usr/bin/python3 " + kReaders + "/columns.py" + both_, all_files()), all_rows());
}

TEST_F(ReadersWithADictionary, OfColumnsInJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  write_all();
  EXPECT_EQ(run("node " + kReaders + "/columns.js" + both_, all_files()), all_rows());
}

TEST_F(ReadersWithADictionary, OfRowsInPython) {
  expect_rows_by_dictionary("/usr/bin/python3 " + kReaders + "/rows.py");
}

TEST_F(ReadersWithADictionary, OfRowsInJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  expect_rows_by_dictionary("node " + kReaders + "/rows.js");
}

TEST_F(ReadersWithADictionary, OfRowsInShell) {
  if (!is_here("jq")) GTEST_SKIP() << "no jq here";
  expect_rows_by_dictionary("sh " + kReaders + "/rows.sh");
}

TEST_F(ReadersWithADictionary, NameTheOneThatTheyHaveNotInPython) {
  expect_to_name_the_dictionary("/usr/bin/python3 " + kReaders + "/rows.py");
  expect_to_name_the_dictionary("/usr/bin/python3 " + kReaders + "/columns.py");
  expect_to_name_the_dictionary("/usr/bin/python3 " + kReaders + "/verify_chain.py");
}

TEST_F(ReadersWithADictionary, NameTheOneThatTheyHaveNotInJavaScript) {
  if (!is_here("node")) GTEST_SKIP() << "no node here (Debian: nodejs)";
  expect_to_name_the_dictionary("node " + kReaders + "/rows.js");
  expect_to_name_the_dictionary("node " + kReaders + "/columns.js");
}

TEST_F(ReadersWithADictionary, NameTheOneThatTheyHaveNotInShell) {
  expect_to_name_the_dictionary("sh " + kReaders + "/rows.sh");
}

TEST_F(ReadersWithADictionary, VerifyAChainOfRowsAndColumns) {
  write_all();
  const std::string verify = "/usr/bin/python3 " + kReaders + "/verify_chain.py" + both_;
  EXPECT_EQ(run(verify, all_files() + " " + head()), "complete: hub-1/01J8ZQ4/upstream\n");
  written_.erase(written_.begin() + 1);
  const auto [code, said] = failing(verify + all_files());
  EXPECT_EQ(code, 3) << said;
}

TEST_F(ReadersWithADictionary, VerifyAChainOfPlainColumns) {
  write_all();
  std::string stream;
  std::string plain;
  for (const Written& each : written_) {
    std::ifstream batch(each.path, std::ios::binary);
    const std::string payload(std::istreambuf_iterator<char>(batch), {});
    plain += each.content.starts_with("HGC1")
                 ? each.content + payload.substr(payload.rfind("\x5C\x2A\x4D\x18"))
                 : payload;
  }
  const std::string verify = "/usr/bin/python3 " + kReaders + "/verify_chain.py" + both_ + " ";
  EXPECT_EQ(run(verify, file("plain", plain) + " " + head()), "complete: hub-1/01J8ZQ4/upstream\n");
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
