// Takes commands, and decides on them when the test says so.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "upstream/downstream/command.h"

namespace headgate::testing {

class ManualCommands : public upstream::CommandTaker {
 public:
  void take(upstream::Command command, core::Now, Decided decided) override {
    taken.push_back(std::move(command));
    waiting_.push_back(std::move(decided));
  }
  // The oldest that waits.
  void decide(const upstream::Verdict& verdict, core::Now now) {
    const Decided decided = std::move(waiting_.front());
    waiting_.pop_front();
    decided(verdict, now);
  }
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

  std::vector<upstream::Command> taken;

 private:
  std::deque<Decided> waiting_;
};

}  // namespace headgate::testing
