#include "tests/e2e/support/mosquitto_broker.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : "root";
}

}  // namespace

MosquittoBroker::MosquittoBroker(std::string access) : port_(free_port()) { set_access(std::move(access)); }

void MosquittoBroker::set_access(std::string access) {
  constexpr std::string_view kVariable = "$dir";
  for (size_t at = access.find(kVariable); at != std::string::npos; at = access.find(kVariable)) {
    access.replace(at, kVariable.size(), scratch_.path().string());
  }
  // Without `user`, root becomes `mosquitto`, who cannot write the database here.
  const std::string config = "listener " + std::to_string(port_) + " 127.0.0.1\n" + access + "user " +
                             user_name() +
                             "\nmax_queued_messages 0\nmax_inflight_messages 0\npersistence true\n" +
                             "persistence_location " + scratch_.path().string() + "/\n";
  scratch_.write("mosquitto.conf", config);
}

void MosquittoBroker::start() {
  const std::string config = (scratch_.path() / "mosquitto.conf").string();
  const std::vector<std::string> words{"/usr/sbin/mosquitto", "-c", config};
  process_ = std::make_unique<Process>(words, scratch_.path() / "mosquitto.log");
  ASSERT_TRUE(eventually([this] { return accepts(port_); })) << process_->output();
}

void MosquittoBroker::stop() {
  process_->signal(SIGTERM);
  ASSERT_TRUE(process_->wait().has_value()) << "Mosquitto does not stop";
}

void MosquittoBroker::kill() { process_->kill_hard(); }

}  // namespace headgate::e2e
