// Runs the tests; --source=FILE only those that stand in FILE, such as access_test.cc.
#include <gmock/gmock.h>

#include <iostream>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kOption = "--source=";

bool stands_in(const testing::TestInfo& test, std::string_view source) {
  const std::string_view file = test.file();
  return file.ends_with(source) &&
         (file.size() == source.size() || file[file.size() - source.size() - 1] == '/');
}

// A filter that names each test of `source`; empty if there is none.
std::string filter_of(std::string_view source) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& test = *suite.GetTestInfo(j);
      if (stands_in(test, source)) filter.append(suite.name()).append(".").append(test.name()).append(":");
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kOption)) continue;
    testing::GTEST_FLAG(filter) = filter_of(argument.substr(kOption.size()));
    if (testing::GTEST_FLAG(filter).empty()) {
      std::cerr << "no test stands in " << argument.substr(kOption.size()) << "\n";
      return 1;
    }
  }
  return RUN_ALL_TESTS();
}
