// Users, rules and reload on the real hub, with Mosquitto's clients, libmosquitto and Paho, and a flood of
// wrong passwords.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kBadUserNameOrPassword = 0x86;
constexpr int kNotAuthorized = 0x87;

class Users : public HubTest {
 protected:
  void configure(nlohmann::json& config) override {
    set_password("ann", "anns");
    ASSERT_EQ(run({"mosquitto_passwd", "-b", users(), "module-det", "dets"}).exit_code, 0);
    config["auth"] = {{"password_file", users()}, {"identities", {{"module-*", {{"module", "*"}}}}}};
    allow_users({"home/%u/#"});
  }
  [[nodiscard]] std::string users() const { return (scratch_.path() / "users").string(); }
  void allow_users(Words topics) {
    hub_.config["access"]["rules"] = {
        {{"who", {{"anonymous", true}}}, {"allow", {"publish", "subscribe", "receive"}}, {"topics", {"#"}}},
        {{"who", {{"users", "*"}}},
         {"allow", {"publish", "subscribe", "receive"}},
         {"topics", std::move(topics)}}};
  }
  void set_password(const std::string& user, const std::string& password) const {
    Process passwd(Words{program("headgate"), "passwd", users(), user, "--memory-kib", "64"},
                   scratch_.path() / "passwd", scratch_.write("password", password + "\n"));
    ASSERT_EQ(passwd.wait(), 0) << passwd.output();
  }
  [[nodiscard]] std::unique_ptr<MqttClient> as(const std::string& user, const std::string& password,
                                               Protocol protocol = Protocol::v5) const {
    return std::make_unique<MqttClient>(
        hub_.port(), ClientOptions{.protocol = protocol, .username = user, .password = password});
  }

  ScratchDir scratch_;
};

TEST_F(Users, AreLetInByARightPasswordAndRefusedByAWrongOne) {
  EXPECT_TRUE(as("ann", "anns")->is_connected());
  EXPECT_EQ(as("ann", "nope")->connect_code(), kBadUserNameOrPassword);
  EXPECT_EQ(as("eve", "anns")->connect_code(), kBadUserNameOrPassword);
  EXPECT_EQ(as("ann", "nope", Protocol::v311)->connect_code(), 4);
  EXPECT_TRUE(hub_.logs("wrong password"));  // the first refusal of an address in a minute
}

TEST_F(Users, WhoAreUnknownAreRefusedAlikeAndNamedSoInTheLog) {
  EXPECT_EQ(as("eve", "anns")->connect_code(), kBadUserNameOrPassword);
  EXPECT_TRUE(hub_.logs("unknown user"));
}

TEST_F(Users, OfMosquittosFileAreTakenAsTheyAre) { EXPECT_TRUE(as("module-det", "dets")->is_connected()); }

TEST_F(Users, MeetTheirRulesWithMosquittosClients) {
  const Words pub{"mosquitto_pub",
                  "-p",
                  std::to_string(hub_.port()),
                  "-V",
                  "5",
                  "-q",
                  "1",
                  "-u",
                  "ann",
                  "-P",
                  "anns",
                  "-m",
                  "x",
                  "-t"};
  const auto publish = [&](const std::string& topic) {
    Words words = pub;
    words.push_back(topic);
    return run(words).out;
  };
  EXPECT_EQ(publish("home/ann/x"), "");
  EXPECT_THAT(publish("home/bob/x"), HasSubstr("Not authorized"));
  auto ann = as("ann", "anns");
  EXPECT_EQ(ann->subscribe("home/ann/#", 1), 1);
  EXPECT_EQ(ann->subscribe("home/#", 1), kNotAuthorized);
  EXPECT_EQ(hub_.cli_json({"status"})["denied"]["publish"], 1);
}

TEST_F(Users, AreLetInWithPaho) {
  const char* script =
      "import sys, queue, paho.mqtt.client as m\n"
      "codes = queue.Queue()\n"
      "c = m.Client()\n"
      "c.on_connect = lambda c, u, f, rc: codes.put(rc)\n"
      "c.username_pw_set('ann', sys.argv[2])\n"
      "c.connect('127.0.0.1', int(sys.argv[1]))\n"
      "c.loop_start()\n"
      "print('code', codes.get(timeout=15))\n";
  const auto connect = [&](const std::string& password) {
    return run({"/usr/bin/python3", "-c", script, std::to_string(hub_.port()), password}).out;
  };
  EXPECT_THAT(connect("anns"), HasSubstr("code 0"));
  EXPECT_THAT(connect("nope"), HasSubstr("code 4"));
}

TEST_F(Users, AreModulesThatPublishOnlyAsThemselves) {
  auto detector = as("module-det", "dets");
  EXPECT_TRUE(detector->publish_and_wait("modules/det/outputs/o", "x", 1));
  EXPECT_EQ(detector->last_publish_code(), 0);
  (void)detector->publish_and_wait("modules/other/outputs/o", "x", 1);
  EXPECT_EQ(detector->last_publish_code(), kNotAuthorized);
  EXPECT_EQ(hub_.cli_json({"client", "ls"})["clients"][0]["module"], "det");
}

TEST_F(Users, ThatAreRemovedOrHaveANewPasswordAreDisconnectedOnReload) {
  set_password("bob", "bobs");
  set_password("eve", "eves");
  hub_.reload();
  ASSERT_TRUE(eventually([this] { return as("bob", "bobs")->is_connected(); })) << hub_.log();
  auto ann = as("ann", "anns");
  auto bob = as("bob", "bobs");
  auto eve = as("eve", "eves");
  ASSERT_TRUE(ann->is_connected() && bob->is_connected() && eve->is_connected());
  ASSERT_EQ(run({program("headgate"), "passwd", users(), "bob", "--delete"}).exit_code, 0);
  set_password("eve", "new");
  hub_.reload();
  EXPECT_TRUE(bob->wait_disconnected());
  EXPECT_EQ(bob->disconnect_code(), kNotAuthorized);
  EXPECT_TRUE(eve->wait_disconnected());
  EXPECT_EQ(as("bob", "bobs")->connect_code(), kBadUserNameOrPassword);
  EXPECT_TRUE(ann->publish_and_wait("home/ann/x", "still here", 1));
}

TEST_F(Users, HaveNewRulesOnReload) {
  auto ann = as("ann", "anns");
  (void)ann->publish_and_wait("away/x", "x", 1);
  EXPECT_EQ(ann->last_publish_code(), kNotAuthorized);
  allow_users({"away/#"});
  hub_.reload();
  EXPECT_TRUE(eventually([&] {
    (void)ann->publish_and_wait("away/x", "x", 1);
    return ann->last_publish_code() == 0;
  }));
}

TEST_F(Users, StayAsTheyAreWhenTheNewFileIsWrong) {
  auto ann = as("ann", "anns");
  scratch_.write("users", "ann:anns\n");
  hub_.reload();
  EXPECT_TRUE(hub_.logs("access_reload_failed"));
  EXPECT_TRUE(hub_.logs("users:1: the password of 'ann' is not hashed"));
  EXPECT_TRUE(ann->publish_and_wait("home/ann/x", "x", 1));
  EXPECT_TRUE(as("ann", "anns")->is_connected());
}

TEST_F(Users, OfAWrongFileStopTheStart) {
  hub_.terminate();
  ASSERT_EQ(hub_.wait(), 0);
  scratch_.write("users", "ann:anns\n");
  hub_.launch();
  EXPECT_EQ(hub_.wait(), 2);
  EXPECT_TRUE(hub_.logs("is not hashed"));
}

TEST_F(Users, AreServedWhileSomebodyFloodsWrongPasswords) {
  auto control = as("ann", "anns");
  ASSERT_EQ(control->subscribe("home/ann/#", 1), 1);
  const char* flood =
      "import sys, socket, time\n"
      "packet = bytes([0x10, 28]) + b'\\0\\4MQTT\\4\\xc2\\0\\x3c\\0\\1f' + b'\\0\\3ann' + b'\\0\\x08' + "
      "b'wrongpwd'\n"
      "end = time.time() + 4\n"
      "open_ = []\n"
      "while time.time() < end:\n"
      "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
      "    s.sendall(packet)\n"
      "    open_.append(s)\n"
      "    if len(open_) > 200: open_.pop(0).close()\n";
  Process flooding(Words{"/usr/bin/python3", "-c", flood, std::to_string(hub_.port())},
                   scratch_.path() / "flood");
  ASSERT_TRUE(hub_.logs("connect_refused")) << flooding.output();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(control->publish_and_wait("home/ann/x", std::to_string(i), 1));
  EXPECT_EQ(control->expect_payloads(50).size(), 50u);
  EXPECT_TRUE(as("ann", "anns")->is_connected()) << "a verified password needs no check";
  EXPECT_EQ(flooding.wait(), 0) << flooding.output();
}

}  // namespace
}  // namespace headgate::e2e
