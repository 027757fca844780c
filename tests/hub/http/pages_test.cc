// Files for browsers: the console's, as they are in the program, and who gets them how.
#include "hub/http/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "hub/console/pages.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;

constexpr size_t kConsoleBytesMax = 120 * 1024;  // as sent

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

const std::map<std::string, std::string>& types() {
  static const std::map<std::string, std::string> kTypes = {{".html", "text/html; charset=utf-8"},
                                                            {".css", "text/css; charset=utf-8"},
                                                            {".js", "text/javascript; charset=utf-8"},
                                                            {".svg", "image/svg+xml"}};
  return kTypes;
}

// Files of the console by the paths that they are served at.
std::map<std::string, fs::path> files() {
  const fs::path root = HEADGATE_CONSOLE_DIR;
  std::map<std::string, fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!types().contains(entry.path().extension())) continue;
    const std::string name = fs::relative(entry.path(), root).generic_string();
    found[name == "index.html" ? "/" : "/console/" + name] = entry.path();
  }
  return found;
}

TEST(ConsolePages, AreTheFilesOfItsFolder) {
  std::set<std::string> served;
  size_t sent = 0;
  for (const Page& page : console_pages()) {
    const std::string path(page.path);
    served.insert(path);
    sent += page.gzip.size();
    ASSERT_TRUE(files().contains(path)) << path;
    const fs::path file = files()[path];
    EXPECT_EQ(inflated(page), text_of(file)) << path;
    EXPECT_EQ(page.bytes, fs::file_size(file)) << path;
    EXPECT_EQ(page.content_type, types().at(file.extension())) << path;
    EXPECT_THAT(std::string(page.hash), ::testing::MatchesRegex("[0-9a-f]{32}")) << path;
    EXPECT_EQ(find_page(console_pages(), path + "?v=1"), &page);
  }
  EXPECT_EQ(served.size(), files().size());
  EXPECT_TRUE(served.contains("/"));
  EXPECT_LE(sent, kConsoleBytesMax);
}

TEST(ConsolePages, AreFoundByTheirWholePathOnly) {
  for (const char* none : {"", "/console", "/console/", "/console/../", "//", "/index.html",
                           "/console/index.html", "/console/pages.h", "/console/CMakeLists.txt", "?", "*"})
    EXPECT_EQ(find_page(console_pages(), none), nullptr) << none;
}

TEST(PageCodings, AreThoseThatAClientTakes) {
  for (const char* yes : {"gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "*", "x-gzip",
                          " gzip ; q=0.001", "identity;q=0, gzip"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no :
       {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "gzipped", ",,;"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(PageTags, AreFoundInListsAndWeakOnesToo) {
  for (const char* yes : {"\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\" ", "*"})
    EXPECT_TRUE(names_tag(yes, "\"a\"")) << yes;
  for (const char* no : {"", "a", "\"b\"", "w/\"a\"", "\"A\"", "\"a-gzip\"", ","})
    EXPECT_FALSE(names_tag(no, "\"a\"")) << no;
}

TEST(PageBytes, ThatAreNoneInflateToNothing) {
  EXPECT_EQ(inflated({"/", "", "", "", 7}), "");
  EXPECT_EQ(
      inflated({"/", "", "", std::string_view("0123456789\xff\xff\xff\xff\xff\xff\xff\xff\xff", 19), 7}), "");
}

}  // namespace
}  // namespace headgate::hub
