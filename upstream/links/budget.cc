#include "upstream/links/budget.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/text.h"

namespace headgate::upstream {
namespace {

// Small budgets are charged in small steps, or the first lease would be all of them.
constexpr uint64_t kLeasesPerBudget = 16;

uint64_t lease_of(const BudgetLimits& limits) {
  uint64_t least = Budget::kLeaseBytes * kLeasesPerBudget;
  for (const uint64_t bytes_max : {limits.day_bytes_max, limits.month_bytes_max})
    if (bytes_max != 0) least = std::min(least, bytes_max);
  return std::max<uint64_t>(1, least / kLeasesPerBudget);
}

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(between);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

// --- PeriodAccounts

bool PeriodAccounts::turn_to(int64_t key, bool clock_right, uint64_t leased) {
  if (std::exchange(was_right_, clock_right) && !clock_right) unsure_ += leased;  // it is spent from now on
  if (known_ && (key == current_ || (!clock_right && key < current_))) {
    if (clock_right) unsure_ = 0;
    return false;
  }
  if (!clock_right) unsure_ = 0;  // its days follow each other, right or wrong
  const uint64_t before = charged();
  const auto again = charged_.find(key);
  uint64_t now = known_ ? unsure_ + leased : leased;
  if (again != charged_.end()) now = std::max(again->second + unsure_, before);
  if (known_ && key < current_) now = before + (again == charged_.end() ? 0 : again->second);
  charged_[key] = now;
  current_ = key;
  known_ = true;
  unsure_ = 0;
  while (charged_.size() > kKept)
    charged_.erase(charged_.begin()->first == key ? std::prev(charged_.end()) : charged_.begin());
  return true;
}

void PeriodAccounts::charge(uint64_t bytes, bool clock_right) {
  charged_[current_] += bytes;
  if (!clock_right) unsure_ += bytes;
}

void PeriodAccounts::give_back(uint64_t bytes) {
  uint64_t& charged = charged_[current_];
  charged -= std::min(charged, bytes);
}

uint64_t PeriodAccounts::charged() const {
  const auto found = charged_.find(current_);
  return found == charged_.end() ? 0 : found->second;
}

// current:unsure, then key:bytes of each account, with commas between.
std::string PeriodAccounts::record() const {
  if (!known_) return "";
  std::string text = std::to_string(current_) + ":" + std::to_string(unsure_);
  for (const auto& [key, bytes] : charged_)
    text.append(",").append(std::to_string(key)).append(":").append(std::to_string(bytes));
  return text;
}

bool PeriodAccounts::restore(std::string_view record) {
  *this = {};
  if (record.empty()) return true;
  PeriodAccounts read;
  for (const std::string_view part : split(record, ',')) {
    const size_t colon = part.find(':');
    const auto key = core::parse_whole<int64_t>(part.substr(0, colon));
    const auto bytes =
        colon == std::string_view::npos ? std::nullopt : core::parse_whole<uint64_t>(part.substr(colon + 1));
    if (!key || !bytes) return false;
    if (!read.known_) {
      read.known_ = true;
      read.current_ = *key;
      read.unsure_ = *bytes;
    } else {
      read.charged_[*key] = *bytes;
    }
  }
  *this = std::move(read);
  return true;
}

// --- Budget

Budget::Budget(BudgetLimits limits) : limits_(limits), lease_bytes_(lease_of(limits)) {}

void Budget::limit(BudgetLimits limits) {
  limits_ = limits;
  lease_bytes_ = lease_of(limits);
}

void Budget::turn_to(int64_t day, int64_t month, bool clock_right) {
  clock_right_ = clock_right;
  days_.turn_to(day, clock_right, leased_);
  months_.turn_to(month, clock_right, leased_);
}

void Budget::charge_lease() {
  days_.charge(lease_bytes_, clock_right_);
  months_.charge(lease_bytes_, clock_right_);
  leased_ += lease_bytes_;
}

void Budget::spend(uint64_t bytes) {
  while (leased_ < bytes) charge_lease();
  leased_ -= bytes;
}

void Budget::lease() {
  if (day_is_used_up() || month_is_used_up()) return;
  while (leased_ < limits_.reserve_bytes) charge_lease();
}

void Budget::give_back() {
  days_.give_back(leased_);
  months_.give_back(leased_);
  leased_ = 0;
}

bool Budget::restore(std::string_view record) {
  const size_t middle = record.find(';');
  leased_ = 0;
  return middle != std::string_view::npos && days_.restore(record.substr(0, middle)) &&
         months_.restore(record.substr(middle + 1));
}

}  // namespace headgate::upstream
