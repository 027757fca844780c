#include "tools/headgate/format.h"

#include <gtest/gtest.h>

#include <sstream>

namespace headgate::tools {
namespace {

TEST(Format, BytesAreReadable) {
  const std::vector<std::pair<uint64_t, std::string>> table = {{0, "0 B"},
                                                               {1023, "1023 B"},
                                                               {1024, "1.0 KiB"},
                                                               {1536, "1.5 KiB"},
                                                               {1'048'575, "1.0 MiB"},
                                                               {1'048'576, "1.0 MiB"},
                                                               {67'108'864, "64.0 MiB"},
                                                               {1'099'511'627'776, "1.0 TiB"}};
  for (const auto& [bytes, text] : table) EXPECT_EQ(human_bytes(bytes), text);
}

TEST(Format, DurationsAreReadable) {
  const std::vector<std::pair<int64_t, std::string>> table = {
      {0, "0s"}, {59, "59s"}, {65, "1m 05s"}, {7'800, "2h 10m"}, {356'400, "4d 03h"}};
  for (const auto& [seconds, text] : table) EXPECT_EQ(human_duration(seconds), text);
}

TEST(Format, TimesAreIso) {
  EXPECT_EQ(iso_time(0), "-");
  EXPECT_EQ(iso_time(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
}

TEST(Format, ControlCharactersCannotReachTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\x7f\xc3\xa9"), "a\\x1b[2Jb\\n\\x7f\xc3\xa9");
}

TEST(Table, IsNotAsWideAsTheLongestName) {
  Table table({{"NAME"}, {"N", Align::right}});
  table.add({std::string(60'000, 'x'), "1"});
  table.add({"pump", "2"});
  std::ostringstream out;
  table.print(out);
  EXPECT_LT(out.str().size(), 4 * 2 * Table::kCellCharactersMax);
}

TEST(Table, AlignsColumnsByCharacters) {
  Table table({{"NAME"}, {"N", Align::right}, {"END"}});
  table.add({"\xc3\xa9t\xc3\xa9", "7", "x"});
  table.add({"longer", "1234", "y"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(), "NAME       N  END\n\xc3\xa9t\xc3\xa9        7  x\nlonger  1234  y\n");
}

}  // namespace
}  // namespace headgate::tools
