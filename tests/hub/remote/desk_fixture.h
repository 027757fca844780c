// A hub whose documents are read elsewhere and written when the test says so.
#pragma once

#include <gmock/gmock.h>

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hub/config/route_files.h"
#include "hub/remote/desk.h"
#include "tests/hub/engine/computation/windows_fixture.h"
#include "tests/support/downstream/manual_commands.h"
#include "tests/support/remote/signer.h"

namespace headgate::hub {

class DeskTest : public Windows {
 protected:
  using Json = nlohmann::json;

  DeskTest() {
    store_.remember_commits();
    local_ = *parse_config(R"({"hub_id": "site-7", "routes": {"a": "FROM 'a' INTO $upstream"},
                               "upstream": {"remote_config": {"key_file": "key.pem", "confirm_s": 60}},
                               "links": {"lte": {"host": "l"}}})",
                           "headgate.json");
    begin();
  }

  // The hub as it comes up with what is on the disk.
  void begin() {
    reloads_ = std::make_unique<Reloads>(*engine_, clock_, log_, elsewhere());
    desk_ = std::make_unique<Desk>(parts(), *PublicKey::parse(signer_.public_pem(), "key.pem"),
                                   Addressee{"site-7", "north"}, std::vector<std::string>{"desired"});
    config_ = *desk_->restore(local_, disk_);
    ASSERT_TRUE(reloads_->look_at_start(config_, "headgate.json"));
  }
  // kill -9: what was not written is lost, and so is what was under way.
  void kill() {
    steps_.clear();
    store_.lose_uncommitted();
    executor_.drop_ready();
    routes_ = routes_on_disk();
    on_trial_ = !disk_.empty() && Record::parse(disk_)->tried.has_value();
    desk_.reset();
    reloads_.reset();
    restart();
    begin();
    commit();
  }

  std::string sign(uint64_t version, const std::string& document) const {
    return signer_.sign("site-7", version, document);
  }
  static std::string route_to(const std::string& name, const std::string& topic) {
    return R"({"routes": {")" + name + R"(": "FROM ')" + topic + R"(' INTO $upstream"}})";
  }
  void offer(const std::string& envelope, bool force = false) {
    desk_->apply(envelope, force, [this](const core::Result<std::string>& report) {
      answers_.push_back(report ? "ok" : report.error().what);
    });
  }
  // The next step of whoever works for the desk. False if there is none.
  bool step() {
    if (steps_.empty()) return false;
    const auto next = std::move(steps_.front());
    steps_.pop_front();
    next();
    return true;
  }
  void finish() {
    while (step()) {
    }
    commit();
  }
  void take(const std::string& envelope, bool force = false) {
    offer(envelope, force);
    finish();
  }
  // The broker takes the report.
  void answer() {
    (void)desk_->report_over("lte");
    desk_->on_report_taken("lte");
    finish();
  }
  void pass_s(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock_.advance_ms(1000);
      desk_->tick();
      finish();
    }
  }
  [[nodiscard]] Json report() const { return Json::parse(to_json(desk_->report())); }
  // "8 provisional"
  [[nodiscard]] std::string state() const {
    return report()["version"].dump() + " " + report()["state"].get<std::string>();
  }
  [[nodiscard]] std::vector<std::string> in_force() const {
    std::vector<std::string> texts;
    for (const auto& entry : engine_->routes().entries_in_force())
      texts.push_back(entry.name + ": " + entry.text);
    return texts;
  }
  void cut_off() { links_[0] = {.name = "lte", .refused = true}; }

  testing::Signer signer_;
  Config local_;
  Config config_;  // in force
  std::deque<std::function<void()>> steps_;
  std::string disk_;
  bool disk_refuses_ = false;
  std::vector<LinkSight> links_ = {{.name = "lte", .up = true}};
  int changes_ = 0;  // told to whoever reports
  std::vector<std::string> answers_;
  testing::ManualCommands commands_;
  std::unique_ptr<Reloads> reloads_;
  std::unique_ptr<Desk> desk_;

 private:
  Elsewhere elsewhere() {
    return [this](std::function<void()> work, std::function<void()> then) {
      steps_.push_back([this, work = std::move(work), then = std::move(then)] {
        work();
        steps_.push_front(then);
      });
    };
  }
  Desk::Parts parts() {
    return {.reloads = *reloads_,
            .engine = *engine_,
            .others = commands_,
            .clock = clock_,
            .log = log_,
            .elsewhere = elsewhere(),
            .config_path = "headgate.json",
            .use = [this](Config config) { config_ = std::move(config); },
            .write =
                [this](std::string record, Desk::Parts::Written done) {
                  steps_.push_back([this, record = std::move(record), done = std::move(done)] {
                    if (disk_refuses_) return done(core::fail(core::Errc::io, "the disk is full"));
                    disk_ = record;
                    steps_.push_front([done] { done({}); });
                  });
                },
            .links = [this] { return links_; },
            .changed = [this] { ++changes_; }};
  }
  routing::RouteFile routes_on_disk() const {
    Config config = local_;
    const auto record = disk_.empty() ? Record() : *Record::parse(disk_);
    if (record.in_force() != nullptr) {
      const auto laid = lay_over(local_, *parse_document(record.in_force()->text));
      if (laid) config = *laid;
    }
    RouteFolder folder;
    return collect_routes(config, "headgate.json", folder, {}, {});
  }
};

}  // namespace headgate::hub
