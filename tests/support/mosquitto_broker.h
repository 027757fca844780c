// A real Mosquitto on a free loopback port, with its files in a directory of its own. For e2e tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace headgate::testing {

// A directory that is gone when its owner is.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] uint16_t free_loopback_port();

// Keeps sessions across stop() and start(), but not across kill().
class MosquittoBroker {
 public:
  // `extra`: further lines of mosquitto.conf; `$dir` in them is the broker's directory.
  explicit MosquittoBroker(std::vector<std::string> extra = {"allow_anonymous true"});
  ~MosquittoBroker() { kill(); }
  MosquittoBroker(const MosquittoBroker&) = delete;
  MosquittoBroker& operator=(const MosquittoBroker&) = delete;

  void start();  // returns when it accepts connections
  void stop();   // SIGTERM: saves its sessions
  void kill();   // SIGKILL

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  void write_config() const;
  void end(int signal);

  TemporaryDirectory directory_;
  std::vector<std::string> extra_;
  uint16_t port_ = free_loopback_port();
  pid_t pid_ = 0;
};

}  // namespace headgate::testing
