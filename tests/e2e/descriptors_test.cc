// Descriptors are shared out: the store has what it needs, whoever comes.
#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <filesystem>

#include "tests/e2e/support/hub_fixture.h"
#include "tests/e2e/support/net.h"
#include "tests/e2e/support/wrapped_hub.h"

namespace headgate::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Descriptors : public HubTest {
 protected:
  void SetUp() override {}  // each test says first how many there are
  void start_with(const std::string& soft_and_hard) {
    wrapped_.emplace("prlimit --nofile=" + soft_and_hard);
    hub_.config["routes"] = {{"up", "FROM 'plant/#' INTO $upstream"}};
    hub_.config["limits"] = {{"connect_rate_max", 0}};
    hub_.start();
  }

  void connect(int count) {
    for (int i = 0; i < count; ++i) sockets_.emplace_back(hub_.port());
  }
  [[nodiscard]] size_t lines_with(const std::string& text) const {
    size_t lines = 0;
    const std::string log = hub_.log();
    for (size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++lines;
    return lines;
  }
  [[nodiscard]] size_t tables() const {
    const std::filesystem::directory_iterator files(hub_.data_dir() + "/store");
    return static_cast<size_t>(
        std::ranges::count_if(files, [](const auto& file) { return file.path().extension() == ".sst"; }));
  }

  std::optional<WrappedHub> wrapped_;
  std::deque<RawSocket> sockets_;
};

TEST_F(Descriptors, AreKeptForTheStoreWhenMoreClientsComeThanThereIsRoomFor) {
  start_with("400:400");
  auto publisher = client();
  connect(420);
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(publisher->publish_and_wait("plant/a", std::string(1'000'000, 'x'), 1));
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], 30);
  EXPECT_TRUE(hub_.logs("descriptors_few limit=400"));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("accept_failed")));
  EXPECT_LE(lines_with("connection_refused"), 2u) << "a line a minute";
  EXPECT_TRUE(hub_.logs("connection_refused"));
}

TEST_F(Descriptors, AreAsManyAsTheSystemLetsHaveWhateverTheSoftLimitIs) {
  start_with("64:4096");
  connect(300);
  EXPECT_TRUE(client()->publish_and_wait("plant/a", "x", 1));
  EXPECT_THAT(hub_.log(), Not(HasSubstr("connection_refused")));
}

TEST_F(Descriptors, AreEnoughHoweverOftenTheHubWasStartedWithSomethingWaiting) {
  constexpr int kRestarts = 60;
  start_with("256:256");
  for (int i = 0; i < kRestarts; ++i) {
    ASSERT_TRUE(client()->publish_and_wait("plant/a", "waits", 1));
    hub_.kill_hard();
    hub_.start();
  }
  EXPECT_EQ(hub_.cli_json({"status"})["store"]["waiting"], kRestarts);
  EXPECT_TRUE(eventually([&] { return tables() <= 50; })) << tables() << " files";
}

}  // namespace
}  // namespace headgate::e2e
