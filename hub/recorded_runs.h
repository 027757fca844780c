// Routes that are run over the messages that were recorded, beside those in force: gathered on the loop some at a time, run on
// the worker that compiles routes. One run at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/executor.h"
#include "hub/admin/hub_view.h"
#include "hub/engine/engine.h"
#include "hub/reloads.h"

namespace headgate::hub {

class RecordedRuns {
 public:
  // `engine` and `executor` are borrowed and must outlive this. `on_compiler`: does work on that worker.
  struct Parts {
    const Engine& engine;
    core::Executor& executor;
    Elsewhere on_compiler;
    std::function<bool(const std::string& user, std::string_view topic)> may_receive;
  };
  explicit RecordedRuns(Parts parts) : parts_(std::move(parts)) {}

  // Settings of the configuration that hold for routes without their own.
  struct Defaults {
    std::string routes_dir;
    uint32_t time_to_live_s = 0;
  };
  // See HubView::replay().
  void run(RecordedRun request, Defaults defaults, HubView::OnReplayed done);
  // See HubView::test_routes().
  void test(RouteTrial request, Defaults defaults, HubView::OnTried done);

 private:
  struct Gathered;
  struct Run;
  struct Test;

  // Takes the turn. Error: unavailable, if another run has it, or if nothing is recorded and that is `needed`.
  core::Status begin(bool needed);
  [[nodiscard]] std::shared_ptr<Gathered> gathered(int64_t since_ms, std::string user) const;
  void gather(const std::shared_ptr<Gathered>& into, std::function<void()> then);
  void compare(const std::shared_ptr<Run>& run, HubView::OnReplayed done);
  void try_out(const std::shared_ptr<Test>& test, HubView::OnTried done);

  Parts parts_;
  bool runs_ = false;
};

}  // namespace headgate::hub
