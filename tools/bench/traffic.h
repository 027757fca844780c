// The messages of a run: who may publish how many by when, what must come of them, and what came. No I/O;
// time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/client.h"
#include "tools/bench/options.h"
#include "tools/bench/pacer.h"
#include "tools/bench/reading.h"
#include "tools/bench/report.h"
#include "tools/bench/wire.h"

namespace headgate::tools::bench {

class Traffic {
 public:
  // `report` is counted into. All must outlive this. `run` is the process id.
  Traffic(const Options& options, uint32_t run, Report& report);

  // Publishers by their index, and subscribers; before start().
  void add_publisher(Client& publisher);
  void add_subscriber(const Client& subscriber);
  [[nodiscard]] std::string filter_of(const Client& subscriber) const;

  // The clock starts: with the first message where nobody publishes. Clients that are lost are not counted
  // on.
  void start(int64_t now_ns);

  // Gives publishers what is due by `now_ns`; those that have not published all they got are in `granted()`.
  // A flat-out run gives everything at the start.
  void grant(int64_t now_ns);
  [[nodiscard]] const std::vector<Client*>& granted() const { return granted_; }
  // When something will be due again; nullopt: never, or everything has been given.
  [[nodiscard]] std::optional<int64_t> next_due_ns() const;

  [[nodiscard]] bool may_send(const Client& publisher) const;
  void append_message(Client& publisher, int64_t now_ns);
  // The kernel took bytes of a publisher.
  void on_written(int64_t now_ns);
  // A publish was answered.
  void on_answer(Client& publisher, bool success, int64_t now_ns);
  void on_delivery(const Client& subscriber, const PublishView& publish, int64_t now_ns);
  // Counts a lost publisher: its messages in flight will not be answered, and it publishes no more.
  void on_lost(Client& client);

  // Nobody publishes more, whatever was allowed.
  void stop_publishing();
  [[nodiscard]] bool published_all() const;
  // Nothing more will happen, or nothing has for `quiet_s`.
  [[nodiscard]] bool finished(int64_t now_ns) const;
  // How far the run is, 0 to 1, by count or by time.
  [[nodiscard]] double done(int64_t now_ns) const;
  [[nodiscard]] bool time_is_up(int64_t now_ns) const;
  // Fills in what is known only at the end.
  void finish(int64_t now_ns);

 private:
  struct Subscription {
    std::string filter;
    uint64_t subscribers = 0;  // of a shared subscription always 1: one of them gets it
  };

  [[nodiscard]] bool is_behind() const;
  // nullopt for a payload that no run on this machine has made.
  [[nodiscard]] std::optional<Stamp> stamp_of(const PublishView& publish) const;
  void check_order(const Client& subscriber, const Stamp& stamp);
  [[nodiscard]] uint64_t due(int64_t now_ns) const;

  const Options& options_;
  Report& report_;
  const uint32_t run_;
  const uint32_t boot_ = this_boot();
  std::vector<Client*> publishers_;
  std::vector<Client*> granted_;
  std::vector<PublishTemplate> templates_;  // by publisher
  std::vector<ReadingSource> readings_;     // by publisher
  std::vector<Subscription> subscriptions_;
  std::vector<uint32_t> next_number_;  // by subscriber × publisher; empty: order is not checked
  std::optional<Pacer> pacer_;
  uint64_t granted_count_ = 0;
  uint64_t expected_ = 0;        // deliveries of what has been sent
  uint64_t written_off_ = 0;     // of them: no longer waited for before more is sent
  uint64_t deliveries_max_ = 0;  // of one message
  bool started_ = false;
  int64_t began_ns_ = 0;    // when start() was called
  int64_t started_ns_ = 0;  // when the clock started
  int64_t last_progress_ns_ = 0;
};

}  // namespace headgate::tools::bench
