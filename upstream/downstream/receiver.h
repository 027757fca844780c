// Brings down what the upstream broker has for the hub over one link: subscribes, gives each message its name here, hands
// it to the hub, and sends the receipt for it. Sans-I/O: time is an argument; the owner calls step() after every input of
// the link and when next_deadline() has come.
//
// What holds:
// - A receipt says "stored" or "repeated" only for a command that is durable. One that is lost on its way is asked for by
//   the command that comes again.
// - Receipts that wait are bounded; one that has no room is given up, and counted.
// - No filter is subscribed to before the record of it is durable: one that is not wanted any more is known after a crash.
// - The hub's own batches and receipts are never taken for commands, whatever the filters match.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/log_limiter.h"
#include "upstream/downstream/command.h"
#include "upstream/downstream/receipt.h"
#include "upstream/downstream/status.h"
#include "upstream/downstream/subscriptions.h"
#include "upstream/downstream/topic_map.h"
#include "upstream/links/carrier.h"

namespace headgate::upstream {

class Receiver : public CarrierListener, private CarrierUser {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  static constexpr size_t kReceiptsMax = 1000;

  struct Settings {
    std::vector<DownstreamTopic> topics;
    std::string hub;
    std::string receipts_topic;
    std::vector<std::string> own_filters;  // topics that this hub publishes on upstream
  };
  // Where the record of Subscriptions is kept. What is saved may take a while until it is durable.
  struct Record {
    std::function<std::string()> saved;  // as it is durable
    std::function<void(const std::string& record)> save;
  };
  // Listens to the carrier from now on, as the last: it takes every message. `carrier`, `taker` and `log` are borrowed.
  Receiver(Carrier& carrier, Settings settings, CommandTaker& taker, Record record, core::Log& log);
  ~Receiver() override;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Called when a receipt has come to wait from outside of an event of the link.
  void on_work(std::function<void()> on_work) { on_work_ = std::move(on_work); }
  // Sends receipts as far as the link has room for them.
  void step(core::Now now);
  [[nodiscard]] int64_t next_deadline() const;
  [[nodiscard]] DownstreamStatus status() const;
  [[nodiscard]] const Carrier& carrier() const { return carrier_; }

  void on_carrier_up(const LinkUp& up, core::Now now) override;
  bool on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) override;
  bool on_unsubscribed(const std::string& filter, core::Now now) override;
  bool on_message(Incoming& message, core::Now now) override;

 private:
  void on_carrier_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_carrier_down(const LinkDown& down, core::Now now) override;
  [[nodiscard]] std::optional<int64_t> take_hurry() override { return std::nullopt; }

  void subscribe_when_recorded(core::Now now);
  [[nodiscard]] int64_t next_receipt_at() const;
  [[nodiscard]] bool is_own(std::string_view topic) const;
  void take(Incoming message, core::Now now);
  void decided(Receipt receipt, const Verdict& verdict, core::Now now);
  void count(const Receipt& receipt, core::Now now);
  void enqueue(Receipt receipt);
  void attach_or_leave(core::Now now);
  [[nodiscard]] bool may_publish(core::Now now) const { return now.mono_ms >= next_receipt_at(); }
  void publish_front();

  Carrier& carrier_;
  const Settings settings_;
  CommandTaker& taker_;
  const Record record_;
  core::Log& log_;
  const TopicMap map_;
  Subscriptions subscriptions_;
  std::optional<Subscriptions::Plan> planned_;  // its record is not durable yet
  int64_t looks_at_ms_ = 0;                     // mono: whether it is
  int64_t saves_at_ms_ = 0;                     // mono: again
  std::function<void()> on_work_ = [] {};
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);  // for decisions that come later

  bool attached_ = false;
  std::deque<Receipt> waiting_;
  std::map<Token, Receipt> sent_;  // and not answered
  Token next_token_ = 1;
  DownstreamCounts counts_;
  core::LogLimiter refused_;   // by topic
  core::LogLimiter receipts_;  // that are given up
};

}  // namespace headgate::upstream
