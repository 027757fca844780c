// Links to an upstream that exists only in the test. Events are queued and delivered when the test says so.
#pragma once

#include <gtest/gtest.h>
#include <zstd.h>

#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/batches/rows_of.h"
#include "tests/support/manual_clock.h"
#include "upstream/link/link.h"

namespace headgate::testing {

// The JSON text in a batch's zstd frame.
inline std::string decompress_batch(std::string_view payload) {
  std::string text(ZSTD_getFrameContentSize(payload.data(), payload.size()), '\0');
  const size_t bytes = ZSTD_decompress(text.data(), text.size(), payload.data(), payload.size());
  EXPECT_EQ(bytes, text.size()) << ZSTD_getErrorName(bytes);
  return text;
}

// A batch as the upstream broker received it.
struct ReceivedBatch {
  std::string topic;
  std::string id;
  nlohmann::json json;
  std::string payload;
  size_t payload_bytes = 0;
  uint32_t expiry_s = 0;
  size_t connection = 0;  // that it came over, from 1
  std::string content_type;
  std::string encoding;

  [[nodiscard]] int lane() const { return json.at("lane").get<int>(); }
  [[nodiscard]] std::vector<uint64_t> seqs() const {
    std::vector<uint64_t> seqs;
    for (const auto& row : json.at("m")) seqs.push_back(row.at("i").get<uint64_t>());
    return seqs;
  }
};

// Comes up, takes everything and acknowledges it, until told otherwise.
class RevivableLink : public upstream::Link {
 public:
  explicit RevivableLink(const ManualClock& clock) : clock_(clock) {}

  // What the broker answers to a batch.
  std::function<uint8_t(const ReceivedBatch&)> answer = [](const ReceivedBatch&) { return 0; };
  upstream::LinkUp session;

  // While dead, every attempt to connect fails; the connection that is up drops.
  void kill(upstream::LinkDown reason = {"killed by the test", false, 0}) {
    if (!std::exchange(dead_, true) && alive_) drop(reason);
    reason_ = reason;
  }
  void revive() { dead_ = false; }

  // The connection ends now: what was under way either way is lost.
  void drop(upstream::LinkDown reason = {"dropped by the test", false, 0}) {
    alive_ = false;
    events_.clear();
    push_down(reason);
  }

  // The link dies when it has done `steps` more things (connect, publish, acknowledge), once.
  void die_after(size_t steps) { steps_left_ = steps; }
  [[nodiscard]] bool has_died() const { return died_; }

  // What the link says of its bytes on the wire.
  uint64_t wire = 0;
  [[nodiscard]] uint64_t wire_bytes() override { return wire; }

  // Answers go to whoever holds them, to be given when the test says so.
  void hold_answers(std::function<void(std::function<void()> answer)> hold) { hold_ = std::move(hold); }

  // Delivers the oldest queued event; false if there is none.
  bool deliver_one() {
    if (events_.empty()) return false;
    auto event = std::move(events_.front());
    events_.pop_front();
    event();
    return true;
  }

  void set_events(upstream::LinkEvents* events) override { sink_ = events; }

  void connect() override {
    EXPECT_FALSE(up_ || alive_) << "connect() on a connected link";
    ++connects;
    if (dead_ || dies_now()) return push_down(reason_);
    alive_ = true;
    events_.push_back([this] {
      up_ = true;
      sink_->on_link_up(session, clock_.now());
    });
  }

  void publish(upstream::Token token, const upstream::Publication& publication) override {
    EXPECT_TRUE(up_) << "publish() on a link that is known to be down";
    most_unacked = std::max(most_unacked, ++unacked_);
    if (alive_ && dies_now()) drop();
    if (!alive_) return;  // into the void, until the loss is noticed
    received.push_back({std::string(publication.topic), std::string(publication.id),
                        nlohmann::json::parse(batch_text(publication.payload)),
                        std::string(publication.payload), publication.payload.size(), publication.expiry_s,
                        connects, std::string(publication.content_type), std::string(publication.encoding)});
    EXPECT_EQ(received.back().json.at("m").size(), publication.messages);
    const uint8_t code = answer(received.back());
    if (alive_) reply(token, code);  // the answer may have been to drop the link
  }

  void announce(const upstream::Note& note) override {
    EXPECT_TRUE(up_) << "announce() on a link that is known to be down";
    if (alive_) announced[std::string(note.topic).append("/").append(note.level)] = note.payload;
    if (alive_ && dies_of_notes) drop();
  }

  void disconnect() override {
    up_ = alive_ = false;
    unacked_ = 0;
    events_.clear();
    ++disconnects;
  }

  std::vector<ReceivedBatch> received;
  std::map<std::string, std::string> announced;  // retained, by topic
  bool dies_of_notes = false;                    // the broker ends connections for them
  size_t connects = 0;
  size_t disconnects = 0;
  size_t most_unacked = 0;

 protected:
  virtual void reply(upstream::Token token, uint8_t code) {
    auto give = [this, token, code] {
      if (dies_now()) return drop();
      --unacked_;
      sink_->on_acked(token, code, clock_.now());
    };
    if (hold_) return hold_(std::move(give));
    events_.emplace_back(std::move(give));
  }

  [[nodiscard]] bool dies_now() {
    if (steps_left_ == SIZE_MAX || steps_left_-- != 0) return false;
    steps_left_ = SIZE_MAX;
    return died_ = true;
  }

 private:
  void push_down(upstream::LinkDown reason) {
    events_.push_back([this, reason = std::move(reason)] {
      up_ = false;
      unacked_ = 0;
      sink_->on_link_down(reason, clock_.now());
    });
  }

  const ManualClock& clock_;
  upstream::LinkEvents* sink_ = nullptr;
  upstream::LinkDown reason_{"refused by the test", false, 0};
  std::deque<std::function<void()>> events_;
  bool up_ = false;     // as the link's owner knows it
  bool alive_ = false;  // as it is
  bool dead_ = false;
  bool died_ = false;
  size_t unacked_ = 0;
  size_t steps_left_ = SIZE_MAX;
  std::function<void(std::function<void()>)> hold_;
};

// Takes everything and never answers, as a broker that hangs.
class StalledLink : public RevivableLink {
 public:
  using RevivableLink::RevivableLink;

 protected:
  void reply(upstream::Token, uint8_t) override {}
};

// Loses one answer on its way, and gives all others.
class ForgetfulLink : public RevivableLink {
 public:
  using RevivableLink::RevivableLink;
  void forget_answer(size_t nth) { until_forgotten_ = nth; }

 protected:
  void reply(upstream::Token token, uint8_t code) override {
    if (until_forgotten_ > 0 && --until_forgotten_ == 0) return;
    RevivableLink::reply(token, code);
  }

 private:
  size_t until_forgotten_ = 0;
};

// Never comes up.
class FailingLink : public RevivableLink {
 public:
  explicit FailingLink(const ManualClock& clock, upstream::LinkDown reason) : RevivableLink(clock) {
    kill(std::move(reason));
  }
};

}  // namespace headgate::testing
