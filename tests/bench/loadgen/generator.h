// The load generator: every connection on one epoll loop, with one read buffer for all.
//
// First all connections are opened and have subscribed, a few hundred at a time; then the clock starts and
// publishers write as fast as the window, the rate and the kernel let them. A run ends when everything
// expected has happened, when nothing has been heard for `quiet_s` after the last publish, or at
// `seconds_max`.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tests/bench/loadgen/connection.h"
#include "tests/bench/loadgen/options.h"
#include "tests/bench/loadgen/reading.h"
#include "tests/bench/loadgen/report.h"
#include "tests/bench/loadgen/wire.h"

namespace headgate::bench {

class Generator {
 public:
  explicit Generator(const Options& options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Opens every connection; flows then run to their end. Idle connections stay open until destruction.
  // Errors: io (with what the broker or the kernel refused).
  [[nodiscard]] core::Result<Report> run();

 private:
  void plan(Role role, uint32_t how_many);
  [[nodiscard]] core::Status prepare();
  [[nodiscard]] core::Status open_more();
  [[nodiscard]] core::Status turn(int64_t until_ns);
  [[nodiscard]] bool all_ready() const { return ready_ == connections_.size(); }

  [[nodiscard]] core::Status on_event(Connection& connection, uint32_t events);
  [[nodiscard]] core::Status on_opened(Connection& connection);
  [[nodiscard]] core::Status on_readable(Connection& connection);
  [[nodiscard]] core::Status on_packet(Connection& connection, const PacketView& packet);
  [[nodiscard]] core::Status on_connack(Connection& connection, const PacketView& packet);
  [[nodiscard]] core::Status on_suback(Connection& connection, const PacketView& packet);
  void on_publish(Connection& connection, const PacketView& packet);
  void check_order(const Connection& subscriber, const Stamp& stamp);
  void become_ready(Connection& connection);
  [[nodiscard]] core::Status flush(Connection& connection);
  void watch(Connection& connection, uint32_t events);

  void start_clock();
  [[nodiscard]] core::Status pump_all();
  [[nodiscard]] core::Status pump(Connection& publisher);
  [[nodiscard]] bool may_send(const Connection& publisher) const;
  void append_message(Connection& publisher);
  [[nodiscard]] uint64_t due_per_publisher() const;
  [[nodiscard]] bool finished() const;
  [[nodiscard]] bool published_all() const;
  [[nodiscard]] uint64_t expected_deliveries() const;

  const Options options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> publishers_;
  std::vector<PublishTemplate> templates_;  // by publisher
  std::vector<ReadingSource> readings_;     // by publisher
  std::vector<uint32_t> next_number_;       // by subscriber × publisher
  std::unique_ptr<char[]> read_buffer_;
  int epoll_ = -1;
  int timer_ = -1;
  size_t opened_ = 0;
  size_t ready_ = 0;
  int64_t now_ns_ = 0;  // read once a turn, and once a packet batch
  int64_t started_ns_ = 0;
  int64_t last_progress_ns_ = 0;
  uint64_t first_subscriber_received_ = 0;
  Report report_;
};

}  // namespace headgate::bench
