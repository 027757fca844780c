// Who comes in over HTTP: names, origins, kinds of body and tokens.
#include "hub/http/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "hub/http/tokens.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNowMs = 1'790'000'000'000;

Tokens tokens() {
  return *Tokens::parse(
      "# role user token\n"
      "admin $operator hg_admin_0123456789\n"
      "\n"
      "  read\tgrafana  hg_read_0123456789\n",
      "tokens");
}

class HttpDoor : public ::testing::Test {
 protected:
  [[nodiscard]] unsigned status(const Knock& knock) const {
    const auto answer = door_.admit(knock, kNowMs);
    const auto* refused = std::get_if<AdminResponse>(&answer);
    return refused == nullptr ? 200 : refused->status;
  }
  [[nodiscard]] Caller caller(const Knock& knock) const {
    const auto answer = door_.admit(knock, kNowMs);
    return std::holds_alternative<Caller>(answer) ? std::get<Caller>(answer)
                                                  : Caller{Role::none, "refused", ""};
  }
  static Knock get(std::string_view authorization = {}) {
    return {"GET", "/v1/status", "127.0.0.1:9180", {}, authorization, {}};
  }

  Door door_{{{"localhost", "127.0.0.1", "[::1]"}, true}, tokens()};
};

TEST_F(HttpDoor, KnowsWhoHasAToken) {
  EXPECT_EQ(caller(get("Bearer hg_admin_0123456789")).role, Role::admin);
  EXPECT_EQ(caller(get("bearer hg_read_0123456789")).user, "grafana");
  EXPECT_EQ(caller(get("Bearer hg_read_0123456789")).role, Role::read);
}

TEST_F(HttpDoor, LetsNobodyWithAWrongTokenIn) {
  for (const char* wrong :
       {"Bearer hg_admin_012345678", "Bearer hg_admin_01234567890", "Bearer ", "Bearer",
        "hg_admin_0123456789", "Basic aGc6aGc=", "Bearer  hg_admin_0123456789",
        "Bearer c1f3d21a53e8fa3a2ec43a42c3a2a8a1b0c6a3d5e2cf1d1e65d0cdbd1fd5b2aa", "\t"}) {
    EXPECT_EQ(status(get(wrong)), 401u) << wrong;
  }
}

TEST_F(HttpDoor, TakesWhoHasNoTokenForNobody) {
  EXPECT_EQ(caller(get()).role, Role::none);
  EXPECT_EQ(caller({"GET", "/metrics", "localhost", {}, {}, {}}).role, Role::read);
  EXPECT_EQ(caller({"GET", "/metricsx", "localhost", {}, {}, {}}).role, Role::none);
  const Door closed({{"localhost"}, false}, tokens());
  const auto answer = closed.admit({"GET", "/metrics", "localhost", {}, {}, {}}, kNowMs);
  EXPECT_EQ(std::get<Caller>(answer).role, Role::none);
}

TEST_F(HttpDoor, AnswersToItsOwnNamesOnly) {
  for (const char* own : {"localhost", "LocalHost:80", "127.0.0.1", "[::1]:9180", "[::1]"})
    EXPECT_EQ(status({"GET", "/healthz", own, {}, {}, {}}), 200u) << own;
  for (const char* other : {"", "evil.example", "evil.example:9180", "localhost.evil.example",
                            "127.0.0.1.nip.io", "::1", "[::2]", "127.0.0.1 evil", "user@localhost"})
    EXPECT_EQ(status({"GET", "/healthz", other, {}, {}, {}}), 421u) << other;
}

TEST_F(HttpDoor, ServesPagesOfItsOwnOnly) {
  EXPECT_EQ(status({"GET", "/v1/status", "localhost:9180", "http://localhost:9180", {}, {}}), 200u);
  for (const char* other : {"http://localhost:8080", "https://localhost:9180", "http://evil.example", "null"})
    EXPECT_EQ(status({"GET", "/v1/status", "localhost:9180", other, {}, {}}), 403u) << other;
}

// Forms of foreign pages can send none of the two.
TEST_F(HttpDoor, WantsToKnowWhatABodyIsThatChangesSomething) {
  const auto post = [](std::string_view type) {
    return Knock{"POST", "/v1/dlq/purge", "localhost", {}, "Bearer hg_admin_0123456789", type};
  };
  EXPECT_EQ(status(post("application/json")), 200u);
  EXPECT_EQ(status(post("Application/JSON; charset=utf-8")), 200u);
  EXPECT_EQ(status(post("application/x-ndjson")), 200u);
  for (const char* other : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                            "text/plain; application/json"})
    EXPECT_EQ(status(post(other)), 415u) << other;
}

TEST(HttpTokens, SayWhatIsWrongInALineAndNeverTheToken) {
  const auto refused = Tokens::parse(
      "admin ops\n"
      "root ops hg_0123456789abcdef\n"
      "read ops tooshort\n"
      "read ops hg_0123456789abcdef more\n"
      "read $hub hg_0123456789abcdef\n"
      "read ops sha256:12\n"
      "read ops hg_0123456789ab\"cdef\n",
      "tokens");
  ASSERT_FALSE(refused);
  for (int line = 1; line <= 7; ++line)
    EXPECT_THAT(refused.error().what, HasSubstr("tokens:" + std::to_string(line) + ": "));
  EXPECT_THAT(refused.error().what, ::testing::Not(HasSubstr("0123456789abcdef")));
  EXPECT_THAT(refused.error().what, ::testing::Not(HasSubstr("tooshort")));
}

TEST(HttpTokens, MayBeHashes) {
  const auto known = Tokens::parse(
      "operate anna sha256:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08\n", "tokens");
  ASSERT_TRUE(known);
  ASSERT_TRUE(known->find("test"));
  EXPECT_EQ(known->find("test")->user, "anna");
  EXPECT_EQ(known->find("test")->role, Role::operate);
}

class HttpTokenFile : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  std::string path_ = dir_.path() + "/http-token";
};

TEST_F(HttpTokenFile, IsMadeOnceForItsOwnerOnly) {
  ASSERT_TRUE(read_or_make_token_file(path_));
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::string first;
  std::getline(std::ifstream(path_), first, '\0');
  ASSERT_TRUE(read_or_make_token_file(path_));
  std::string second;
  std::getline(std::ifstream(path_), second, '\0');
  EXPECT_EQ(first, second);
  EXPECT_NE(first, new_token_file());
  const std::string token = first.substr(first.rfind(' ') + 1, 67);
  EXPECT_EQ(read_token_file(path_)->find(token)->role, Role::admin);
}

TEST_F(HttpTokenFile, IsRefusedIfOthersMayReadIt) {
  ASSERT_TRUE(read_or_make_token_file(path_));
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const auto refused = read_or_make_token_file(path_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("chmod 600"));
}

TEST_F(HttpTokenFile, SaysWhyItCannotBeMade) {
  const auto refused = read_or_make_token_file(dir_.path() + "/none/http-token");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("cannot be made"));
}

TEST_F(HttpDoor, OfTlsAnswersToTheNamesOfItsCertificateAndItsOwnPages) {
  Door::Rules rules{{"localhost"}, true, "https", [](const std::string& host) {
                      return host == "hub.site" || host == "10.0.0.7" || host == "fd00::7";
                    }};
  const Door door(std::move(rules), tokens());
  const auto admits = [&door](std::string_view host, std::string_view origin) {
    return std::holds_alternative<Caller>(door.admit({"GET", "/healthz", host, origin, {}, {}}, kNowMs));
  };
  EXPECT_TRUE(admits("Hub.Site:9180", {}));
  EXPECT_TRUE(admits("10.0.0.7", {}));
  EXPECT_TRUE(admits("[fd00::7]:9180", {}));
  EXPECT_FALSE(admits("evil.example", {}));
  EXPECT_FALSE(admits("", {}));
  EXPECT_TRUE(admits("hub.site", "https://hub.site"));
  EXPECT_FALSE(admits("hub.site", "http://hub.site"));
}

}  // namespace
}  // namespace headgate::hub
