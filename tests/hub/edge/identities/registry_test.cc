// The file of identities: what it may say, and what is said of one that is wrong.
#include "hub/edge/identities/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// As it stands in a file with that one entry.
std::string with(const std::string& entry) { return R"({"identities": [)" + entry + "]}"; }

std::string problem_of(const std::string& text) {
  const auto file = IdentityFile::parse(text, "ids.json");
  return file ? "" : file.error().what;
}

TEST(IdentityFile, TakesIdentitiesAsTheyExistElsewhere) {
  const auto file = IdentityFile::parse(with(R"(
    {"id": "edge-1/sensor", "generation_id": "637500000000000002", "primary_key": "cHJpbWFyeQ==", "secondary_key": "c2Vjb25k"},
    {"id": "Line_2.press:07@east*(a)!'", "enabled": false, "secondary_key": "c2Vjb25k"},
    {"id": "leaf-2", "thumbprints": ["AA:bb CC00112233445566778899aabbccddeeff00",
                                     "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"]})"),
                                        "ids.json");
  ASSERT_TRUE(file) << file.error().what;
  ASSERT_EQ(file->all().size(), 3U);
  const RegisteredIdentity* const sensor = file->find({"edge-1", "sensor"});
  ASSERT_NE(sensor, nullptr);
  EXPECT_TRUE(sensor->enabled);
  EXPECT_EQ(sensor->generation_id, "637500000000000002");
  EXPECT_EQ(sensor->primary_key, "cHJpbWFyeQ==");
  EXPECT_EQ(sensor->secondary_key, "c2Vjb25k");
  const RegisteredIdentity* const odd = file->find({"Line_2.press:07@east*(a)!'", ""});
  ASSERT_NE(odd, nullptr);
  EXPECT_FALSE(odd->enabled);
  EXPECT_THAT(file->find({"leaf-2", ""})->thumbprints,
              ElementsAre("aabbcc00112233445566778899aabbccddeeff00",
                          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
}

TEST(IdentityFile, SaysWhoseASocketIs) {
  for (const char* owner : {"sensor", "1000", "1000:1000", ":docker", "sensor:iot.edge-2"})
    EXPECT_EQ(problem_of(with(
                  R"({"id": "a/m", "socket_mode": "0660", "primary_key": "cHJpbWFyeQ==", "socket_owner": ")" +
                  std::string(owner) + "\"}")),
              "")
        << owner;
}

TEST(IdentityFile, ComparesIdsExactly) {
  const auto file =
      IdentityFile::parse(with(R"({"id": "line*", "primary_key": "cHJpbWFyeQ=="})"), "ids.json");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find({"line-1", ""}), nullptr);
  EXPECT_EQ(file->find({"LINE*", ""}), nullptr);
  EXPECT_EQ(file->find({"line*", "m"}), nullptr);
  EXPECT_NE(file->find({"line*", ""}), nullptr);
}

TEST(IdentityFile, SaysWhatIsWrongAndWhere) {
  const std::string key = R"("primary_key": "cHJpbWFyeQ==")";
  const std::pair<std::string, std::string> table[] = {
      {"{", "ids.json:1:"},
      {"[]", "ids.json: identities: is missing"},
      {R"({"identities": {}})", "ids.json: identities: is an object"},
      {R"({"identities": [], "devices": []})", "ids.json: devices: unknown key"},
      {with("7"), "identities[0]: is 7; allowed: an object"},
      {with("{" + key + "}"), "identities[0].id: is missing"},
      {with(R"({"id": "a/b/c", )" + key + "}"), R"(identities[0].id: is "a/b/c")"},
      {with(R"({"id": "a+b", )" + key + "}"), "letters, digits and"},
      {with(R"({"id": ")" + std::string(129, 'a') + "\", " + key + "}"), "1 to 128"},
      {with(R"({"id": "a", "primary": "x"})"), "identities[0].primary: unknown key"},
      {with(R"({"id": "a"})"), "identities[0]: 'a' has no way to prove itself"},
      {with(R"({"id": "a", "thumbprints": ["aabbcc00112233445566778899aabbccddeeff00"], )" + key + "}"),
       "more than one way"},
      {with(R"({"id": "a", "primary_key": "no base64!"})"), "identities[0].primary_key: is no base64"},
      {with(R"({"id": "a", "primary_key": ""})"), "identities[0].primary_key: is empty"},
      {with(R"({"id": "a", "enabled": "yes", )" + key + "}"),
       "identities[0].enabled: is \"yes\"; allowed: true or false"},
      {with(R"({"id": "a", "thumbprints": []})"), "one or two digests"},
      {with(R"({"id": "a", "thumbprints": ["zz"]})"), R"(is "zz"; allowed: one or two digests)"},
      {with(R"({"id": "a", "ca_file": "/nowhere/ca.pem"})"), "/nowhere/ca.pem: cannot be read"},
      {with(R"({"id": "a", "common_name": "a", )" + key + "}"), "has no meaning without ca_file"},
      {with(R"({"id": "a/m", "socket_owner": "a b", )" + key + "}"),
       R"(identities[0].socket_owner: is "a b"; allowed: "user", "user:group" or ":group")"},
      {with(R"({"id": "a/m", "socket_owner": "1000:", )" + key + "}"), "socket_owner: is \"1000:\""},
      {with(R"({"id": "a/m", "socket_mode": "0777", )" + key + "}"),
       R"(identities[0].socket_mode: is "0777"; allowed: the mode of a file in octal)"},
      {with(R"({"id": "a/m", "socket_mode": 660, )" + key + "}"),
       "identities[0].socket_mode: is 660; allowed: a text"},
      {with(R"({"id": "a", "socket_mode": "0660", )" + key + "}"),
       "'a' is a device, and only modules have sockets"},
      {with(R"({"id": "a", )" + key + R"(}, {"id": "a", )" + key + "}"),
       "identities[1].id: 'a' is there twice"},
  };
  for (const auto& [text, problem] : table) EXPECT_THAT(problem_of(text), HasSubstr(problem)) << text;
}

TEST(IdentityFile, NeverShowsAKeyInAnError) {
  EXPECT_THAT(problem_of(with(R"({"id": "a", "primary_key": "c2VjcmV0!"})")),
              ::testing::Not(HasSubstr("c2VjcmV0")));
}

TEST(IdentityFile, ReportsAllThatIsWrong) {
  const std::string all = problem_of(with(R"({"id": "a"}, {"id": "b"})"));
  EXPECT_THAT(all, HasSubstr("'a' has no way"));
  EXPECT_THAT(all, HasSubstr("'b' has no way"));
}

TEST(IdentityFile, KnowsABlankOneFromOneWithNobody) {
  EXPECT_TRUE(IdentityFile::parse(" \n", "ids.json")->is_blank());
  const auto nobody = IdentityFile::parse(R"({"identities": []})", "ids.json");
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->is_blank());
  EXPECT_THAT(nobody->all(), IsEmpty());
}

TEST(IdentityFile, SaysHowToMakeOneThatIsMissing) {
  const testing::TempDir dir;
  const auto file = IdentityFile::load(dir / "ids.json");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, core::Errc::not_found);
  EXPECT_THAT(file.error().what, HasSubstr("headgate identity add"));
}

}  // namespace
}  // namespace headgate::hub
