// The load generator: every connection on one epoll loop, with one read buffer for all.
//
// First all clients connect and have subscribed, a few hundred at a time; then the clock starts and
// publishers write as fast as the window, the rate and the kernel let them. A run ends when everything
// expected has happened, or at its time; what is then on its way is waited for until it has been quiet for a
// while. A client that fails is counted with the reason and left out; the others go on.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tools/bench/client.h"
#include "tools/bench/options.h"
#include "tools/bench/progress.h"
#include "tools/bench/report.h"
#include "tools/bench/stream.h"
#include "tools/bench/traffic.h"
#include "tools/bench/wire.h"

namespace headgate::tools::bench {

class Generator {
 public:
  struct Hooks {
    std::function<bool()> interrupted;              // asked every turn
    std::function<void(const Progress&)> progress;  // called a few times a second
  };

  // `options` must outlive this. `run` is the process id.
  Generator(const Options& options, uint32_t run, Hooks hooks);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Runs to the end and disconnects. What went wrong with single clients is in the report.
  // Errors: invalid, unavailable (no client could be tried), io (the kernel has no epoll for us).
  [[nodiscard]] core::Result<Report> run();

 private:
  void plan(Role role, uint32_t how_many);
  [[nodiscard]] core::Status prepare();

  void connect_all();
  void open_more();
  void open(Client& client);
  void give_up_connecting();
  void run_traffic();
  void hold();
  void disconnect_all();

  void turn(int64_t until_ns);
  void on_event(Client& client, uint32_t events);
  void on_established(Client& client);
  void on_readable(Client& client);
  void on_packet(Client& client, const PacketView& packet);
  void on_connack(Client& client, const AnswerView& answer);
  void on_suback(Client& client, const AnswerView& answer);
  void on_publish(Client& client, const PacketView& packet);
  void on_published(Client& client, PacketType type, const AnswerView& answer);
  void settle(Client& client, State state);
  void lose(Client& client, const std::string& why);

  void pump(Client& publisher);
  void flush(Client& client);
  void watch(Client& client, uint32_t events);
  void keep_alive();
  void show_progress();
  void wake_at(int64_t when_ns);
  [[nodiscard]] bool interrupted();

  const Options& options_;
  const Hooks hooks_;
  Report report_;
  Traffic traffic_;
  Peer peer_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<char[]> read_buffer_;
  int epoll_ = -1;
  int timer_ = -1;
  size_t opened_ = 0;
  size_t settled_ = 0;         // ready, done or lost
  bool more_to_send_ = false;  // a publisher stopped before the kernel did
  const char* phase_ = "connecting";
  int64_t now_ns_ = 0;  // read once a turn, and after each read
  int64_t connecting_ns_ = 0;
  int64_t phase_ns_ = 0;
  int64_t last_settled_ns_ = 0;
  int64_t next_progress_ns_ = 0;
  int64_t next_keep_alive_ns_ = 0;
};

}  // namespace headgate::tools::bench
