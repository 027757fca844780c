#include "tests/e2e/support/hub_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "tests/e2e/support/net.h"
#include "tests/e2e/support/wait.h"

namespace headgate::e2e {

std::string program(const std::string& name) {
  const char* directory = ::getenv("HEADGATE_BIN_DIR");
  return std::string(directory != nullptr ? directory : HEADGATE_BUILT_BIN_DIR) + "/" + name;
}

HubProcess::HubProcess() : port_(free_port()) {
  config = {{"hub_id", "test-hub"},
            {"data_dir", data_dir()},
            {"listeners", {{{"address", "127.0.0.1"}, {"port", port_}}}}};
}

void HubProcess::write_config() const { scratch_.write("headgate.json", config.dump(2)); }

void HubProcess::launch() {
  write_config();
  std::vector<std::string> words = under;
  words.insert(words.end(), {program("headgated"), "--config", config_file()});
  process_ = std::make_unique<Process>(words, output_);
}

void HubProcess::start() {
  launch();
  const bool accepting = eventually([this] { return accepts(port_) || !process_->is_running(); });
  ASSERT_TRUE(accepting && process_->is_running()) << "the hub does not start:\n" << log();
  // Its listeners begin one after the other.
  EXPECT_TRUE(eventually([this] { return listens_everywhere() || !process_->is_running(); }));
}

bool HubProcess::listens_everywhere() const {
  if (!config.contains("listeners")) return true;
  return std::ranges::all_of(config["listeners"], [](const nlohmann::json& listener) {
    return !listener.is_object() || !listener.contains("port") || is_listened_on(listener["port"]);
  });
}

void HubProcess::kill_hard() { process_->kill_hard(); }

void HubProcess::reload() {
  write_config();
  process_->signal(SIGHUP);
}

void HubProcess::terminate() { process_->signal(SIGTERM); }

void HubProcess::expect_sound() {
  if (!process_) return;
  if (process_->is_running()) expect_accounts_balance();
  process_.reset();
  if (!std::filesystem::exists(data_dir() + "/store/CURRENT")) return;  // refused, or another's directory
  const Finished check = cli_on_data({"store", "check"});
  EXPECT_EQ(check.exit_code, 0) << check.out;
}

// A hub that is only just starting, or stopping, has no socket to ask.
void HubProcess::expect_accounts_balance() const {
  if (!std::filesystem::exists(data_dir() + "/admin.sock")) return;
  const nlohmann::json answer = cli_json({"queue", "ls"});
  for (const auto& queue : answer["queues"]) {
    const auto count = [&queue](const char* field) { return queue.at(field).get<uint64_t>(); };
    EXPECT_EQ(count("in"),
              count("waiting") + count("delivered") + count("expired") + count("dropped") + count("dead"))
        << queue.dump();
  }
}

std::optional<int> HubProcess::wait(std::chrono::milliseconds patience) { return process_->wait(patience); }

std::string HubProcess::log() const { return read_file(scratch_.path() / "headgated.log"); }

std::string HubProcess::state() {
  if (!process_) return "not started";
  if (process_->is_running()) return "running";
  return "ended with " + std::to_string(process_->wait(0ms).value_or(-1));
}

bool HubProcess::logs(std::string_view text, std::chrono::milliseconds patience) const {
  return eventually([&] { return log().find(text) != std::string::npos; }, patience);
}

Finished HubProcess::cli(std::vector<std::string> words) const {
  words.insert(words.begin(), program("headgate"));
  words.insert(words.end(), {"--socket", data_dir() + "/admin.sock"});
  return run(words);
}

nlohmann::json HubProcess::cli_json(std::vector<std::string> words) const {
  words.emplace_back("--json");
  const Finished finished = cli(words);
  nlohmann::json parsed = nlohmann::json::parse(finished.out, nullptr, false);
  EXPECT_EQ(finished.exit_code, 0) << finished.out;
  EXPECT_FALSE(parsed.is_discarded()) << finished.out;
  return parsed.is_discarded() ? nlohmann::json() : parsed;
}

Finished HubProcess::cli_on_data(std::vector<std::string> words) const {
  words.insert(words.begin(), program("headgate"));
  words.insert(words.end(), {"--data", data_dir()});
  return run(words);
}

}  // namespace headgate::e2e
