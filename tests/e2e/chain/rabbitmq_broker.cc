#include "tests/e2e/chain/rabbitmq_broker.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/support/net.h"

namespace headgate::e2e {
namespace {

constexpr const char* kServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";
constexpr auto kSlow = std::chrono::seconds(60);  // Erlang, on a busy machine

}  // namespace

bool RabbitMqBroker::is_installed() { return std::filesystem::exists(kServer); }

RabbitMqBroker::RabbitMqBroker() : port_(free_port()), epmd_port_(free_port()) {
  scratch_.write("enabled_plugins", "[rabbitmq_mqtt].\n");
  scratch_.write("rabbitmq.conf", "listeners.tcp.1 = 127.0.0.1:" + std::to_string(free_port()) +
                                      "\nmqtt.listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) +
                                      "\nmqtt.allow_anonymous = true\nloopback_users.guest = true\n");
}

RabbitMqBroker::~RabbitMqBroker() { stop(); }

void RabbitMqBroker::stop() {
  if (!process_) return;
  process_->signal(SIGTERM);
  EXPECT_TRUE(process_->wait(kSlow)) << process_->output();
  process_.reset();
  const std::vector<std::string> words{"/usr/bin/env", "ERL_EPMD_PORT=" + std::to_string(epmd_port_),
                                       "/usr/bin/epmd", "-kill"};
  Process epmd(words, file("epmd"));
  EXPECT_TRUE(epmd.wait(kSlow)) << epmd.output();
}

// Everything of its own, also Erlang's epmd: it outlives the server, and stop() ends it.
void RabbitMqBroker::start() {
  const std::vector<std::string> words{"/usr/bin/env",
                                       "HOME=" + scratch_.path().string(),
                                       "ERL_EPMD_ADDRESS=127.0.0.1",
                                       "ERL_EPMD_PORT=" + std::to_string(epmd_port_),
                                       "ERL_EPMD_RELAXED_COMMAND_CHECK=1",
                                       "RABBITMQ_NODENAME=headgate-" + std::to_string(port_) + "@localhost",
                                       "RABBITMQ_DIST_PORT=" + std::to_string(free_port()),
                                       "RABBITMQ_MNESIA_BASE=" + file("mnesia"),
                                       "RABBITMQ_LOG_BASE=" + file("log"),
                                       "RABBITMQ_ENABLED_PLUGINS_FILE=" + file("enabled_plugins"),
                                       "RABBITMQ_CONFIG_FILE=" + file("rabbitmq.conf"),
                                       "RABBITMQ_PID_FILE=" + file("pid"),
                                       kServer};
  process_ = std::make_unique<Process>(words, file("output"));
  ASSERT_TRUE(eventually([this] { return accepts(port_); }, kSlow)) << process_->output();
}

}  // namespace headgate::e2e
