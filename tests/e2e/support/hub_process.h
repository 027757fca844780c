// The real hub as a process, with its own directory, port and configuration file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/scratch_dir.h"

namespace headgate::e2e {

// The directory of the programs under test: $HEADGATE_BIN_DIR, else the build's own.
[[nodiscard]] std::string program(const std::string& name);

// Starts stopped. The data directory, the port and the configuration last as long as the object. At its end,
// expect_sound().
class HubProcess {
 public:
  HubProcess();
  ~HubProcess() { expect_sound(); }
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;

  // The configuration that the next start() or reload() uses. Data directory, listener and hub id are set.
  nlohmann::json config;

  // What the hub prints goes there from its next start on, and not to log(); a pipe that nobody reads, say.
  void print_to(std::filesystem::path output) { output_ = std::move(output); }

  // Words in front of the program that end by running it, such as `env NAME=VALUE`.
  std::vector<std::string> under;

  void start();      // fails the test unless the hub accepts connections soon
  void launch();     // starts it without waiting: for hubs that should refuse
  void kill_hard();  // kill -9
  void reload();     // writes the configuration and sends SIGHUP
  void terminate();  // sends SIGTERM; wait() tells how it ended
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience = kPatience);

  // Every queue of the hub balances, if it runs; it is killed, and what `headgate store check` says of the
  // store that it leaves is "sound". Once for each start: it is stopped afterwards.
  void expect_sound();

  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string data_dir() const { return (scratch_.path() / "data").string(); }
  [[nodiscard]] std::string config_file() const { return (scratch_.path() / "headgate.json").string(); }
  [[nodiscard]] std::string log() const;  // of all its runs
  // Words for a failed test: a crash writes nothing into the log.
  [[nodiscard]] std::string state();
  // Whether the log says this, now or soon: a thread of its own writes what the hub has done already.
  [[nodiscard]] bool logs(std::string_view text, std::chrono::milliseconds patience = kPatience) const;

  // `headgate WORDS…` on the running hub.
  [[nodiscard]] Finished cli(std::vector<std::string> words) const;
  // The same with --json, parsed; null, and a failed test, when that is not what came.
  [[nodiscard]] nlohmann::json cli_json(std::vector<std::string> words) const;
  // `headgate WORDS… --data DIR`, for a stopped hub.
  [[nodiscard]] Finished cli_on_data(std::vector<std::string> words) const;

 private:
  [[nodiscard]] bool listens_everywhere() const;
  void write_config() const;
  void expect_accounts_balance() const;

  ScratchDir scratch_;
  uint16_t port_;
  std::filesystem::path output_ = scratch_.path() / "headgated.log";
  std::unique_ptr<Process> process_;
};

}  // namespace headgate::e2e
