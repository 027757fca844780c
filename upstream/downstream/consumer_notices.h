// Brings down what consumers upstream say of the streams of this hub, over one link: asks for it on each connection, so that
// what is retained comes with it, and by whole topics, as some brokers retain nothing for wildcards. Sans-I/O.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/log.h"
#include "upstream/links/carrier.h"

namespace headgate::upstream {

class ConsumerNotices : public CarrierListener {
 public:
  using Hear = std::function<void(std::string_view stream, core::Bytes notice)>;

  // Listens to the carrier from now on. `topic`: of the batches. `carrier` and `log` are borrowed.
  ConsumerNotices(Carrier& carrier, std::string topic, Hear hear, core::Log& log);
  ~ConsumerNotices() override { carrier_.leave(*this); }
  ConsumerNotices(const ConsumerNotices&) = delete;
  ConsumerNotices& operator=(const ConsumerNotices&) = delete;

  // From now on, also on this connection.
  void hear_of(const std::string& stream);

  void on_carrier_up(const LinkUp& up, core::Now now) override;
  bool on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) override;
  bool on_unsubscribed(const std::string& filter, core::Now now) override;
  bool on_message(Incoming& message, core::Now now) override;

 private:
  void subscribe(const std::string& topic);

  Carrier& carrier_;
  const std::string prefix_;      // of the topics
  std::set<std::string> topics_;  // one for each stream
  const Hear hear_;
  core::Log& log_;
};

}  // namespace headgate::upstream
