// The seeds, and every input that ever broke something, run by each build. A broken promise aborts.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/aggregates_target.h"
#include "tests/fuzz/codec_target.h"
#include "tests/fuzz/columns_target.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/route_target.h"
#include "tests/fuzz/schema_target.h"
#include "tests/fuzz/session_target.h"

namespace headgate::fuzz {
namespace {

size_t run_all(const std::string& folder, void (*run)(std::string_view)) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(HEADGATE_CORPUS_DIR "/" + folder))
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) {
    const std::string name = file.string();
    now_running = name;
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    run(bytes);
  }
  now_running = "this input";
  return files.size();
}

TEST(FuzzCorpus, OfAggregatesBreaksNothing) { EXPECT_GT(run_all("aggregates", run_aggregates), 30u); }

TEST(FuzzCorpus, OfTheCodecBreaksNothing) { EXPECT_GT(run_all("codec", run_codec), 30u); }

TEST(FuzzCorpus, OfColumnsBreaksNothing) { EXPECT_GT(run_all("columns", run_columns), 15u); }

TEST(FuzzCorpus, OfSessionsBreaksNothing) { EXPECT_GT(run_all("session", run_session), 10u); }

TEST(FuzzCorpus, OfRoutesBreaksNothing) { EXPECT_GT(run_all("route", run_route), 30u); }

TEST(FuzzCorpus, OfSchemasBreaksNothing) { EXPECT_GT(run_all("schema", run_schema), 40u); }

}  // namespace
}  // namespace headgate::fuzz
