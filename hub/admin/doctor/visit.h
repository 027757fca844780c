// GET /v1/doctor: the hub's findings about itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hub/admin/call.h"

namespace headgate::hub {

// Looks at the hub as a caller of the API would, twice at its queues with a second between: what grows meanwhile, and whether anybody
// takes of it, is not seen at once. All who ask during a visit get its findings. Loop thread only; `hub` and `store` are borrowed.
class DoctorVisits : public std::enable_shared_from_this<DoctorVisits> {
 public:
  using OnText = std::function<void(std::string json)>;

  DoctorVisits(HubView& hub, store::QueueStore& store) : hub_(hub), store_(store) {}

  // `done` is called with {"findings": [{"severity", "check", "where", "what", "todo"}…]}, the worst first.
  void ask(OnText done);

 private:
  struct Step;

  [[nodiscard]] static const std::vector<Step>& steps();
  void go_on();
  void take(std::string answer);
  void finish();

  HubView& hub_;
  store::QueueStore& store_;
  std::vector<OnText> waiting_;
  std::vector<std::string> answers_;  // of the steps that are done
};

[[nodiscard]] AdminReply get_doctor(const AdminCall& call);

}  // namespace headgate::hub
