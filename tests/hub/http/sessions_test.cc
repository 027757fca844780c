// Sessions of browsers: whose cookie counts, until when, and for what.
#include "hub/http/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "hub/admin/sign_in/session.h"
#include "hub/http/door.h"
#include "tests/support/canned_hub_view.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kThenMs = 1'790'000'000'000;
constexpr const char* kAnna = "hg_anna_0123456789";
constexpr const char* kAnnaLine = "operate anna hg_anna_0123456789\n";
constexpr const char* kOther = "read grafana hg_read_0123456789\n";

Tokens tokens_of(const std::string& lines) { return *Tokens::parse(lines, "tokens"); }

SessionKey key_of(uint8_t byte) {
  SessionKey key{};
  key.fill(byte);
  return key;
}

class HttpSessions : public ::testing::Test {
 protected:
  // Name and value of the cookie that a browser has from signing in.
  [[nodiscard]] static std::string signed_in(const Sessions& sessions,
                                             int64_t until_ms = kThenMs + kSessionMs) {
    const std::string field = sessions.begin(kAnna, until_ms);
    return field.substr(0, field.find(';'));
  }
  [[nodiscard]] Knock knock(std::string_view cookie, std::string_view method = "GET",
                            std::string_view origin = {}) const {
    return {method, "/v1/dlq/purge", "localhost:9180", origin, {}, "application/json", cookie};
  }
  [[nodiscard]] std::variant<Caller, AdminResponse> admit(const Knock& knock,
                                                          int64_t wall_ms = kThenMs) const {
    return door_.admit(knock, wall_ms);
  }
  [[nodiscard]] Caller caller(std::string_view cookie, int64_t wall_ms = kThenMs) const {
    const auto answer = admit(knock(cookie), wall_ms);
    return std::holds_alternative<Caller>(answer) ? std::get<Caller>(answer)
                                                  : Caller{Role::admin, "refused", ""};
  }
  [[nodiscard]] static unsigned status(const std::variant<Caller, AdminResponse>& answer) {
    const auto* refused = std::get_if<AdminResponse>(&answer);
    return refused == nullptr ? 200 : refused->status;
  }

  const Sessions sessions_{key_of(7), 9180, false};
  Door door_{{{"localhost"}, true}, tokens_of(std::string(kAnnaLine) + kOther), sessions_};
  const std::string cookie_ = signed_in(sessions_);
};

TEST_F(HttpSessions, AreCookiesThatScriptsAndOtherPagesCannotUse) {
  EXPECT_THAT(sessions_.begin(kAnna, kThenMs),
              ::testing::MatchesRegex(
                  "headgate_9180=1790000000000\\.[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict"));
  EXPECT_THAT(Sessions(key_of(7), 443, true).begin(kAnna, kThenMs), ::testing::EndsWith("; Secure"));
  EXPECT_EQ(sessions_.end(), "headgate_9180=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  EXPECT_THAT(sessions_.begin(kAnna, kThenMs), Not(HasSubstr(kAnna)));
}

TEST_F(HttpSessions, StandForTheTokenAndItsRights) {
  EXPECT_EQ(caller(cookie_).user, "anna");
  EXPECT_EQ(caller(cookie_).role, Role::operate);
  EXPECT_EQ(caller(cookie_).until_ms, kThenMs + kSessionMs);
  EXPECT_EQ(caller("theme=dark; " + cookie_ + "; x").user, "anna");
  door_.use(tokens_of("read anna hg_anna_0123456789\n"));
  EXPECT_EQ(caller(cookie_).role, Role::read) << "as its line says now";
}

TEST_F(HttpSessions, EndWithTheirTimeAndWithTheirToken) {
  EXPECT_EQ(caller(cookie_, kThenMs + kSessionMs - 1).role, Role::operate);
  for (const int64_t when : {kThenMs + kSessionMs, kThenMs - 600'000}) {
    EXPECT_EQ(caller(cookie_, when).role, Role::none) << when;
    EXPECT_THAT(caller(cookie_, when).why_nobody, HasSubstr("sign in again"));
  }
  const Caller before = caller(cookie_);
  EXPECT_TRUE(door_.still_knows(before));
  door_.use(tokens_of(kOther));
  EXPECT_EQ(caller(cookie_).role, Role::none);
  EXPECT_FALSE(door_.still_knows(before));
}

TEST_F(HttpSessions, CountOnlyAsTheHubMadeThem) {
  const std::string until = std::to_string(kThenMs + kSessionMs);
  std::string changed = cookie_;
  changed.back() = changed.back() == '0' ? '1' : '0';
  std::string longer = cookie_;
  longer[longer.find('.') - 1] = '1';
  for (const std::string& forged : {changed, longer, signed_in(Sessions(key_of(8), 9180, false)),
                                    "headgate_9180=" + until + "." + std::string(64, '0')}) {
    EXPECT_EQ(caller(forged).role, Role::none) << forged;
    EXPECT_THAT(caller(forged).why_nobody, HasSubstr("sign in again")) << forged;
  }
}

TEST_F(HttpSessions, ThatAreNoneAreNotLookedAt) {
  const std::string value = cookie_.substr(cookie_.find('=') + 1);
  for (const std::string& none :
       {std::string(), std::string("headgate_9180"), std::string("headgate_9180="), "headgate_918=" + value,
        "headgate_91800=" + value, "Headgate_9180=" + value, cookie_ + "; " + cookie_, cookie_ + "0",
        "headgate_9180=." + value.substr(value.find('.') + 1),
        "headgate_9180=-1" + value.substr(value.find('.')),
        "headgate_9180=9999999999999999999" + value.substr(value.find('.')),
        "headgate_9180=\"" + value + "\"", signed_in(Sessions(key_of(7), 9181, false)),
        std::string(5'000, ';')}) {
    EXPECT_EQ(caller(none).role, Role::none) << none;
    EXPECT_EQ(caller(none).why_nobody, "") << none;
  }
}

TEST_F(HttpSessions, ChangeThingsFromPagesOfThisServerOnly) {
  EXPECT_EQ(status(admit(knock(cookie_, "POST", "http://localhost:9180"))), 200u);
  EXPECT_EQ(status(admit(knock(cookie_, "POST"))), 403u);
  for (const char* origin :
       {"null", "http://localhost:9181", "https://localhost:9180", "http://evil.example"})
    EXPECT_EQ(status(admit(knock(cookie_, "POST", origin))), 403u) << origin;
  EXPECT_EQ(status(admit(knock(cookie_, "GET"))), 200u) << "a stream of events comes without";
}

TEST_F(HttpSessions, GiveWayToATokenThatIsSent) {
  Knock both = knock(cookie_, "POST");
  both.authorization = "Bearer hg_read_0123456789";
  EXPECT_EQ(std::get<Caller>(admit(both)).user, "grafana");
  EXPECT_EQ(std::get<Caller>(admit(both)).until_ms, std::nullopt);
  both.authorization = "Bearer hg_wrong_0123456789";
  EXPECT_EQ(status(admit(both)), 401u);
}

TEST_F(HttpSessions, ThatEndedLeaveOpenWhatIsOpen) {
  Knock metrics{"GET", "/metrics", "localhost", {}, {}, {}, cookie_};
  EXPECT_EQ(std::get<Caller>(admit(metrics, kThenMs + kSessionMs)).role, Role::read);
}

// ---- the operations ----

class SessionOperations : public HttpSessions {
 protected:
  [[nodiscard]] AdminResponse ask(std::string_view method, const std::string& target, const Caller& who) {
    return std::get<AdminResponse>(api_.handle({std::string(method), target, "", who}));
  }
  [[nodiscard]] nlohmann::json body(const AdminResponse& response) const {
    return nlohmann::json::parse(response.body);
  }

  testing::CannedHubView hub_;
  testing::RecordingLog log_;
  AdminApi api_{hub_, hub_.queue_store(), log_};
  const Caller anna_{Role::operate, "anna", "127.0.0.1:7"};
};

TEST_F(SessionOperations, BeginOneForWhoSendsAToken) {
  const AdminResponse begun = ask("POST", "/v1/session", anna_);
  EXPECT_EQ(body(begun)["user"], "anna");
  EXPECT_EQ(body(begun)["role"], "operate");
  EXPECT_EQ(body(begun)["until_ms"], hub_.now().wall_ms + kSessionMs);
  EXPECT_THAT(door_.cookie_for(begun, "Bearer hg_anna_0123456789"),
              ::testing::StartsWith("headgate_9180=" + std::to_string(begun.session_until_ms) + "."));
  EXPECT_EQ(door_.cookie_for(ask("GET", "/v1/session", anna_), "Bearer hg_anna_0123456789"), "");
}

TEST_F(SessionOperations, BeginNoneForASessionOrTheSocket) {
  Caller by_cookie = anna_;
  by_cookie.until_ms = 5;
  EXPECT_EQ(ask("POST", "/v1/session", by_cookie).status, 400u);
  EXPECT_EQ(ask("POST", "/v1/session", Caller()).status, 400u);
  EXPECT_THAT(ask("POST", "/v1/session", Caller()).body, HasSubstr("socket"));
}

TEST_F(SessionOperations, TellWhoAsks) {
  EXPECT_EQ(ask("GET", "/v1/session", Caller()).body,
            R"({"user":"","role":"admin","until_ms":null,"why":""})");
  EXPECT_EQ(body(ask("GET", "/v1/session", anna_))["until_ms"], nullptr);
  Caller by_cookie = anna_;
  by_cookie.until_ms = 5;
  EXPECT_EQ(body(ask("GET", "/v1/session", by_cookie))["until_ms"], 5);
  Caller nobody{Role::none, "", "127.0.0.1:7"};
  nobody.why_nobody = "it has ended";
  EXPECT_EQ(ask("GET", "/v1/session", nobody).body,
            R"({"user":"","role":"none","until_ms":null,"why":"it has ended"})");
}

TEST_F(SessionOperations, EndOneForEverybody) {
  const AdminResponse ended = ask("POST", "/v1/session/end", {Role::none, "", "127.0.0.1:7"});
  EXPECT_EQ(ended.body, "{}");
  EXPECT_THAT(door_.cookie_for(ended, ""), HasSubstr("Max-Age=0"));
}

// ---- the key ----

class SessionKeyFile : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  std::string path_ = dir_.path() + "/http-cookie-key";
};

TEST_F(SessionKeyFile, IsMadeOnceForItsOwnerOnly) {
  const auto first = read_or_make_session_key(path_);
  ASSERT_TRUE(first);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*read_or_make_session_key(path_), *first);
  EXPECT_NE(*read_or_make_session_key(path_ + "2"), *first);
}

TEST_F(SessionKeyFile, IsRefusedIfOthersMayReadItOrItIsNone) {
  ASSERT_TRUE(read_or_make_session_key(path_));
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  EXPECT_THAT(read_or_make_session_key(path_).error().what, HasSubstr("chmod 600"));
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  for (const char* wrong : {"", "00", "no key"}) {
    std::ofstream(path_) << wrong;
    EXPECT_THAT(read_or_make_session_key(path_).error().what, HasSubstr("remove it")) << wrong;
  }
}

}  // namespace
}  // namespace headgate::hub
