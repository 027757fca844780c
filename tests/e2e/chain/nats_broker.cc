#include "tests/e2e/chain/nats_broker.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "tests/e2e/support/net.h"
#include "tests/e2e/support/wait.h"

namespace headgate::e2e {
namespace {

constexpr const char* kNatsServer = "/usr/sbin/nats-server";

}  // namespace

bool NatsBroker::is_installed() { return std::filesystem::exists(kNatsServer); }

// What a reader that was killed had not acknowledged comes again after `ack_wait`, which is half a minute by default.
NatsBroker::NatsBroker() : port_(free_port()) {
  scratch_.write("nats.conf", "server_name: cloud\nlisten: \"127.0.0.1:" + std::to_string(free_port()) +
                                  "\"\njetstream { store_dir: \"" + (scratch_.path() / "streams").string() +
                                  "\" }\nmqtt { listen: \"127.0.0.1:" + std::to_string(port_) +
                                  "\", ack_wait: \"2s\" }\n");
}

void NatsBroker::start() {
  process_ = std::make_unique<Process>(
      std::vector<std::string>{kNatsServer, "--config", (scratch_.path() / "nats.conf").string()},
      scratch_.path() / "output");
  ASSERT_TRUE(eventually([this] { return accepts(port_); })) << process_->output();
}

void NatsBroker::stop() {
  if (!process_) return;
  process_->signal(SIGTERM);
  EXPECT_TRUE(process_->wait()) << process_->output();
  process_.reset();
}

}  // namespace headgate::e2e
