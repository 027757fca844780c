// `headgate bundle`: an archive that tells nothing it must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/canned_admin_client.h"
#include "tests/support/daemon/in_process.h"
#include "tests/support/temp_dir.h"
#include "tools/headgate/bundle/contents.h"
#include "tools/headgate/commands/bundle/commands.h"

namespace headgate::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BundleTest : public ::testing::Test {
 protected:
  int run(const BundleOptions& options) {
    const auto ask = [](const std::vector<std::string>& args) -> core::Result<DaemonAnswer> {
      if (args.front() == "--version") return DaemonAnswer{0, "0.1.0\n", ""};
      return testing::answer_in_process(
          args.front() == "--check" ? args : std::vector<std::string>{args[0], args[1], args[2], args[3]});
    };
    return run_bundle({hub_, ask, [] { return R"({"ok": true, "findings": []})"; }, out_, err_}, options);
  }
  // All that the archive holds, name by name.
  std::string unpacked(const std::string& archive) {
    const std::string to = dir_.path() + "/unpacked";
    std::filesystem::create_directory(to);
    EXPECT_EQ(run_program("tar", {"-xzf", archive, "-C", to})->exit_code, 0);
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(to)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      all += entry.path().filename().string() + "\n" + std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  const testing::TempDir dir_;
  testing::CannedAdminClient hub_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BundleTest, NoFileHoldsASecretOrAPayload) {
  const std::string password = dir_.write("pw", "s3cret-of-a-file\n");
  const std::string config = dir_.write(
      "hub.json",
      R"({"hub_id": "site-7", "upstream": {"host": "h", "password_file": ")" + password +
          R"("}, "routes": {"a": {"route": "FROM /* INTO $null", "password": "s3cret-in-a-route"}}})");
  hub_.answers_["/v1/status"] = R"({"hub_id": "site-7", "x": {"api_token": "s3cret-token"}})";
  hub_.answers_["/v1/routes"] = R"({"routes": [{"name": "a", "type_error_last": "s3cret-value is no number",
      "undefined_last": "s3cret-value", "shadow": {"last_to": "t", "last_body": "{\"v\": \"s3cret-body\"}"}}]})";
  hub_.answers_["/v1/queues"] =
      R"({"queues": [{"name": "$upstream", "messages": [{"topic": "t", "payload": "s3cret-payload",
      "properties": [["k", "s3cret-property"]]}, {"payload_base64": "czNjcmV0"}]}]})";
  ASSERT_EQ(run({.out = dir_.path() + "/hub.tar.gz", .config = config}), 0) << err_.str();
  const std::string all = unpacked(dir_.path() + "/hub.tar.gz");
  for (const char* confidence : {"s3cret", "czNjcmV0"}) EXPECT_THAT(all, Not(HasSubstr(confidence)));
  for (const char* told : {"status.json", "queues.json", "routes.json", "config.json", "config-check.json",
                           "doctor.json", "versions.txt", "site-7", "\"last_to\": \"t\"", "headgated: 0.1.0"})
    EXPECT_THAT(all, HasSubstr(told));
}

TEST_F(BundleTest, WithoutAHubItHasTheRest) {
  ASSERT_EQ(run({.out = dir_.path() + "/hub.tar.gz"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), "doctor.json\nversions.txt\n2 files in " + dir_.path() +
                            "/hub.tar.gz, without payloads and secrets\n");
}

TEST_F(BundleTest, AFileThatIsThereStays) {
  const std::string there = dir_.write("hub.tar.gz", "precious");
  EXPECT_EQ(run({.out = there}), 1);
  EXPECT_EQ(err_.str(), "headgate: " + there + ": is there already and is not overwritten\n");
  EXPECT_EQ(std::filesystem::file_size(there), 8u);
}

TEST_F(BundleTest, ADirectoryThatIsNotThereIsNamed) {
  EXPECT_EQ(run({.out = dir_.path() + "/none/hub.tar.gz"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("/none/hub.tar.gz cannot be written: "));
}

TEST(BundleContents, KeysOfIdentitiesAreHiddenWhereverTheyAre) {
  const std::string shown = without_confidences(
      R"({"a": [{"id": "edge-1/m", "primary_key": "s3cret", "secondary_key": "s3cret", "sas_key": "s3cret"}]})");
  EXPECT_THAT(shown, HasSubstr("edge-1/m"));
  EXPECT_THAT(shown, Not(HasSubstr("s3cret")));
}

TEST(BundleContents, WhatIsNoJsonIsLeftOut) {
  EXPECT_EQ(without_confidences("s3cret"), "");
  EXPECT_TRUE(bundle_files({{"a.json", "s3cret"}, {"b.txt", ""}}).empty());
}

}  // namespace
}  // namespace headgate::tools
