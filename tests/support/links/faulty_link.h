// A link upstream over a network that a test spoils: late, narrow, silent, half open or cut. It has the two directions of a
// TCP connection: packets keep their order, and what a silent network holds back arrives when it is heard again, unless
// the connection has ended by then.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/manual_clock.h"
#include "upstream/link/link.h"

namespace headgate::testing {

class FaultyLink : public upstream::Link {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // A hub that hears nothing asks whether somebody is there after one, and hangs up after one and a half.
  static constexpr int64_t kKeepAliveMs = 60000;
  static constexpr size_t kPacketBytes = 60;  // of an answer, and around a payload

  explicit FaultyLink(const ManualClock& clock) : clock_(clock) {}

  // ---- the network ----
  int64_t delay_ms = 5;     // one way
  int64_t bytes_per_s = 0;  // towards the broker; 0: as many as there are
  bool refuses = false;     // nobody listens where the broker was

  // Nothing arrives either way.
  void go_silent() { hold(true); }
  // What the hub sends arrives, and what the broker says does not.
  void go_deaf() { hold(false); }
  // The connection ends for both; what is on its way is lost.
  void cut() {
    if (is_open_) end({"cut by the test", false, 0});
  }
  // The same, in the middle of whatever is sent after so many bytes from now.
  void cut_after(size_t bytes) { bytes_left_ = bytes; }
  // The broker's side has ended, and the hub does not know.
  void open_half() {
    broker_knows_it_ = false;
    to_hub_.clear();
    if (is_up_) asks_at_ms_ = clock_.now().mono_ms + kKeepAliveMs;
  }
  void heal() {
    delay_ms = 5;
    bytes_per_s = 0;
    refuses = holds_sent_ = holds_heard_ = false;
    bytes_left_ = std::numeric_limits<size_t>::max();
  }

  // Payloads that the broker took, in their order.
  std::vector<std::string> received;
  size_t connects = 0;

  // ---- time ----
  // Lets the first thing happen whose time has come; false if there is none.
  bool deliver_one() {
    if (!is_open_) return false;
    const int64_t now_ms = clock_.now().mono_ms;
    if (hangs_up_at() <= now_ms) {
      end({"silent for too long", false, 0});
      return true;
    }
    if (asks_at_ms_ <= now_ms) {
      asks_at_ms_ = kNever;
      send(kPacketBytes, [] {});
      return true;
    }
    std::deque<Packet>* const next = earliest();
    if (next == nullptr || next->front().due_ms > now_ms) return false;
    const auto arrive = std::move(next->front().arrive);
    next->pop_front();
    arrive();
    return true;
  }
  [[nodiscard]] int64_t next_deadline() {
    if (!is_open_) return kNever;
    const std::deque<Packet>* const next = earliest();
    return std::min({next == nullptr ? kNever : next->front().due_ms, hangs_up_at(), asks_at_ms_});
  }

  // ---- upstream::Link ----
  void set_events(upstream::LinkEvents* events) override { sink_ = events; }
  void connect() override {
    EXPECT_FALSE(is_open_) << "connect() on a link that is open";
    ++connects;
    is_open_ = true;
    if (refuses) return say([this] { end({"refused by the test", false, 0}); });
    broker_knows_it_ = true;
    send(kPacketBytes, [this] {
      say([this] {
        is_up_ = true;
        sink_->on_link_up({}, clock_.now());
      });
    });
  }
  void publish(upstream::Token token, const upstream::Publication& publication) override {
    EXPECT_TRUE(is_up_) << "publish() on a link that is known to be down";
    std::string payload(publication.payload);
    send(payload.size() + kPacketBytes, [this, token, payload = std::move(payload)] {
      received.push_back(payload);
      say([this, token] { sink_->on_acked(token, 0, clock_.now()); });
    });
  }
  void announce(const upstream::Note& note) override {
    send(note.payload.size() + kPacketBytes, [] {});
  }
  void disconnect() override { close(); }
  [[nodiscard]] uint64_t wire_bytes() override { return wire_bytes_; }

 private:
  void hold(bool also_sent) {
    holds_sent_ = also_sent;
    holds_heard_ = true;
    heard_ms_ = clock_.now().mono_ms;  // pings were answered until now
  }

  struct Packet {
    int64_t due_ms = 0;
    std::function<void()> arrive;
  };

  // Towards the broker. One that has forgotten the connection answers with its end.
  void send(size_t bytes, std::function<void()> arrive) {
    wire_bytes_ += bytes;
    const bool is_cut = bytes >= bytes_left_;
    if (bytes_left_ != std::numeric_limits<size_t>::max()) bytes_left_ -= std::min(bytes, bytes_left_);
    if (is_cut) bytes_left_ = std::numeric_limits<size_t>::max();
    const int64_t takes_ms = bytes_per_s == 0 ? 0 : static_cast<int64_t>(bytes) * 1000 / bytes_per_s;
    free_at_ms_ = std::max(free_at_ms_, clock_.now().mono_ms) + takes_ms;
    push(to_broker_, free_at_ms_ + delay_ms, [this, is_cut, arrive = std::move(arrive)] {
      if (is_cut) return end({"cut by the test in the middle of a packet", false, 0});
      if (broker_knows_it_) return arrive();
      say([this] { end({"reset by the broker", false, 0}); });
    });
  }
  // Towards the hub.
  void say(std::function<void()> arrive) {
    wire_bytes_ += kPacketBytes;
    push(to_hub_, clock_.now().mono_ms + delay_ms, [this, arrive = std::move(arrive)] {
      heard_ms_ = clock_.now().mono_ms;
      arrive();
    });
  }
  static void push(std::deque<Packet>& pipe, int64_t due_ms, std::function<void()> arrive) {
    if (!pipe.empty()) due_ms = std::max(due_ms, pipe.back().due_ms);
    pipe.push_back({due_ms, std::move(arrive)});
  }
  std::deque<Packet>* earliest() {
    std::deque<Packet>* const sent = holds_sent_ || to_broker_.empty() ? nullptr : &to_broker_;
    std::deque<Packet>* const heard = holds_heard_ || to_hub_.empty() ? nullptr : &to_hub_;
    if (sent == nullptr || heard == nullptr) return sent == nullptr ? heard : sent;
    return sent->front().due_ms < heard->front().due_ms ? sent : heard;
  }
  [[nodiscard]] int64_t hangs_up_at() const {
    const bool is_silent = holds_sent_ || holds_heard_;
    return is_up_ && is_silent ? heard_ms_ + kKeepAliveMs * 3 / 2 : kNever;
  }

  void end(upstream::LinkDown down) {
    close();
    sink_->on_link_down(down, clock_.now());
  }
  void close() {
    is_open_ = is_up_ = broker_knows_it_ = false;
    asks_at_ms_ = kNever;
    free_at_ms_ = 0;
    to_broker_.clear();
    to_hub_.clear();
  }

  const ManualClock& clock_;
  upstream::LinkEvents* sink_ = nullptr;
  std::deque<Packet> to_broker_;
  std::deque<Packet> to_hub_;
  bool is_open_ = false;  // as the hub knows it, which also waits for an answer to an attempt
  bool is_up_ = false;
  bool broker_knows_it_ = false;
  bool holds_sent_ = false;
  bool holds_heard_ = false;
  int64_t free_at_ms_ = 0;  // the line towards the broker
  int64_t heard_ms_ = 0;
  int64_t asks_at_ms_ = kNever;
  size_t bytes_left_ = std::numeric_limits<size_t>::max();
  uint64_t wire_bytes_ = 0;
};

}  // namespace headgate::testing
