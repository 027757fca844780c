// Connection of one identity to a cloud: when it is made, what is on its way over it, how it ends. Sans-I/O and for the loop
// thread; IdentityLinks owns it, says when there is a place for it, and tells of its outcomes.
//
//   idle ──connect()──▶ connecting ──▶ up ──leave()──▶ leaving ──▶ idle
//                           └──▶ waiting ◀──┘ (failed; may connect again after its backoff)
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "upstream/drain/backoff.h"
#include "upstream/identities/sender.h"
#include "upstream/link/link.h"
#include "upstream/options.h"

namespace headgate::upstream {

// Answers to publishes, until the owner tells of them.
struct IdentityOutcomes {
  struct Answer {
    Token token = 0;
    std::optional<uint8_t> code;  // none: it is put back
  };
  std::deque<Answer> answers;
  bool takes_again = false;
};

struct IdentityCounts {
  uint64_t connects = 0;
  uint64_t rotated = 0;  // hung up for another identity's sake
};

// Common to all identities of a link; borrowed.
struct IdentityWorld {
  const NamedLink& named;
  core::Log& log;
  BackoffOptions backoff;
  int64_t connect_timeout_ms = 30000;
  std::function<std::unique_ptr<Link>(LinkOptions options)> make_link;
  std::function<void(core::Now now)> after_event;
  IdentityOutcomes outcomes = {};
  IdentityCounts counts = {};
  uint64_t turns = 0;  // that were given to those who wait
};

class IdentityLink : private LinkEvents {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // Time without anything to send after which it hangs up.
  static constexpr int64_t kIdleMs = 300'000;
  // A cloud that does not answer for so long is as one that is gone, so that others do not wait behind what it keeps.
  static constexpr int64_t kAnswerMs = 20'000;
  // A message for which so many connections in a row have ended is refused.
  static constexpr uint32_t kDropsUntilBlamed = 3;

  IdentityLink(CloudIdentity identity, IdentityWorld& world, uint64_t seed);
  ~IdentityLink() override;
  IdentityLink(const IdentityLink&) = delete;
  IdentityLink& operator=(const IdentityLink&) = delete;

  [[nodiscard]] const CloudIdentity& identity() const { return identity_; }

  // Whether a message may be published now. If not, it waits: once it may, IdentityOutcomes::takes_again is set.
  [[nodiscard]] bool takes();
  // REQUIRES: takes() has just said so.
  void publish(Token token, const Publication& publication, core::Now now);

  // Has a place among those that are connected.
  [[nodiscard]] bool has_place() const { return state_ != State::idle && state_ != State::waiting; }
  // Waits for a place, and may be given one.
  [[nodiscard]] bool wants_place(core::Now now) const;
  // Order among those that wait.
  [[nodiscard]] uint64_t turn() const { return turn_; }
  // REQUIRES: wants_place().
  void connect(std::string key, core::Now now);
  // Hangs up once what is on its way has been answered; `why` is for people.
  void leave(std::string why);
  // Is told of nothing any more; what is on its way is put back.
  void close();
  // Learns that its key, or what was wrong, may be another now: the next attempt is as soon as there is a place. `key` empty: it has none any more.
  void retry(const std::string& key, core::Now now);

  void step(core::Now now);
  [[nodiscard]] int64_t next_deadline() const;

  [[nodiscard]] bool is_up() const { return state_ == State::up; }
  [[nodiscard]] bool is_leaving() const { return state_ == State::leaving; }
  [[nodiscard]] bool waits() const { return turn_ != 0; }
  [[nodiscard]] int64_t up_since_ms() const { return up_since_ms_; }
  [[nodiscard]] int64_t used_at_ms() const { return used_at_ms_; }
  // Why its last attempt failed that only a person can mend; empty: it did not.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] uint64_t wire_bytes() const;

 private:
  enum class State : uint8_t { idle, waiting, connecting, up, leaving };

  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;

  [[nodiscard]] bool has_room() const { return is_up() && (drops_ == 0 || sent_.empty()); }
  [[nodiscard]] int64_t answer_due_ms() const {
    return sent_.empty() ? kNever : oldest_since_ms_ + kAnswerMs;
  }
  void wait_for_turn();
  void tell_of_room();
  void put_back_sent();
  void look_for_culprit(core::Now now);
  void fail(const LinkDown& down, core::Now now);
  void hang_up();

  const CloudIdentity identity_;
  IdentityWorld& world_;
  std::mt19937_64 random_;
  Backoff backoff_;
  std::unique_ptr<Link> link_;  // of this connection, or the last one
  std::string key_;             // that it is made with
  uint64_t ended_bytes_ = 0;    // on the wire, of links before it

  State state_ = State::idle;
  int64_t deadline_ms_ = 0;  // mono, as all times: of an attempt, or of the wait for the next
  int64_t up_since_ms_ = 0;
  int64_t used_at_ms_ = 0;
  std::string leaves_why_;
  std::deque<Token> sent_;  // and not answered
  int64_t oldest_since_ms_ = 0;
  uint32_t drops_ =
      0;  // connections in a row that may have ended for what was on its way; then one goes at a time
  uint64_t turn_ = 0;  // 0: nothing waits for it
  std::string refusal_;
};

}  // namespace headgate::upstream
