#include "tests/support/mosquitto_broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

namespace headgate::testing {
namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool accepts_connections(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "headgate-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name) << text;
}

uint16_t free_loopback_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t bytes = sizeof(address);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  ::close(fd);
  return ntohs(address.sin_port);
}

MosquittoBroker::MosquittoBroker(std::vector<std::string> extra) : extra_(std::move(extra)) {}

void MosquittoBroker::write_config() const {
  std::string text = "listener " + std::to_string(port_) + " 127.0.0.1\n";
  text += "persistence true\npersistence_location " + directory_.file("") + "\n";
  text += "user root\nmax_queued_messages 0\nset_tcp_nodelay true\n";
  for (std::string line : extra_) {
    for (size_t at = line.find("$dir"); at != std::string::npos; at = line.find("$dir")) {
      line.replace(at, 4, directory_.file("."));
    }
    text += line + "\n";
  }
  directory_.write("mosquitto.conf", text);
}

void MosquittoBroker::start() {
  write_config();
  const std::string config = directory_.file("mosquitto.conf");
  const std::string log = directory_.file("mosquitto.log");
  pid_ = ::fork();
  if (pid_ == 0) {
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    ::execl("/usr/sbin/mosquitto", "mosquitto", "-c", config.c_str(), nullptr);
    ::_exit(127);
  }
  for (int tries = 0; tries < 500 && !accepts_connections(port_); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(accepts_connections(port_)) << "mosquitto did not start; see " << log;
}

void MosquittoBroker::stop() { end(SIGTERM); }
void MosquittoBroker::kill() { end(SIGKILL); }

void MosquittoBroker::end(int signal) {
  const pid_t pid = std::exchange(pid_, 0);
  if (pid == 0) return;
  ::kill(pid, signal);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace headgate::testing
