// Secrets that a configuration names and does not hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/os/secret.h"
#include "hub/config/config.h"
#include "hub/config/show/in_force.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Secrets : public ::testing::Test {
 protected:
  [[nodiscard]] std::string config_with(const std::string& password) const {
    return dir_.write("headgate.json",
                      R"({"upstream": {"host": "h", "username": "u", "password": )" + password + "}}");
  }
  [[nodiscard]] std::string error_with(const std::string& password) const {
    const auto config = load_config(config_with(password));
    EXPECT_FALSE(config);
    return config ? "" : config.error().what;
  }

  const testing::TempDir dir_;
};

TEST_F(Secrets, AFileIsReadWithoutTheLineEndsBehindIt) {
  EXPECT_EQ(*core::read_secret({.env = {}, .file = dir_.write("a", "pass word\r\n\n")}), "pass word");
  EXPECT_EQ(*core::read_secret({}), "");
}

TEST_F(Secrets, AFileThatIsNoSecretIsNamedAndNotQuoted) {
  const auto empty = core::read_secret({.env = {}, .file = dir_.write("a", "\n")});
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().what, HasSubstr("/a is empty; write the secret into it"));
  EXPECT_FALSE(core::read_secret({.env = {}, .file = dir_.write("b", std::string(70'000, 'x'))}));
  const auto none = core::read_secret({.env = {}, .file = dir_ / "none"});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().what, HasSubstr("/none cannot be read: "));
  EXPECT_FALSE(core::read_secret({.env = {}, .file = dir_.path()}));
}

TEST_F(Secrets, AVariableIsReadAndOneThatIsNotSetStopsTheStart) {
  setenv("HEADGATE_TEST_SECRET", "from outside", 1);
  const auto config = load_config(config_with(R"({"env": "HEADGATE_TEST_SECRET"})"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(*core::read_secret(config->upstream.link.password), "from outside");
  unsetenv("HEADGATE_TEST_SECRET");
  EXPECT_THAT(
      error_with(R"({"env": "HEADGATE_TEST_SECRET"})"),
      HasSubstr("headgate.json: upstream.password: the environment variable HEADGATE_TEST_SECRET is not "
                "set; set it where the hub is started"));
}

TEST_F(Secrets, ATextInTheirPlaceIsRefusedAndNotQuoted) {
  EXPECT_THAT(error_with(R"("hunter2")"),
              AllOf(HasSubstr("upstream.password: is a text, and a secret stays out of the configuration"),
                    Not(HasSubstr("hunter2"))));
  for (const char* wrong : {R"({"env": "A", "file": "b"})", R"({"env": "1A"})", R"({"file": ""})", "{}", "7",
                            R"({"text": "hunter2"})", R"({"env": "hunter2!"})"})
    EXPECT_THAT(error_with(wrong), AllOf(HasSubstr("upstream.password: names no secret; allowed: {\"file\""),
                                         Not(HasSubstr("hunter2"))))
        << wrong;
}

TEST_F(Secrets, OnePasswordIsNamedInOneWay) {
  const auto config =
      parse_config(R"({"links": {"a": {"host": "h", "password": {"file": "/a"}, "password_file": "/b"}}})",
                   "headgate.json");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what, HasSubstr("links.a.password: says the same as password_file"));
}

TEST_F(Secrets, ShowSaysWhereOneIsAndNotWhatItIs) {
  const std::string secret = dir_.write("secret", "hunter2");
  const auto shown = settings_in_force(config_with(R"({"file": ")" + secret + "\"}"));
  ASSERT_TRUE(shown);
  EXPECT_THAT(*shown, AllOf(HasSubstr(R"("value":{"file":")" + secret), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace headgate::hub
