#include "hub/admin/doctor/visit.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "hub/admin/client/sessions.h"
#include "hub/admin/edge/identities.h"
#include "hub/admin/queues.h"
#include "hub/admin/routes.h"
#include "hub/admin/status.h"
#include "hub/admin/upstream.h"
#include "hub/doctor/findings.h"

namespace headgate::hub {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kBetweenLooksMs = 1'000;

Json finding_json(const Finding& it) {
  return {{"severity", name_of(it.severity)},
          {"check", it.check},
          {"where", it.where},
          {"what", it.what},
          {"todo", it.todo}};
}

// `answers` in the order of DoctorVisits::steps().
std::string findings_text(const std::vector<std::string>& answers) {
  std::vector<Json> parsed;
  for (const std::string& answer : answers) parsed.push_back(Json::parse(answer, nullptr, false));
  std::vector<Finding> found = examine({.status = parsed[1],
                                        .queues = parsed[0],
                                        .queues_later = parsed[6],
                                        .routes = parsed[2],
                                        .clients = parsed[3],
                                        .upstream = parsed[4],
                                        .identities = parsed[5]});
  std::ranges::stable_sort(found, std::greater<>(), &Finding::severity);
  Json list = Json::array();
  for (const Finding& it : found) list.push_back(finding_json(it));
  return answer_json({{"findings", std::move(list)}}).body;
}

}  // namespace

struct DoctorVisits::Step {
  AdminReply (*look)(const AdminCall& call);
  int64_t wait_ms = 0;  // before it
};

const std::vector<DoctorVisits::Step>& DoctorVisits::steps() {
  static const std::vector<Step> kSteps = {{get_queues},
                                           {get_status},
                                           {get_routes},
                                           {get_clients},
                                           {get_upstream},
                                           {get_identities},
                                           {get_queues, kBetweenLooksMs}};
  return kSteps;
}

void DoctorVisits::ask(OnText done) {
  waiting_.push_back(std::move(done));
  if (waiting_.size() == 1) go_on();
}

void DoctorVisits::go_on() {
  if (answers_.size() == steps().size()) return finish();
  const Step& step = steps()[answers_.size()];
  const auto look = [self = shared_from_this(), &step] {
    const AdminRequest request{"GET", "/v1/doctor", {}};
    const std::map<std::string, std::string> query;
    AdminReply reply = step.look({self->hub_, self->store_, request, query, {}});
    if (auto* const answer = std::get_if<AdminResponse>(&reply)) return self->take(std::move(answer->body));
    std::get<AdminLater>(reply).start([self](AdminResponse answer) { self->take(std::move(answer.body)); });
  };
  step.wait_ms > 0 ? hub_.after(step.wait_ms, look) : hub_.later(look);
}

void DoctorVisits::take(std::string answer) {
  answers_.push_back(std::move(answer));
  go_on();
}

void DoctorVisits::finish() {
  hub_.elsewhere([answers = std::exchange(answers_, {})] { return findings_text(answers); },
                 [waiting = std::exchange(waiting_, {})](const std::string& json) {
                   for (const OnText& done : waiting) done(json);
                 });
}

AdminReply get_doctor(const AdminCall& call) {
  return AdminLater{[visits = call.doctor](auto done) {
    visits->ask([done = std::move(done)](std::string json) { done({200, std::move(json)}); });
  }};
}

}  // namespace headgate::hub
