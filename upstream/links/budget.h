// Bytes that may pass over a link in a day and in a month. Pure: the day is an argument, what has to be remembered is a
// text that somebody keeps.
//
// What holds:
// - Bytes are charged in leases, before they pass: the record is to be durable before what it allows is sent. A process that
//   is killed has charged more than it sent, never less.
// - A period has its account, and a clock that steps does not empty one: the account of a day that comes again goes on, with
//   what was charged in between. A clock that is not known to be right takes no day back, as one without a battery would
//   at each start; what was charged by it is charged to the first day that is known, too.
// - The last batch of a period may exceed the limit by its own size: to stop before it, the size of a batch that is not made
//   yet would have to be known.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace headgate::upstream {

struct BudgetLimits {
  uint64_t day_bytes_max = 0;  // 0: no limit; so is the next
  uint64_t month_bytes_max = 0;
  // Room that a publish may need: so much is leased before each.
  uint64_t reserve_bytes = 65536;
};

// Accounts of days or of months.
class PeriodAccounts {
 public:
  // Days that a clock may have been at, and that are remembered.
  static constexpr size_t kKept = 4;

  // Goes to the period `key`. `leased`: bytes that were charged and have not passed. True if it is another one.
  bool turn_to(int64_t key, bool clock_right, uint64_t leased);
  void charge(uint64_t bytes, bool clock_right);
  void give_back(uint64_t bytes);
  [[nodiscard]] uint64_t charged() const;

  [[nodiscard]] std::string record() const;
  // False, and no accounts, if it is no record.
  bool restore(std::string_view record);

 private:
  bool known_ = false;
  bool was_right_ = true;  // the clock, at the last turn
  int64_t current_ = 0;
  uint64_t unsure_ = 0;  // charged while the clock was not known to be right
  std::map<int64_t, uint64_t> charged_;
};

class Budget {
 public:
  static constexpr uint64_t kLeaseBytes = 65536;

  explicit Budget(BudgetLimits limits);
  // Others hold from now on; the accounts go on.
  void limit(BudgetLimits limits);

  [[nodiscard]] bool limits_anything() const {
    return limits_.day_bytes_max != 0 || limits_.month_bytes_max != 0;
  }

  void turn_to(int64_t day, int64_t month, bool clock_right);
  // Bytes have passed, or are about to.
  void spend(uint64_t bytes);
  // Charges what the next publish may need, if the periods have any left.
  void lease();
  // The next publish is charged, so it may go once the record is durable.
  [[nodiscard]] bool covers_next() const { return leased_ >= limits_.reserve_bytes; }
  // A clean end: what was charged and has not passed is not charged any more.
  void give_back();

  [[nodiscard]] bool day_is_used_up() const { return is_used_up(days_, limits_.day_bytes_max); }
  [[nodiscard]] bool month_is_used_up() const { return is_used_up(months_, limits_.month_bytes_max); }
  // Without what is leased ahead.
  [[nodiscard]] uint64_t day_bytes() const { return days_.charged() - leased_; }
  [[nodiscard]] uint64_t month_bytes() const { return months_.charged() - leased_; }

  [[nodiscard]] std::string record() const { return days_.record() + ";" + months_.record(); }
  bool restore(std::string_view record);

 private:
  [[nodiscard]] static bool is_used_up(const PeriodAccounts& accounts, uint64_t bytes_max) {
    return bytes_max != 0 && accounts.charged() >= bytes_max;
  }
  void charge_lease();

  BudgetLimits limits_;
  uint64_t lease_bytes_;
  bool clock_right_ = true;
  uint64_t leased_ = 0;  // charged and not passed
  PeriodAccounts days_;
  PeriodAccounts months_;
};

}  // namespace headgate::upstream
