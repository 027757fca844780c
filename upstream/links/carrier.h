// A link upstream by its name: when it connects, how long it waits between attempts, and who publishes over it. Several
// users share its one connection. Sans-I/O: time is an argument; whoever owns it calls step() when next_deadline() has
// come, and whenever something else has happened.
//
// What holds:
// - A user learns what became of each of its publishes: an answer, or the end of the connection.
// - A connection that ends is held against a user's publishes only if no other user had any on their way. If several
//   had, they are suspects: see Suspects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "upstream/drain/backoff.h"
#include "upstream/link/link.h"
#include "upstream/links/connection/meter.h"
#include "upstream/links/connection/note_trial.h"
#include "upstream/links/connection/suspects.h"
#include "upstream/links/gate.h"
#include "upstream/options.h"

namespace headgate::upstream {

enum class CarrierState : uint8_t {
  idle,         // nobody wants it
  backing_off,  // waiting to connect again
  connecting,
  up,
};
[[nodiscard]] std::string_view state_name(CarrierState state);

// Somebody who publishes over a link that others use too.
class CarrierUser {
 public:
  virtual ~CarrierUser() = default;
  virtual void on_carrier_acked(Token token, uint8_t reason_code, core::Now now) = 0;
  // See LinkEvents.
  virtual void on_carrier_put_back(Token /*token*/, core::Now /*now*/) {}
  virtual void on_carrier_takes_again(core::Now /*now*/) {}
  // The user is not attached any more, and its unanswered publishes are forgotten.
  virtual void on_carrier_down(const LinkDown& down, core::Now now) = 0;
  // See Link::hurry(); asked right after on_carrier_down(), once.
  [[nodiscard]] virtual std::optional<int64_t> take_hurry() = 0;
};

// Whoever takes what comes down a link. Several are asked in the order in which they began to listen, until one of them
// says that it was for it.
class CarrierListener {
 public:
  virtual ~CarrierListener() = default;
  virtual void on_carrier_up(const LinkUp& up, core::Now now) = 0;
  virtual bool on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) = 0;
  virtual bool on_unsubscribed(const std::string& filter, core::Now now) = 0;
  // Leaves the message as it is where it was not for it.
  virtual bool on_message(Incoming& message, core::Now now) = 0;
};

struct CarrierStatus {
  CarrierState state = CarrierState::idle;
  int64_t since_ms = 0;     // Unix time of the last change of state
  int64_t retry_in_ms = 0;  // while backing off
  size_t in_flight = 0;     // publishes without an answer
  uint64_t connects = 0;    // times it came up
  uint64_t attempts = 0;    // to connect
  uint64_t batches = 0;     // that the broker took; so are the next two
  uint64_t payload_bytes = 0;
  uint64_t json_bytes = 0;  // the same before compression
  std::string last_error;   // empty: there was none
  int64_t last_error_ms = 0;
  bool hopeless = false;  // the last attempt failed for what only a person can change
  uint64_t busy_bytes_per_s =
      0;  // on the wire, when it last had something to send all the time; 0: not known
};

class Carrier : public LinkEvents {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  // Between looks whether what the budget charges is durable.
  static constexpr int64_t kDiskMs = 10;

  // Becomes the receiver of the link's events. `link` and `log` are borrowed. `seed` is for the jitter.
  Carrier(NamedLink named, Link& link, core::Log& log, const UpstreamOptions& options, uint64_t seed,
          GateWorld world = {});
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // Called after each event of the link.
  void after_event(std::function<void()> after_event) { after_event_ = std::move(after_event); }

  // Listeners are borrowed. A link that stays connected at no cost is connected for them also while nothing goes up over it.
  void listen(CarrierListener& listener) { listeners_.push_back(&listener); }
  void leave(const CarrierListener& listener) { std::erase(listeners_, &listener); }
  [[nodiscard]] bool has_listener() const { return !listeners_.empty(); }

  // Somebody wants it connected, or nobody does: then it is let go, and users that are attached learn that it went
  // for nothing they did.
  void want(bool wanted, core::Now now);
  void step(core::Now now);
  [[nodiscard]] int64_t next_deadline() const;
  void close();
  // Other limits of the link hold from now on. A connection is made anew, so that it shows whether they let it.
  void use(LinkTerms terms, core::Now now);
  // Somebody may have mended what was wrong: the next attempt is now.
  void retry(core::Now now);

  [[nodiscard]] const Permit& permit() const { return permit_; }
  [[nodiscard]] GateCounts counts() const { return gate_.counts(); }

  // The connection is of no use any more: the next step() makes it anew.
  void break_off(std::string reason) { broken_ = std::move(reason); }

  // Repeats what the broker said, for a user, with the window of this link.
  [[nodiscard]] LinkUp said() const;
  [[nodiscard]] bool is_up() const { return state_ == CarrierState::up && !broken_; }
  // Whether the user may be attached: it is up, and nobody is looked at alone.
  [[nodiscard]] bool admits(const CarrierUser& user) const;
  void attach(CarrierUser& user, core::Now now);
  void detach(const CarrierUser& user);
  // The window of the link has room for the user; each may have one publish on its way, whatever others have.
  [[nodiscard]] bool has_room(const CarrierUser& user) const;
  // REQUIRES: the user is attached.
  void publish(CarrierUser& user, Token token, Publication publication);
  // REQUIRES: it is up. A link of a cloud's preset tells nothing: these retain nothing, or end connections for topics
  // that their policies do not name. Nor does one whose broker has shown that it ends them.
  void announce(Note note);
  [[nodiscard]] bool has_unanswered(const CarrierUser& user) const;

  // The last attempt failed for what only a person can change.
  [[nodiscard]] bool is_hopeless() const { return counters_.hopeless; }
  // Stays connected also while nothing has to go over it.
  [[nodiscard]] bool stays_connected() const;
  // How long it has been wanted and not up; 0: it is up, or may be tried at once when somebody wants it.
  [[nodiscard]] int64_t missing_ms(core::Now now) const;
  // Mono time since when it is up; kNever while it is not.
  [[nodiscard]] int64_t up_since() const { return is_up() ? up_since_ms_ : kNever; }
  // Nobody needs it, but it was used within `idle_ms`, or is coming up: what an attempt costs is spent then.
  [[nodiscard]] bool is_worth_keeping(int64_t idle_ms, core::Now now) const;

  [[nodiscard]] const NamedLink& named() const { return named_; }
  [[nodiscard]] Link& link() { return link_; }
  [[nodiscard]] CarrierStatus status(core::Now now) const;

  void on_link_up(const LinkUp& up, core::Now now) override;
  void on_link_down(const LinkDown& down, core::Now now) override;
  void on_acked(Token token, uint8_t reason_code, core::Now now) override;
  void on_put_back(Token token, core::Now now) override;
  void on_takes_again(core::Now now) override;
  void on_subscribed(const std::string& filter, uint8_t reason_code, core::Now now) override;
  void on_unsubscribed(const std::string& filter, core::Now now) override;
  void on_message(Incoming message, core::Now now) override;

 private:
  struct Sent {
    CarrierUser* user = nullptr;
    Token token = 0;  // the user's
    size_t messages = 0;
    size_t payload_bytes = 0;
    size_t json_bytes = 0;
  };

  [[nodiscard]] int64_t state_deadline() const;
  [[nodiscard]] bool has_to_renew(core::Now now) const;
  [[nodiscard]] int64_t suspect_deadline() const;
  void count(core::Now now);
  void enter(CarrierState state, core::Now now);
  void wake(core::Now now);
  void connect(core::Now now);
  void fail(const LinkDown& down, core::Now now);
  // Takes everybody off; returns how soon somebody wants to be back.
  std::optional<int64_t> drop_users(const LinkDown& down, core::Now now);
  // The connection has ended: true if it may be for a note, which no batch is blamed for.
  bool may_be_for_a_note(core::Now now);
  void tally(const Sent& taken);

  NamedLink named_;
  Link& link_;
  core::Log& log_;
  const int64_t connect_timeout_ms_;
  const int64_t quick_ms_;
  std::mt19937_64 random_;
  Backoff backoff_;
  Gate gate_;
  NoteTrial notes_;
  core::Now now_;  // of the last step
  Meter meter_;
  std::function<void()> after_event_ = [] {};
  std::vector<CarrierListener*> listeners_;

  CarrierState state_ = CarrierState::idle;
  bool wanted_ = false;
  int64_t deadline_ms_ = 0;  // mono, of the state; of an idle link: before it no attempt is made
  int64_t up_since_ms_ = 0;
  int64_t missing_since_ms_ = kNever;
  int64_t used_at_ms_ = 0;  // mono, of the last answer
  LinkUp said_;
  Permit permit_;
  std::optional<std::string> broken_;

  std::vector<CarrierUser*> users_;
  std::map<Token, Sent> sent_;  // and not answered, by the link's token
  Token next_token_ = 1;
  Suspects suspects_;
  CarrierStatus counters_;
};

}  // namespace headgate::upstream
