// docs/batch-format.md shows a batch, how to read it in Python, and what `headgate unbatch` prints for it.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tools/unbatch/batches.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

// The text between ```<language> and ```.
std::string block(const std::string& language) {
  std::ifstream file(HEADGATE_DOCS_DIR "/batch-format.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string opening = "```" + language + "\n";
  const size_t begin = text.find(opening) + opening.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> chunk{};
  for (size_t bytes = 0; (bytes = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    output.append(chunk.data(), bytes);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

class BatchFormatDoc : public ::testing::Test {
 protected:
  BatchFormatDoc() {
    std::filesystem::create_directories(directory_);
    write("example.zst", zstd_frame(block("json")));
  }
  ~BatchFormatDoc() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }

 private:
  const std::filesystem::path directory_ =
      std::filesystem::path(::testing::TempDir()) / ("headgate-doc-" + std::to_string(::getpid()));
};

TEST_F(BatchFormatDoc, IsWhatUnbatchPrints) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_unbatch({path("example.zst")}, in, out, err), 0) << err.str();
  EXPECT_EQ(out.str(), block("ndjson"));
}

TEST_F(BatchFormatDoc, IsReadByTheZstdCommand) {
  EXPECT_EQ(output_of("zstd -dc < " + path("example.zst")), block("json"));
}

TEST_F(BatchFormatDoc, IsReadByTheTenLinesOfPython) {
  write("reader.py", block("python"));
  const std::string twice = path("example.zst") + " " + path("example.zst");
  EXPECT_EQ(output_of("/usr/bin/python3 " + path("reader.py") + " " + twice),
            R"([1201, "plant/7/telemetry", {"temperature": 81.25}])"
            "\n[1202, \"plant/7/state\", \"running\"]\n[1205, \"plant/7/raw\", \"/wAB\"]\n"
            R"([1207, "plant/7/telemetry", {"temperature": 81.5}])"
            "\n");
}

TEST_F(BatchFormatDoc, ShowsTheReadersOfTheRepository) {
  for (const auto& [language, name] :
       {std::pair("python", "rows.py"), {"js", "rows.js"}, {"shell", "rows.sh"}}) {
    std::ifstream file(std::string(HEADGATE_DOCS_DIR "/../tools/readers/") + name);
    EXPECT_EQ(block(language), std::string(std::istreambuf_iterator<char>(file), {})) << name;
  }
}

}  // namespace
}  // namespace headgate::tools
