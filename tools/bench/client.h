// An MQTT client of the load generator: its stream, its unsent and half-received bytes, its counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/bench/options.h"
#include "tools/bench/stream.h"

namespace headgate::tools::bench {

enum class Role : uint8_t { publisher, subscriber, holder, leaver };
enum class State : uint8_t { waiting, connecting, greeting, subscribing, ready, done, lost };

[[nodiscard]] std::string_view name_of(Role role);

class Client {
 public:
  Client(Role its_role, uint32_t its_index) : role(its_role), index(its_index) {}

  // "PREFIX-pub-3". A leaver is the subscriber that will resume.
  [[nodiscard]] std::string id(const Options& options) const;

  // Writes what the kernel takes of `out`.
  [[nodiscard]] Io flush(int64_t now_ns);

  // Hands what is whole at the front of (leftover + data) to `take`, which returns how much it used; keeps
  // the rest for the next time.
  template <typename Take>
  void split(std::string_view data, Take&& take);

  [[nodiscard]] bool has_unsent() const { return !out.empty(); }
  [[nodiscard]] bool is_connected() const {
    return state == State::greeting || state == State::subscribing || state == State::ready;
  }

  const Role role;
  const uint32_t index;  // within its role
  State state = State::waiting;
  uint32_t watched = 0;    // the epoll events asked for
  int64_t opened_ns = 0;   // when its connect began
  int64_t written_ns = 0;  // when it last wrote: for keep-alive
  Stream stream;
  std::string out;  // not yet written

  // A publisher's side.
  uint64_t allowed = 0;  // how many messages it may have published by now
  uint64_t sent = 0;
  uint64_t acked = 0;       // answered, whatever the answer
  uint64_t deliveries = 0;  // expected per message
  uint32_t window = 0;      // the smaller of ours and the broker's
  uint16_t last_packet_id = 0;

 private:
  std::string leftover_;
};

template <typename Take>
void Client::split(std::string_view data, Take&& take) {
  if (leftover_.empty()) {
    leftover_.assign(data.substr(take(data)));
    return;
  }
  leftover_.append(data);
  leftover_.erase(0, take(std::string_view(leftover_)));
}

}  // namespace headgate::tools::bench
