// Rows of one part of the hub as the readers of a live stream have them: what is new, what is another, what has gone. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headgate::hub {

// `Mark` is a value that is another whenever a row is, and cheaper than the row.
template <typename Mark>
class LiveRows {
 public:
  struct Row {
    std::string text;  // JSON
    Mark mark;
    uint64_t looked = 0;   // round in which it was there the last time
    uint64_t changed = 0;  // round in which it became what it is
  };

  // A round begins. Every row that is there is looked at until end(), or none is and there is no end().
  void begin() {
    ++round_;
    gone_.clear();
  }
  // Where the row's text is to be put, as it is new or another; null: it is as it was.
  [[nodiscard]] std::string* look(const std::string& key, const Mark& mark) {
    const auto [at, is_new] = rows_.try_emplace(key);
    Row& row = at->second;
    row.looked = round_;
    if (!is_new && row.mark == mark) return nullptr;
    row.mark = mark;
    row.changed = round_;
    return &row.text;
  }
  // Ends the round: rows that were not looked at have gone.
  void end() {
    for (auto at = rows_.begin(); at != rows_.end();) {
      if (at->second.looked == round_) {
        ++at;
        continue;
      }
      gone_.push_back(at->first);
      at = rows_.erase(at);
    }
  }
  void forget() { *this = LiveRows(); }

  // Rows that became what they are in this round, or all, in the order of their keys.
  template <typename Visit>
  void for_each(bool all, const Visit& visit) const {
    for (const auto& [key, row] : rows_)
      if (all || row.changed == round_) visit(row);
  }
  // Keys of rows that have gone in this round.
  [[nodiscard]] const std::vector<std::string>& gone() const { return gone_; }
  [[nodiscard]] bool has_from(const std::string& key_begin) const {
    const auto at = rows_.lower_bound(key_begin);
    return at != rows_.end() && at->first.starts_with(key_begin);
  }

 private:
  std::map<std::string, Row> rows_;
  std::vector<std::string> gone_;
  uint64_t round_ = 0;
};

}  // namespace headgate::hub
