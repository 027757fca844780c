// The documents of the route language: each ```route block compiles without a finding; where ```input and ```result
// follow it, the route makes that of it; the example of an error is what the compiler says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "routing/files/route_check.h"
#include "routing/files/route_file.h"
#include "routing/files/schema_files.h"
#include "routing/lookup/csv_rows.h"
#include "routing/table/compile.h"
#include "tests/routing/document/example.h"
#include "tests/routing/document/fences.h"

namespace headgate::routing {
namespace {

const std::string kDocs = HEADGATE_DOCS;
const std::vector<std::string> kDocuments = {"concepts.md", "route-language.md", "coming-from.md"};

std::optional<CompiledRoute> compile_clean(const std::string& text, Semantics semantics,
                                           const std::vector<SchemaText>& schemas = {}) {
  std::vector<Diagnostic> found;
  SchemaSet compiled;
  const RouteSchemas named{schemas, compiled};
  auto route = compile_route(text, semantics, BodyMode::auto_detect, found, &named);
  EXPECT_TRUE(route) << text;
  for (const Diagnostic& d : found) ADD_FAILURE() << render(d, text);
  return route;
}

size_t number_of(const std::vector<Fence>& fences, std::string_view info) {
  return static_cast<size_t>(std::ranges::count(fences, info, &Fence::info));
}

// Blocks that are called ```json schema NAME.
std::vector<SchemaText> schemas_of(const std::vector<Fence>& fences) {
  constexpr std::string_view kInfo = "json schema ";
  std::vector<SchemaText> schemas;
  for (const Fence& fence : fences) {
    if (fence.info.starts_with(kInfo))
      schemas.push_back(
          {fence.info.substr(kInfo.size()), std::make_shared<const std::string>(fence.text), ""});
  }
  return schemas;
}

// Blocks ```csv NAME: files that the routes of the document look up in.
std::vector<TableSource> tables_of(const std::vector<Fence>& fences) {
  std::vector<TableSource> tables;
  for (const Fence& fence : fences) {
    if (!fence.info.starts_with("csv ")) continue;
    TableSource table;
    table.name = fence.info.substr(4);
    auto rows = parse_csv_rows(fence.text, table.name + ".csv", "", {});
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().what);
    if (!rows) continue;
    table.rows = std::make_shared<const RowSet>(*std::move(rows));
    tables.push_back(std::move(table));
  }
  return tables;
}

class RouteDocument : public ::testing::TestWithParam<std::string> {
 protected:
  const std::vector<Fence> fences_ = fences_of(read_text_file(kDocs + "/" + GetParam()));
  const std::vector<SchemaText> schemas_ = schemas_of(fences_);
};

TEST_P(RouteDocument, ShowsRoutesThatCompile) {
  EXPECT_GE(number_of(fences_, "route"), 2u);
  for (const Fence& fence : fences_) {
    if (fence.info == "route") (void)compile_clean(fence.text, Semantics::strict, schemas_);
    if (fence.info == "route edgehub") (void)compile_clean(fence.text, Semantics::edgehub);
  }
}

TEST_P(RouteDocument, ShowsResultsAsTheyAre) {
  size_t played = 0;
  const std::vector<TableSource> tables = tables_of(fences_);
  for (size_t i = 0; i + 2 < fences_.size(); ++i) {
    if (fences_[i].info != "route" || fences_[i + 1].info != "input") continue;
    ASSERT_EQ(fences_[i + 2].info, "result") << fences_[i].text;
    auto route = compile_clean(fences_[i].text, Semantics::strict, schemas_);
    if (!route) continue;
    EXPECT_EQ(Example(std::move(*route), {}, tables).play(fences_[i + 1].text), fences_[i + 2].text)
        << fences_[i].text;
    ++played;
  }
  EXPECT_EQ(played, number_of(fences_, "input"));
  EXPECT_EQ(played, number_of(fences_, "result"));
}

INSTANTIATE_TEST_SUITE_P(All, RouteDocument, ::testing::ValuesIn(kDocuments));

TEST(Document, ShowsErrorsAsTheyAre) {
  const std::string text = "FROM /messages/* WHERE temp > 100 INTO $upstrem";
  std::vector<Diagnostic> found;
  EXPECT_FALSE(compile_route(text, Semantics::strict, BodyMode::auto_detect, found));
  std::string rendered;
  for (const Diagnostic& d : found) rendered += render(d, text);
  const std::string document = read_text_file(kDocs + "/route-language.md");
  EXPECT_NE(document.find("```\n" + rendered + "```\n"), std::string::npos) << rendered;
}

// With every warning: examples are copied.
void expect_clean_file(const std::string& text, const std::string& name) {
  RouteFile file = parse_route_file(text, name);
  read_schemas({&file, 1},
               [](const std::string& path) { return core::Result<std::string>(read_text_file(path)); });
  EXPECT_FALSE(file.entries.empty()) << name;
  for (const RouteFileError& error : file.errors) ADD_FAILURE() << error.what;
  for (const RouteFileEntry& entry : file.entries) {
    SCOPED_TRACE(entry.name);
    (void)compile_clean(entry.text, entry.semantics, entry.schemas);
  }
}

TEST_P(RouteDocument, ShowsRouteFilesThatCompile) {
  for (const Fence& fence : fences_) {
    if (fence.info == "json routes") expect_clean_file(fence.text, GetParam());
  }
}

TEST_P(RouteDocument, ShowsTablesThatCanBeDeclared) {
  for (const Fence& fence : fences_) {
    if (fence.info != "json tables") continue;
    const RouteFile file = parse_route_file(fence.text, GetParam());
    EXPECT_GE(file.tables.size(), 5u);
    for (const RouteFileError& error : file.errors) ADD_FAILURE() << error.what;
  }
}

TEST(RouteFiles, OfTheExamplesHaveTheTablesThatTheyLookUpIn) {
  const std::string path = std::string(HEADGATE_ROUTE_FILES) + "/examples/thresholds.json";
  RouteFile file = parse_route_file(read_text_file(path), path);
  EXPECT_EQ(file.tables.size(), 2u);
  read_tables(file.tables,
              [](const std::string& from, uint64_t) { return core::Result(read_text_file(from)); });
  const RouteCheckReport report = check_routes(file);
  for (const RouteFileError& error : report.errors) ADD_FAILURE() << error.what;
  for (const RouteCheck& route : report.routes) EXPECT_TRUE(route.ok()) << route.entry.name;
  EXPECT_EQ(file.tables.at(0).rows->rows().size(), 3u);
}

TEST(RouteFiles, OfTheExamplesCompile) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(HEADGATE_ROUTE_FILES)) {
    const bool is_schema = entry.path().parent_path().filename() == "schemas";
    if (entry.path().extension() != ".json" || is_schema) continue;
    expect_clean_file(read_text_file(entry.path()), entry.path().string());
    ++files;
  }
  EXPECT_GE(files, 4u);
}

}  // namespace
}  // namespace headgate::routing
