// Passwords that wait to be checked: one at a time, in turn by address, and ever more slowly where they are
// wrong. Logic only: the checking is somebody else's (PasswordHasher).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/clock.h"

namespace headgate::hub {

// The seam to the thread that does the work. Real: HasherThread; in tests: ManualHasher.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  // Whether the password fits the hash. `done` is called later, on the loop thread.
  virtual void verify(std::string hash, std::string password, std::function<void(bool fits)> done) = 0;
};

struct PasswordQueueLimits {
  size_t waiting_max = 256;             // in all: five seconds' work
  size_t waiting_per_address = 64;      // of an address that has not failed lately
  size_t waiting_per_offender = 4;      // of one that has
  uint32_t failures_free = 3;           // without a delay
  int64_t delay_ms_max = 8000;          // less than limits.connect_timeout_s, or nobody got an answer
  int64_t forgotten_after_ms = 60'000;  // since an address failed last
};

class PasswordQueue {
 public:
  struct Check {
    std::weak_ptr<const void> wanted;  // gone: nobody waits for the answer, it is not worked out
    std::string address;
    std::string hash;
    std::string password;
    bool can_fit = true;  // false: the user does not exist, the hash is a decoy
    std::function<void(bool fits, core::Now now)> done;
  };

  // Borrows both.
  PasswordQueue(PasswordHasher& hasher, const core::Clock& clock, const PasswordQueueLimits& limits = {})
      : hasher_(hasher), clock_(clock), limits_(limits) {}
  PasswordQueue(const PasswordQueue&) = delete;
  PasswordQueue& operator=(const PasswordQueue&) = delete;

  // False if too much waits already: the client should come back later.
  [[nodiscard]] bool add(Check check, core::Now now);
  // Call about once a second: what had to wait is taken up, addresses that behave are forgotten.
  void tick(core::Now now);

  [[nodiscard]] size_t waiting() const { return waiting_; }
  [[nodiscard]] size_t addresses() const { return addresses_.size(); }

 private:
  struct Address {
    std::deque<Check> waiting;
    uint32_t failures = 0;
    int64_t failed_ms = 0;      // monotonic, the last time
    int64_t not_before_ms = 0;  // monotonic: the next check
  };
  using Addresses = std::map<std::string, Address>;

  void start(core::Now now);
  void drop_unwanted(Address& address);
  [[nodiscard]] Addresses::iterator next_in_turn(core::Now now);
  void on_done(const std::string& address, bool fits, core::Now now);
  void count_failure(Address& address, core::Now now) const;

  PasswordHasher& hasher_;
  const core::Clock& clock_;
  PasswordQueueLimits limits_;
  Addresses addresses_;
  std::string last_;  // the address whose turn it was
  size_t waiting_ = 0;
  bool busy_ = false;
  std::function<void(bool, core::Now)> running_done_;
  std::weak_ptr<const void> running_wanted_;
  bool running_can_fit_ = false;
};

}  // namespace headgate::hub
