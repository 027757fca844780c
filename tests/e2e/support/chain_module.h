// A module of a chain, in either version of MQTT: for each input it publishes an output, then acknowledges the
// input, without waiting for anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/codec/frame.h"
#include "broker/codec/version.h"
#include "tests/e2e/support/net.h"

namespace headgate::e2e {

class ChainModule {
 public:
  struct Options {
    std::string client_id;
    std::string input_topic;
    std::string output_topic;
    broker::Version version = broker::Version::v3_1_1;
    size_t output_bytes = 0;  // the text that inputs begin with, filled up to so many
  };

  // Publishes `again` first: outputs whose acknowledgement a connection before this did not get. The input of each may
  // have ended, so nobody else has them.
  ChainModule(uint16_t port, Options options, const std::vector<std::string>& again = {});

  // Works until `done()`, which is asked a few times a second; false if that does not come within `patience`.
  [[nodiscard]] bool work_until(const std::function<bool()>& done, std::chrono::milliseconds patience);

  // By the text that an input begins with, up to a blank.
  [[nodiscard]] const std::set<std::string>& inputs() const { return inputs_; }
  [[nodiscard]] const std::set<std::string>& outputs_acknowledged() const { return acknowledged_; }
  // Bodies of those that have no answer.
  [[nodiscard]] std::vector<std::string> outputs_unanswered() const;
  [[nodiscard]] size_t outputs_refused() const { return refused_; }

 private:
  void work_for(std::chrono::milliseconds time);
  void read_packets();
  void take(const broker::Frame& frame);
  void take_input(const broker::Frame& frame);
  // Adds the packet to `bytes`.
  void publish(std::string body, std::string& bytes);

  Options options_;
  RawSocket socket_;
  size_t read_ = 0;
  uint16_t last_id_ = 0;
  std::map<uint16_t, std::string> open_;  // outputs without an answer
  std::set<std::string> inputs_;
  std::set<std::string> acknowledged_;
  size_t refused_ = 0;
};

}  // namespace headgate::e2e
