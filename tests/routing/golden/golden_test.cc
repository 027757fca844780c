// Runs every case of the files beside this one. HEADGATE_GOLDEN_WRITE=1 writes the rows that came out into the files,
// for people to check.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "routing/trial/case_file.h"
#include "routing/trial/rows.h"

namespace headgate::routing {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> case_files() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(HEADGATE_GOLDEN_DIR))
    if (entry.path().extension() == ".rt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::string> rows_of(const RouteCase& one) {
  std::vector<TableSource> tables = one.tables;
  read_tables(tables, [](const std::string& path, uint64_t) -> core::Result<std::string> {
    return text_of(std::filesystem::path(HEADGATE_GOLDEN_DIR) / path);
  });
  return run_sample(one.routes, one.input, tables);
}

void write_rows(const std::filesystem::path& path, const std::string& text,
                const std::vector<RouteCase>& cases) {
  std::vector<std::vector<std::string>> rows;
  for (const RouteCase& one : cases) rows.push_back(rows_of(one));
  std::ofstream(path, std::ios::binary) << with_rows(text, cases, rows);
}

class GoldenRoutes : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenRoutes, GiveTheirRows) {
  const std::string text = text_of(GetParam());
  const auto cases = parse_case_file(text, GetParam().filename().string());
  ASSERT_TRUE(cases.has_value()) << cases.error().what;
  if (std::getenv("HEADGATE_GOLDEN_WRITE")) write_rows(GetParam(), text, *cases);
  for (const RouteCase& one : *cases) {
    const std::string wrong = difference(one.expected, rows_of(one));
    EXPECT_EQ(wrong, "") << GetParam().filename().string() << ":" << one.line << ": " << one.name << "\n"
                         << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenRoutes, ::testing::ValuesIn(case_files()), [](const auto& file) {
  std::string name = file.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

// Counts them, so that a folder that is not found does not pass.
TEST(GoldenFiles, HoldAtLeastAHundredAndFiftyCases) {
  size_t count = 0;
  for (const auto& path : case_files()) {
    const auto cases = parse_case_file(text_of(path), path.string());
    if (cases) count += cases->size();
  }
  EXPECT_GE(count, 150u);
}

}  // namespace
}  // namespace headgate::routing
