// A computation that is fed with messages and restarted from its stored state.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/compute/computation.h"
#include "routing/evaluation/message_fields.h"
#include "tests/routing/compute/support/plans.h"

namespace headgate::routing {

struct Input {
  int64_t at_ms = 0;  // arrival
  std::string body;   // JSON
  std::string source = "device";
  std::string id = "id";
  uint8_t hops = 0;
};

// Its results as text: `12:00:00 +60s r1 {"n":3}`, with `partial` if a window is not complete and
// `withdrawn` if HAVING took it back.
class Course {
 public:
  explicit Course(std::shared_ptr<const ComputePlan> plan) : plan_(std::move(plan)), computation_(plan_) {}
  explicit Course(const Plan& plan) : Course(plan.shared()) {}
  explicit Course(std::string_view text) : Course(Plan(text)) {}

  // Lets everything happen that is due before the message, then takes it. Gives what take() said.
  Truth send(const Input& input);
  Truth send(int64_t at_ms, std::string body) { return send(Input{at_ms, std::move(body)}); }
  // As a tick does.
  void advance(int64_t now_ms, size_t results_max = 256);

  // A single step of it. True: there is more to do.
  bool advance_once(int64_t now_ms, size_t results_max);

  // Gives what is open, as a route that ends does; in steps of so many results at most.
  void close(size_t results_max = 256);
  // A single step of it. True: there is more to do.
  bool close_once(size_t results_max);

  // All results since the last call.
  [[nodiscard]] std::vector<std::string> results();
  [[nodiscard]] uint8_t hops_of_last() const { return hops_; }
  [[nodiscard]] bool dead_letter() const { return dead_letter_; }

  // Stores what changed, as a commit does.
  void save();
  // Begins anew with what is stored, read back in an order that `seed` gives.
  void restart(uint32_t seed = 0);

  [[nodiscard]] Computation& computation() { return computation_; }
  [[nodiscard]] const std::map<std::string, std::string>& stored() const { return stored_; }
  [[nodiscard]] size_t puts() const { return puts_; }

 private:
  void note(const Computation::Results& results);

  std::shared_ptr<const ComputePlan> plan_;
  Computation computation_;
  MessageFields fields_;
  std::map<std::string, std::string> stored_;
  std::vector<std::string> results_;
  bool dead_letter_ = false;
  uint8_t hops_ = 0;
  size_t puts_ = 0;
};

}  // namespace headgate::routing
