#include "hub/config/route_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RouteFiles : public ::testing::Test {
 protected:
  static constexpr std::string_view kGood = R"({"routes": {"a": "FROM /* INTO $upstream"}})";

  routing::RouteFile collect(std::string_view routes = "{}") {
    const std::string json =
        R"({"routes": )" + std::string(routes) + R"(, "routes_dir": ")" + dir_.path() + R"("})";
    return collect_routes(*parse_config(json, "hub.json"), "hub.json", folder_, known_, clock_.now());
  }
  // Looks again after so long; the files of what is in force are known.
  routing::RouteFile look_after(int64_t ms) {
    clock_.advance_ms(ms);
    return collect();
  }
  std::string known(const std::string& name, std::string_view text = kGood) {
    const std::string path = dir_.write(name, text);
    known_.insert(path);
    return path;
  }
  void remove(const std::string& path) { std::filesystem::remove(path); }
  static std::vector<std::string> errors(const routing::RouteFile& file) {
    std::vector<std::string> all;
    for (const auto& error : file.errors) all.push_back(error.what);
    return all;
  }
  static std::vector<std::string> names(const routing::RouteFile& file) {
    std::vector<std::string> all;
    for (const auto& entry : file.entries) all.push_back(entry.name);
    return all;
  }

  testing::TempDir dir_;
  RouteFolder folder_;
  std::set<std::string> known_;
  testing::ManualClock clock_;
};

TEST_F(RouteFiles, BringTheRowsOfTablesBesideThem) {
  dir_.write("10.json", R"({"routes": {}, "tables": {"a": {"file": "a.csv"}, "b": {"file": "b.csv"}}})");
  dir_.write("a.csv", "k,v\nx,1\n");
  const auto all = collect();
  ASSERT_EQ(all.tables.size(), 2u);
  EXPECT_EQ(all.tables[0].rows->rows().size(), 1u);
  EXPECT_THAT(all.tables[1].fault, HasSubstr("b.csv: cannot be read: No such file or directory"));
}

TEST_F(RouteFiles, DoNotReadATableThatIsTooLarge) {
  dir_.write("10.json", R"({"routes": {}, "tables": {"a": {"file": "a.csv", "maxBytes": 1024}}})");
  dir_.write("a.csv", std::string(1025, 'x'));
  EXPECT_THAT(collect().tables.at(0).fault,
              HasSubstr("a.csv: has 1025 bytes, the table at most 1024 (\"maxBytes\")"));
}

TEST_F(RouteFiles, DeclareATableOnce) {
  dir_.write("10.json", R"({"routes": {}, "tables": {"a": {"topic": "a"}}})");
  dir_.write("20.json", R"({"routes": {}, "tables": {"a": {"topic": "b"}}})");
  const auto all = collect();
  EXPECT_EQ(all.tables.size(), 1u);
  EXPECT_THAT(errors(all),
              ElementsAre(HasSubstr("10.json declares a table of this name; rename one of them")));
}

TEST_F(RouteFiles, ConfigComesFirstThenFilesByName) {
  dir_.write("20.json", R"({"routes": {"c": "FROM /* INTO $upstream"}})");
  dir_.write("10.json", R"({"routes": {"b": "FROM /* INTO $upstream"}})");
  dir_.write("notes.txt", "not a route file");
  const auto all = collect(R"({"a": "FROM /* INTO $upstream"})");
  EXPECT_THAT(names(all), ::testing::ElementsAre("a", "b", "c"));
  EXPECT_TRUE(all.errors.empty());
}

TEST_F(RouteFiles, ARepeatedNameIsReportedAndTheFirstStays) {
  const std::string file =
      dir_.write("10.json", R"({"routes": {"a": "FROM /* INTO $null", "b": "FROM /* INTO $null"}})");
  const auto all = collect(R"({"a": "FROM /* INTO $upstream"})");
  EXPECT_THAT(names(all), ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(all.entries[0].text, "FROM /* INTO $upstream");
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors[0].what,
            file + ": route \"a\" cannot be taken: hub.json has one of that name; rename one of them");
}

TEST_F(RouteFiles, AFileThatDoesNotParseHarmsOnlyItself) {
  dir_.write("10.json", "{");
  dir_.write("20.json", R"({"routes": {"b": "FROM /* INTO $upstream"}})");
  const auto all = collect();
  EXPECT_THAT(names(all), ::testing::ElementsAre("b"));
  EXPECT_EQ(all.errors.size(), 1u);
}

TEST_F(RouteFiles, PartsOfManifestsThatHaveNoEffectAreNamedWithTheirFile) {
  const std::string one = dir_.write(
      "10.json", R"({"$edgeHub": {"properties.desired.routes.a": "FROM /* INTO $upstream"}, "m": {"x": 1}})");
  const std::string other = dir_.write(
      "20.json", R"({"$edgeHub": {"properties.desired.routes.b": "FROM /* INTO $upstream"}, "n": {"y": 1}})");
  const auto all = collect();
  EXPECT_THAT(names(all), ElementsAre("a", "b"));
  ASSERT_EQ(all.without_effect.size(), 2u);
  EXPECT_EQ(all.without_effect[0].file, one);
  EXPECT_EQ(all.without_effect[0].path, "m.x");
  EXPECT_EQ(all.without_effect[1].file, other);
}

TEST_F(RouteFiles, SchemasThatRoutesNameAreReadFromTheirFolder) {
  std::filesystem::create_directory(dir_.path() + "/x");
  dir_.write("x/one.json", "{}");
  dir_.write("two.json", R"({"type": "object"})");
  dir_.write("10.json", R"({"routes": {
    "a": "FROM /* WHERE conforms($body, 'x/one.json') AND conforms($body.b, 'two.json') INTO $null",
    "b": "FROM /* WHERE Conforms($body, 'two.json') INTO $null",
    "c": "FROM /* WHERE conforms($body, 'none.json') INTO $null",
    "d": "FROM /* INTO $null"}})");
  const auto all = collect();
  EXPECT_THAT(errors(all), IsEmpty()) << "two.json is no route file, and none was expected of it";
  ASSERT_THAT(names(all), ElementsAre("a", "b", "c", "d"));
  ASSERT_EQ(all.entries[0].schemas.size(), 2u);
  EXPECT_EQ(all.entries[0].schemas[0].file, "x/one.json");
  EXPECT_EQ(*all.entries[0].schemas[0].text, "{}");
  EXPECT_EQ(all.entries[1].schemas.at(0).text, all.entries[0].schemas[1].text) << "read once";
  EXPECT_EQ(all.entries[2].schemas.at(0).problem, "cannot be read: No such file or directory");
  EXPECT_TRUE(all.entries[3].schemas.empty());
}

TEST_F(RouteFiles, ASchemaThatIsChangedChangesItsRoutes) {
  dir_.write("r.json", R"({"routes": {"a": "FROM /* WHERE conforms($body, 's.json') INTO $null"}})");
  dir_.write("s.json", "{}");
  const auto before = collect();
  EXPECT_EQ(collect().entries[0], before.entries[0]);
  dir_.write("s.json", "true");
  EXPECT_NE(collect().entries[0], before.entries[0]);
}

TEST_F(RouteFiles, AMissingDirectoryIsReported) {
  Config config;
  config.routes_dir = dir_.path() + "/none";
  const auto all = collect_routes(config, "", folder_, known_, clock_.now());
  ASSERT_EQ(all.errors.size(), 1u);
  EXPECT_EQ(all.errors[0].what, config.routes_dir + ": cannot be read: No such file or directory");
}

TEST_F(RouteFiles, AnUnreadableFileIsReported) {
  std::filesystem::create_directory(dir_.path() + "/x.json");
  EXPECT_EQ(collect().errors.size(), 1u);
}

TEST_F(RouteFiles, AnEmptyFileIsAnErrorAndNoWish) {
  dir_.write("10.json", "");
  EXPECT_EQ(collect().errors.size(), 1u);
}

TEST_F(RouteFiles, AFileIsGoneWhenItIsAbsentInTwoLooksFiveSecondsApart) {
  const std::string gone = known("20.json");
  known("10.json");
  remove(gone);
  EXPECT_THAT(errors(collect()),
              ElementsAre(gone + ": is not there; its routes stay in force until a second look, "
                                 "5 s later"));
  EXPECT_EQ(folder_.second_look_mono_ms(), clock_.now().mono_ms + 5000);
  EXPECT_EQ(look_after(4999).errors.size(), 1u) << "a reload meanwhile does not hasten it";
  EXPECT_THAT(look_after(1).errors, IsEmpty());
  EXPECT_FALSE(folder_.second_look_mono_ms());
}

TEST_F(RouteFiles, ASlashAtTheEndOfTheDirectoryChangesNothing) {
  const std::string gone = known("20.json");
  known("10.json");
  remove(gone);
  EXPECT_EQ(folder_.look(dir_.path() + "/", known_, clock_.now()).errors.size(), 1u);
}

TEST_F(RouteFiles, AFileThatIsBackInTheSecondLookWasNeverGone) {
  const std::string moved = known("20.json");
  known("10.json", R"({"routes": {"b": "FROM /* INTO $upstream"}})");
  remove(moved);
  EXPECT_EQ(collect().errors.size(), 1u);
  dir_.write("20.json", kGood);
  EXPECT_THAT(look_after(5000).errors, IsEmpty());
  remove(moved);
  EXPECT_EQ(look_after(60'000).errors.size(), 1u) << "its five seconds begin anew";
}

TEST_F(RouteFiles, ADirectoryThatIsSuddenlyEmptyIsAnErrorForAsLongAsItIs) {
  remove(known("10.json"));
  EXPECT_THAT(errors(collect()), ElementsAre(HasSubstr("holds no route file any more")));
  EXPECT_EQ(look_after(3'600'000).errors.size(), 1u);
  dir_.write("none.json", R"({"routes": {}})");
  EXPECT_EQ(look_after(1).errors.size(), 1u) << "the first look at what is absent";
  EXPECT_THAT(look_after(5000).errors, IsEmpty());
}

TEST_F(RouteFiles, ADirectoryThatNeverHadAFileIsNoError) { EXPECT_THAT(collect().errors, IsEmpty()); }

TEST_F(RouteFiles, FilesOfADirectoryThatIsMissingAreNotGone) {
  known("10.json");
  std::filesystem::remove_all(dir_.path());
  EXPECT_THAT(errors(collect()),
              ElementsAre(dir_.path() + ": cannot be read: No such file or directory; what is in "
                                        "force stays in force"));
  EXPECT_EQ(look_after(3'600'000).errors.size(), 1u);
}

TEST_F(RouteFiles, AnotherDirectoryInTheConfigIsAWishUnlessItCannotBeRead) {
  known_.insert("/before/10.json");
  EXPECT_EQ(collect().errors.size(), 2u) << "it is empty: an error of its own, and of the file before";
  dir_.write("20.json", kGood);
  EXPECT_THAT(collect().errors, IsEmpty());
}

TEST_F(RouteFiles, TheConfigsOwnRoutesNeedNoSecondLook) {
  known_.insert("hub.json");
  dir_.write("20.json", kGood);
  EXPECT_THAT(collect().errors, IsEmpty());
}

// Routes that give way, as desired properties of $edgeHub do.
class WeakestRoutes : public RouteFiles {
 protected:
  routing::RouteFile with(std::string_view desired, std::string_view document = "{}") {
    const routing::RouteFile weakest = routing::parse_desired_routes(desired, kEdgeHub);
    Config config = *parse_config(
        R"({"routes": {"own": "FROM /* INTO $upstream"}, "routes_dir": ")" + dir_.path() + R"("})",
        "hub.json");
    auto layer = std::make_shared<RouteLayer>();
    if (document == "off") layer->off.insert("gone");
    config.layer = layer;
    known_.insert(std::string(kEdgeHub));
    return collect_routes(config, "hub.json", folder_, known_, clock_.now(), nullptr, &weakest);
  }
};

TEST_F(WeakestRoutes, StandBehindThoseOfFiles) {
  dir_.write("10.json", kGood);
  const auto all = with(R"({"routes": {"z": "FROM /* INTO $upstream"}})");
  EXPECT_THAT(names(all), ElementsAre("own", "a", "z"));
  EXPECT_EQ(all.entries.back().file, "$edgeHub");
  EXPECT_THAT(all.errors, IsEmpty());
}

TEST_F(WeakestRoutes, LoseANameToAFileAndToTheDocument) {
  const std::string path = dir_.write("10.json", kGood);
  const auto all = with(R"({"routes": {"own": "FROM /* INTO $upstream", "a": "FROM /* INTO $upstream",
                                        "gone": "FROM /* INTO $upstream"}})",
                        "off");
  EXPECT_THAT(names(all), ElementsAre("own", "a"));
  EXPECT_THAT(
      errors(all),
      ElementsAre(
          "$edgeHub: route \"own\" cannot be taken: hub.json has one of that name, which goes before",
          "$edgeHub: route \"a\" cannot be taken: " + path + " has one of that name, which goes before",
          "$edgeHub: route \"gone\" cannot be taken: remote document takes it out of force"));
  for (const auto& error : all.errors) EXPECT_TRUE(error.yields) << error.what;
}

TEST_F(WeakestRoutes, YieldAlsoWhereTheirsIsWrong) {
  const auto all = with(R"({"routes": {"own": 7, "z": 7}})");
  ASSERT_EQ(all.errors.size(), 2u);
  EXPECT_TRUE(all.errors[0].yields);
  EXPECT_FALSE(all.errors[1].yields) << "nobody else has that name: its version of before may stay";
}

}  // namespace
}  // namespace headgate::hub
